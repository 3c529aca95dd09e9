"""Nervous hands, other languages, no camera, no server: the kiosk keeps its head and forgets its visitors."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.flows import house, kiosk, reception, staff
from tests.flows.reception import Reception
from tests.real.programs import answers, wait_until
from visitor.core.actors import SYSTEM
from visitor.people import queries as people

pytestmark = pytest.mark.real

WATCH_BLOBS = """
globalThis.blobsMade = [];
const make = URL.createObjectURL.bind(URL);
URL.createObjectURL = (thing) => { const url = make(thing); globalThis.blobsMade.push(url); return url; };
"""
STORED = """async () => {
    const shelves = {};
    for (const { name } of await indexedDB.databases()) {
        const opening = indexedDB.open(name);
        const database = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
        for (const shelf of database.objectStoreNames) {
            const all = database.transaction(shelf).objectStore(shelf).getAll();
            shelves[shelf] = await new Promise((done) => { all.onsuccess = () => done(all.result); });
        }
    }
    const kept = [];
    for (const name of await caches.keys()) {
        const shelf = await caches.open(name);
        for (const request of await shelf.keys()) {
            kept.push({ url: request.url, text: await (await shelf.match(request)).text() });
        }
    }
    const alive = [];
    for (const url of globalThis.blobsMade) if (await fetch(url).then(() => true, () => false)) alive.push(url);
    return { shelves, kept, alive, made: blobsMade.length, page: document.documentElement.outerHTML,
        web: JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie };
}"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with reception.face_browser(tmp_path_factory.mktemp("film")) as launched:
        yield launched


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Reception]:
    with reception.at_work(tmp_path_factory.mktemp("reception"), chromium) as made:
        yield made


@pytest.fixture(scope="module")
def paired(at_work: Reception) -> Page:
    page = at_work.kiosk(at_work.codes.pop())
    page.add_init_script(WATCH_BLOBS)
    return page


@pytest.fixture
def page(paired: Page, at_work: Reception) -> Page:
    """The kiosk, freshly loaded: nobody has touched it."""
    paired.goto(f"{at_work.home.address}/kiosk/")
    kiosk.at(paired, "welcome")
    return paired


def answer(page: Page, field: str) -> str:
    """What the last screen says of one answer."""
    return page.locator(f"[data-answer={field}] .answer-value").inner_text()


def shows_photo(page: Page, picture: str) -> None:
    page.wait_for_function(
        "which => { const image = document.querySelector(which); return image?.complete && image.naturalWidth > 100; }",
        arg=picture,
    )


def speak(page: Page, language: str) -> None:
    """Change the language on any screen."""
    kiosk.press(page, "languages")
    page.locator(f"dialog [data-language={language}]").click()
    expect(page.locator(f"html[lang={language}]")).to_be_attached()


def test_another_language_half_way_and_the_way_back_lose_nothing(page: Page) -> None:
    typed = {"name": "Zoë Quillfeather", "company": "Brackwater", "email": "zoe@brackwater.example"}
    kiosk.begin(page)
    page.locator("input[name=name]").fill(typed["name"])
    speak(page, "nl")
    expect(page.get_by_role("heading", level=1)).to_have_text("Wie bent u?")
    expect(page.locator("input[name=name]")).to_have_value(typed["name"])
    kiosk.tell(page, company=typed["company"], email=typed["email"])
    page.locator("input[role=combobox]").fill("Sa")
    speak(page, "de")
    expect(page.locator("input[role=combobox]")).to_have_value("Sa")
    kiosk.choose_host(page, "Sanne de Boer")
    kiosk.press(page, "continue")
    kiosk.take_photo(page)
    kiosk.at(page, "check")
    speak(page, "fr")
    assert {field: answer(page, field) for field in typed} == typed
    assert answer(page, "host") == "Sanne de Boer"
    shows_photo(page, "[data-answer=photo] img")
    for screen in ("photo", "notice", "host", "details", "visit-type"):
        kiosk.press(page, "back")
        kiosk.at(page, screen)
    page.locator("[data-action=visit-type][aria-current=true]").click()
    for field, text in typed.items():
        expect(page.locator(f"input[name={field}]")).to_have_value(text)
    for screen in ("host", "notice", "photo"):
        kiosk.press(page, "continue")
        kiosk.at(page, screen)
    shows_photo(page, ".camera-result")
    kiosk.press(page, "use-photo")
    kiosk.submit(page)
    assert len(kiosk.badge_number(page)) == 6


def test_without_a_camera_visitors_sign_in_and_out_all_the_same(at_work: Reception) -> None:
    with reception.without_camera(at_work.chromium) as blind:
        page = at_work.kiosk(at_work.codes.pop(), chromium=blind)
        kiosk.begin(page)
        kiosk.tell(page, name="Cam Eraless")
        kiosk.choose_host(page, "Sanne")
        kiosk.press(page, "continue")
        expect(page.locator("[data-camera=missing]")).to_be_attached()
        expect(page.get_by_role("alert")).to_contain_text("The camera does not answer.")
        kiosk.press(page, "without-photo")
        kiosk.submit(page)
        number = kiosk.badge_number(page)
        kiosk.press(page, "finish")
        kiosk.sign_out_by_number(page, "ABC234")
        expect(page.get_by_role("alert")).to_contain_text("We do not know this badge.")
        kiosk.press(page, "back")
        kiosk.sign_out_by_number(page, number.lower())
        kiosk.at(page, "goodbye")
        expect(page.locator("body")).not_to_contain_text("Eraless")


def test_host_who_opted_out_never_appears(page: Page) -> None:
    kiosk.begin(page)
    kiosk.tell(page, name="Ann Seeker")
    field = page.locator("input[role=combobox]")
    field.fill("San")
    expect(page.locator("[role=option]")).to_have_text(["Sanne de Boer"])
    field.fill("Verborgen")
    expect(page.locator("#help-host")).to_contain_text("Nobody found")
    expect(page.locator("[role=option]")).to_have_count(0)


def test_quiet_is_warned_of_and_then_everything_typed_is_wiped(at_work: Reception) -> None:
    page = at_work.device().new_page()
    page.clock.install()
    kiosk.pair(page, at_work.home.address, at_work.codes.pop())
    kiosk.begin(page, "Gast", "nl")
    page.locator("input[name=name]").fill("Idle Hands")
    warning = page.locator("dialog[data-dialog=idle]")
    page.clock.fast_forward(58_000)
    expect(warning).to_have_count(0)
    page.clock.fast_forward(5_000)
    expect(warning).to_be_visible()
    expect(page.locator("[data-action=more-time]")).to_be_focused()
    seconds = re.search(r"\d+", page.locator("[data-countdown]").inner_text())
    assert seconds is not None
    assert 10 <= int(seconds[0]) <= 20
    kiosk.press(page, "more-time")
    expect(warning).to_have_count(0)
    expect(page.locator("input[name=name]")).to_have_value("Idle Hands")
    page.clock.fast_forward(62_000)
    expect(warning).to_be_visible()
    page.clock.fast_forward(21_000)
    kiosk.at(page, "welcome")
    expect(page.locator("html[lang=en]")).to_be_attached()
    kiosk.begin(page)
    expect(page.locator("input[name=name]")).to_have_value("")
    assert "Idle Hands" not in page.content()


def test_nothing_of_the_visitor_stays_on_the_device(page: Page) -> None:
    kiosk.sign_in(page, name="Leave No-Trace", company="Vanishing Ltd", email="gone@vanish.example", host="Sanne")
    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")
    left = page.evaluate(STORED)
    assert left["shelves"]["journal"] == []
    assert left["made"] >= 2, "photo and badge were shown from blobs"
    assert left["alive"] == []
    assert left["web"] == "{}"
    assert not [each["url"] for each in left["kept"] if "/kiosk/api/" in each["url"] or "No-Trace" in each["text"]]
    for place in (left["page"], json.dumps(left["shelves"]["settings"])):
        assert "No-Trace" not in place
        assert "vanish" not in place.lower()
    page.go_back()
    page.go_forward()
    assert "No-Trace" not in page.content()


def test_help_reaches_the_desk_at_once(page: Page, at_work: Reception) -> None:
    desk = staff.desk_of(at_work.chromium, at_work.home, "reception")
    expect(desk.locator("[data-live-state=live]")).to_be_attached()
    desk.evaluate("globalThis.sameDocument = true")
    kiosk.begin(page)
    page.locator("input[name=name]").fill("Not To Be Lost")
    kiosk.press(page, "help")
    expect(page.locator("[data-help=told]")).to_be_visible()
    expect(desk.get_by_role("alert")).to_contain_text("Somebody at a kiosk needs help")
    assert desk.evaluate("globalThis.sameDocument")
    kiosk.press(page, "close")
    expect(page.locator("input[name=name]")).to_have_value("Not To Be Lost")
    desk.get_by_role("button", name="I am on my way").click()
    expect(desk.locator("main")).not_to_contain_text("needs help")
    desk.context.close()


def test_double_taps_sign_in_once_and_skip_no_screen(page: Page, at_work: Reception) -> None:
    tap_twice(page, "[data-action=sign-in]")
    kiosk.at(page, "language")
    tap_twice(page, ".screen [data-language=en]")
    kiosk.at(page, "visit-type")
    page.locator("[data-action=visit-type]", has_text="Guest").dblclick()
    kiosk.at(page, "details")
    page.locator("input[name=name]").fill("Dora Doubletap")
    page.locator("[data-action=continue]").dblclick()
    kiosk.at(page, "host")
    page.locator("[data-action=host-unlisted]").dblclick()
    kiosk.at(page, "notice")
    page.locator("[data-action=continue]").dblclick()
    kiosk.at(page, "photo")
    page.locator("[data-action=without-photo]").dblclick()
    kiosk.at(page, "check")
    page.locator("[data-action=submit]").dblclick()
    kiosk.badge_number(page)
    desk = staff.desk_of(at_work.chromium, at_work.home, "reception")
    expect(desk.locator(".visit-row", has_text="Doubletap")).to_have_count(1)
    desk.context.close()


def tap_twice(page: Page, where: str) -> None:
    """Touch the same place twice, as fast as a finger cannot."""
    box = page.locator(where).bounding_box()
    assert box is not None
    for _ in range(2):
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


@pytest.mark.parametrize(("site", "mode"), [("NL number", "seen"), ("US number", "last4"), ("US none", "none")])
def test_id_is_asked_for_only_where_and_as_the_country_allows(at_work: Reception, site: str, mode: str) -> None:
    page = at_work.kiosk(at_work.sites[site])
    for visit_type in ("Guest", "Contractor"):
        kiosk.begin(page, visit_type)
        kiosk.tell(page, name="Ida Shownot")
        kiosk.choose_host(page, "Sanne")
        kiosk.press(page, "continue")
        if visit_type == "Contractor" and mode != "none":
            kiosk.at(page, "id-document")
            answer_id(page, mode)
        kiosk.at(page, "photo")
        kiosk.press(page, "without-photo")
        kiosk.submit(page)
        kiosk.badge_number(page)
        shown = page.locator("[data-done=id]")
        expect(shown).to_have_count(int(visit_type == "Contractor" and mode != "none"))
        kiosk.press(page, "finish")
        kiosk.at(page, "welcome")
    page.context.close()


def answer_id(page: Page, mode: str) -> None:
    fields = page.locator("[data-screen=id-document] input, [data-screen=id-document] select")
    if mode == "seen":
        expect(fields).to_have_count(0)
        expect(page.locator(".lead")).to_contain_text("nothing is copied")
    else:
        expect(fields).to_have_count(1)
        fields.fill("12")
        kiosk.press(page, "continue")
        expect(page.locator("#fault-last4")).to_contain_text("exactly four")
        fields.fill("X9Z4")
    kiosk.press(page, "continue")


NAMES = {
    "Arabic": ("محمد بن سلمان العتيبي", "محمد بن سلمان العتيبي"),
    "Thai": ("สมชาย รุ่งเรืองวัฒนกุล", "สมชาย รุ่งเรืองวัฒนกุล"),
    "Han": ("欧阳修齐", "欧阳修齐"),
    "Devanagari": ("ऋतुपर्णा क्षेत्री", "ऋतुपर्णा क्षेत्री"),
    "emoji": ("Ada 👩🏽‍🚀 Star", "Ada 👩🏽‍🚀 Star"),
    "override": ("Evil \u202egnihsihp\u202c \u2066Name\u2069", "Evil gnihsihp Name"),
}


def test_names_in_any_script_reach_desk_and_badge(page: Page, at_work: Reception) -> None:
    desk = staff.desk_of(at_work.chromium, at_work.home, "reception")
    for typed, shown in NAMES.values():
        number = kiosk.sign_in_without_photo(page, typed)
        shows_photo(page, ".done-badge img")
        assert page.locator("[data-done=name]").inner_text() == shown
        kiosk.press(page, "finish")
        desk.goto(f"{at_work.home.address}/desk/?q={number}")
        row = desk.locator(".visit-row:not([hidden])")
        expect(row.locator(".visit-name")).to_have_text(shown)
        row.locator(".visit-name").click()
        expect(desk.get_by_role("heading", level=1)).to_have_text(shown)
        shows_photo(desk, ".badge-card img")
    desk.context.close()


def test_answer_that_was_lost_and_server_that_was_down_make_each_visit_once(tmp_path: Path, chromium: Browser) -> None:
    with reception.at_work(tmp_path, chromium, served=False) as at_work:
        with house.serving(at_work.home) as server:
            page = at_work.kiosk(at_work.home.pairing_code)

            def done_but_not_heard(route: Route) -> None:
                route.fetch()
                os.kill(server, signal.SIGKILL)
                route.abort()

            page.route("**/kiosk/api/sign-ins", done_but_not_heard, times=1)
            arrive_unheard(page, "Una Unheard")
        wait_until(lambda: not answers(at_work.port), "the end of the server")
        page.evaluate("globalThis.sameDocument = true")
        arrive_unheard(page, "Dana Downtime")
        assert signed_in(at_work) == [1, 0]
        with house.serving(at_work.home):
            page.evaluate("dispatchEvent(new Event('online'))")
            wait_until(lambda: page.evaluate(JOURNAL_SIZE) == 0, "the journal")
            assert page.evaluate("globalThis.sameDocument")
        wait_until(lambda: not answers(at_work.port), "the end of the server")
        assert signed_in(at_work) == [1, 1]
        page.context.close()


def signed_in(at_work: Reception) -> list[int]:
    """How many visits each of the two has; read while nobody serves."""
    with house.opened(at_work.home.config) as runtime, runtime.transaction(SYSTEM) as work:
        return [len(people.search(work, [at_work.home.site_id], name, 5)) for name in ("unheard", "downtime")]


JOURNAL_SIZE = """() => new Promise((done) => {
    indexedDB.open('visitor-kiosk').onsuccess = ({ target }) => {
        const count = target.result.transaction('journal').objectStore('journal').count();
        count.onsuccess = () => { target.result.close(); done(count.result); };
    };
})"""


def arrive_unheard(page: Page, name: str) -> None:
    """Sign in while nobody answers: the visitor is in, and the reception gives the badge."""
    kiosk.begin(page)
    page.locator("input[name=name]").fill(name)
    kiosk.press(page, "continue")
    kiosk.at(page, "host")
    kiosk.press(page, "host-unlisted")
    kiosk.press(page, "continue")
    kiosk.at(page, "photo")
    kiosk.press(page, "without-photo")
    kiosk.submit(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in")
    expect(page.locator("[data-print=offline]")).to_have_text("The reception will give you your badge.")
    expect(page.locator("[data-badge]")).to_have_count(0)
    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")

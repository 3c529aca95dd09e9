"""Speed of hand: touches, screens and waits of visitors with a code, of those who come again, and of a first visit."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.flows import house, kiosk, looks, reception, staff
from tests.flows.reception import Reception
from tests.real import browser, scenes
from tests.real.mail import MailSink, mail_sink
from tests.real.programs import wait_until
from visitor.core.actors import SYSTEM
from visitor.core.clock import ShiftedClock
from visitor.core.models import Job
from visitor.core.work import Work
from visitor.people import operations as people
from visitor.people import remembering
from visitor.people.records import Contact
from visitor.reception import expecting
from visitor.reception.expecting import ExpectForm
from visitor.reception.letters import code_png
from visitor.visits import invitations, queries
from visitor.visits.models import Visit, VisitState

pytestmark = pytest.mark.real

MOST_MS = 8_000
COUNT = """
globalThis.touches = 0;
globalThis.screens = [];
globalThis.waited = 0;
addEventListener('click', (event) => { if (event.isTrusted) touches += 1; }, true);
const later = globalThis.setTimeout;
globalThis.setTimeout = (work, milliseconds = 0) => later(() => { waited += milliseconds; work(); }, milliseconds);
new MutationObserver(() => {
    const now = document.querySelector('[data-screen]')?.dataset.screen;
    if (now && now !== screens.at(-1)) screens.push(now);
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-screen'] });
"""
"""Counts touches, screens, and the waits that the page itself asked for and sat out."""


@dataclass(frozen=True, slots=True)
class Speed:
    """A reception with letters that arrive."""

    place: Reception
    sink: MailSink
    scanning: Browser
    """Its camera sees Ada's code; that of the others sees only a face."""


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speed]:
    folder = tmp_path_factory.mktemp("speed")
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(mail_sink())
        chromium = stack.enter_context(reception.face_browser(folder))
        place = stack.enter_context(reception.at_work(folder, chromium, served=False))
        more = f'\n[mail]\nhost = "{sink.host}"\nport = {sink.port}\nsender = "visitors@northwind.example"\n'
        place.home.config.write_text(place.home.config.read_text() + more + 'encryption = "none"\n')
        filmed = invited(place, "Ada Filmed")[1]
        film = browser.make_y4m([with_code(filmed)], folder / "code.y4m")
        flags = [*browser.FLAGS, f"--use-file-for-fake-video-capture={film}"]
        scanning = chromium.browser_type.launch(executable_path=browser.executable(), headless=True, args=flags)
        stack.callback(scanning.close)
        stack.enter_context(house.serving(place.home))
        yield Speed(place, sink, scanning)


@pytest.fixture(scope="module")
def paired(at_work: Speed) -> Page:
    page = at_work.place.kiosk(at_work.place.codes.pop())
    page.add_init_script(COUNT)
    return page


@pytest.fixture
def page(paired: Page, at_work: Speed) -> Page:
    """The kiosk, freshly loaded: nobody has touched it."""
    paired.goto(f"{at_work.place.home.address}/kiosk/")
    kiosk.at(paired, "welcome")
    return paired


def with_code(code: str) -> Image.Image:
    """A visitor before the camera, the code held up beside the face."""
    frame = scenes.face()
    held = Image.open(io.BytesIO(code_png(code))).convert("RGB").resize((124, 124), Image.Resampling.LANCZOS)
    frame.paste(held, (0, 180))
    return frame


def type_id(work: Work, site_id: UUID) -> UUID:
    return queries.types(work, site_id)[0].id


def invited(place: Reception, name: str, *, hours: float = 1, days_ago: int = 0) -> tuple[UUID, str]:
    """Announce somebody who is to come so many hours later, and make the code that the letter would carry."""
    then = ShiftedClock(-timedelta(days=days_ago))
    with house.opened(place.home.config, then) as runtime, runtime.transaction(SYSTEM) as work:
        site_id = place.home.site_id
        form = ExpectForm(
            client_id=uuid4(),
            visit_type_id=type_id(work, site_id),
            name=name,
            email="ada@brackwater.example",
            host_id=queries.hosts_like(work, site_id, "Sanne")[0].id,
            expected_at=work.now + timedelta(hours=hours),
            invite=True,
        )
        visit = expecting.announce(work, form, site_id)
        code = invitations.make_code(work, visit.id)
        # The letter would make another code; how it arrives is told below.
        work.session.execute(sa.delete(Job).where(Job.name == invitations.LETTER_JOB))
        assert code is not None
        return visit.id, code


def remembered(place: Reception, name: str) -> str:
    """Remember somebody who was here before; return the personal code."""
    with house.opened(place.home.config) as runtime, runtime.transaction(SYSTEM) as work:
        site_id = place.home.site_id
        host = queries.hosts_like(work, site_id, "Sanne")[0]
        person_id = people.make_person(work, site_id)
        contact = Contact(name=name, email="zoe@brackwater.example")
        agreement = remembering.Agreement(site_id, contact, type_id(work, site_id), host.id, "en", None)
        remembering.remember(work, person_id, agreement)
        code = remembering.make_code(work, person_id)
        assert code is not None
        return code


def visit_of(place: Reception, visit_id: UUID) -> Visit:
    with house.opened(place.home.config) as runtime, runtime.reading(SYSTEM) as work:
        return queries.visit(work, visit_id)


def code_in_letter(sink: MailSink, recipient: str) -> str:
    """Wait for somebody's letter; return the code in it."""
    wait_until(lambda: [recipient] in sink.recipients, "the letter with the code")
    text = sink.messages[sink.recipients.index([recipient])].get_body(("plain",))
    assert text is not None
    code = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", text.get_content())
    assert code is not None
    return remembering.plain_code(code[0])


def touches(page: Page) -> int:
    return int(page.evaluate("touches"))


def type_code(page: Page, code: str) -> None:
    kiosk.press(page, "code")
    kiosk.at(page, "code")
    page.locator("input[name=typed_code]").fill(remembering.spaced_code(code).lower())
    kiosk.press(page, "continue")


def test_invited_visitor_is_in_with_one_touch_after_the_scan_and_a_few_seconds(at_work: Speed) -> None:
    page = at_work.place.kiosk(at_work.place.codes.pop(), chromium=at_work.scanning)
    page.add_init_script(COUNT)
    page.reload()
    kiosk.at(page, "welcome")
    kiosk.press(page, "code")
    kiosk.at(page, "arrive")
    before = touches(page)
    page.evaluate("waited = 0")
    expect(page.locator("[data-arrive=name]")).to_have_text("Ada Filmed")

    kiosk.press(page, "continue")
    kiosk.at(page, "done")

    assert touches(page) - before == 1
    assert page.evaluate("waited") < MOST_MS
    assert page.evaluate("screens.slice(screens.indexOf('welcome'))") == [
        "welcome",
        "code",
        "arrive",
        "photo",
        "check",
        "done",
    ]
    assert len(kiosk.badge_number(page)) == 6


def test_code_is_good_for_one_visit_and_says_what_to_do_the_second_time(page: Page, at_work: Speed) -> None:
    _visit, code = invited(at_work.place, "Frida Twice")
    type_code(page, code)
    kiosk.at(page, "arrive")
    kiosk.press(page, "without-photo")
    kiosk.at(page, "done")
    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")
    type_code(page, code)
    expect(page.get_by_role("alert")).to_contain_text("was used already")
    kiosk.press(page, "without-code")
    kiosk.at(page, "language")


@pytest.mark.parametrize(
    ("days_ago", "hours", "words"),
    [(0, 30, "You are early"), (2, 1, "This invitation is over")],
    ids=["too early", "too late"],
)
def test_code_out_of_its_time_says_what_to_do(
    page: Page, at_work: Speed, days_ago: int, hours: float, words: str
) -> None:
    """An invitation holds to the end of its local day: which hour of yesterday is over depends on the hour of today."""
    _visit, code = invited(at_work.place, "Berta Untimely", hours=hours, days_ago=days_ago)
    type_code(page, code)
    expect(page.get_by_role("alert")).to_contain_text(words)
    assert "Untimely" not in page.content()


def test_unknown_code_and_one_that_was_taken_back_say_so(page: Page, at_work: Speed) -> None:
    type_code(page, "ABCDEFGHJKLM")
    expect(page.get_by_role("alert")).to_contain_text("We do not know this code")
    visit_id, code = invited(at_work.place, "Carla Recalled")
    with house.opened(at_work.place.home.config) as runtime, runtime.transaction(SYSTEM) as work:
        invitations.revoke(work, visit_id)
    page.locator("input[name=typed_code]").fill(code)
    kiosk.press(page, "continue")
    expect(page.get_by_role("alert")).to_contain_text("was taken back")


def test_scanner_that_types_brings_the_code_to_the_first_screen(page: Page, at_work: Speed) -> None:
    visit_id, code = invited(at_work.place, "Dora Scanned")
    page.keyboard.type(remembering.CODE_PREFIX + code)
    page.keyboard.press("Enter")
    kiosk.at(page, "arrive")
    assert touches(page) == 0
    kiosk.press(page, "without-photo")
    kiosk.at(page, "done")
    visit = visit_of(at_work.place, visit_id)
    assert (visit.state, visit.photo_declined) == (VisitState.ON_SITE, True)


def test_without_the_server_the_ordinary_way_stays_open(page: Page, at_work: Speed) -> None:
    page.route("**/kiosk/api/passes", lambda route: route.abort())
    type_code(page, "ABCDEFGHJKLM")
    expect(page.get_by_role("alert")).to_contain_text("Codes cannot be checked right now")
    kiosk.press(page, "without-code")
    kiosk.at(page, "language")
    page.unroute("**/kiosk/api/passes")


def test_code_that_was_good_when_the_network_went_down_arrives_later(page: Page, at_work: Speed) -> None:
    visit_id, code = invited(at_work.place, "Emma Delayed")
    type_code(page, code)
    kiosk.at(page, "arrive")
    page.route("**/kiosk/api/pass-sign-ins", lambda route: route.abort())
    kiosk.press(page, "without-photo")
    expect(page.locator("[data-outcome=waiting]")).to_be_visible()
    page.unroute("**/kiosk/api/pass-sign-ins")
    wait_until(lambda: visit_of(at_work.place, visit_id).state is VisitState.ON_SITE, "the sign-in")


def test_returning_visitor_is_in_with_four_touches_and_may_visit_somebody_else(page: Page, at_work: Speed) -> None:
    code = remembered(at_work.place, "Zoe Returning")
    kiosk.press(page, "code")
    page.locator("input[name=typed_code]").fill(code)
    page.keyboard.press("Enter")
    kiosk.at(page, "arrive")
    expect(page.locator("[data-arrive=host]")).to_contain_text("Sanne de Boer")
    kiosk.press(page, "continue")
    kiosk.at(page, "done")
    assert touches(page) <= 4

    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")
    other = remembered(at_work.place, "Yara Returning")
    type_code(page, other)
    kiosk.at(page, "arrive")
    kiosk.press(page, "change")
    kiosk.at(page, "host")
    page.locator("input[role=combobox]").fill("Jonas")
    page.locator("[role=option]").first.click()
    kiosk.press(page, "continue")
    kiosk.at(page, "arrive")
    kiosk.press(page, "without-photo")
    kiosk.at(page, "done")
    expect(page.locator("[data-done=host]")).to_contain_text("Jonas Weber")


def test_forgotten_visitor_is_unknown_from_then_on(page: Page, at_work: Speed) -> None:
    code = remembered(at_work.place, "Xenia Forgotten")
    type_code(page, code)
    kiosk.at(page, "arrive")
    kiosk.press(page, "forget-me")
    kiosk.press(page, "forget")
    expect(page.locator("[data-dialog=forget]")).to_contain_text("You are forgotten")
    kiosk.at(page, "welcome")
    type_code(page, code)
    expect(page.get_by_role("alert")).to_contain_text("We do not know this code")


def test_first_visit_takes_seven_screens_and_remembers_only_who_asks(page: Page, at_work: Speed) -> None:
    kiosk.press(page, "sign-in")
    page.locator(".screen [data-language=en]").click()
    page.locator("[data-action=visit-type]", has_text="Guest").click()
    page.locator("input[name=name]").fill("Siobhán Ní Bhriain")
    page.locator("[data-action=more-names]").click()
    page.locator("input[name=preferred_name]").fill("Shiv")
    page.locator("input[name=pronunciation]").fill("Shi-VAWN")
    kiosk.press(page, "continue")
    kiosk.choose_host(page, "Sanne")
    kiosk.press(page, "continue")
    kiosk.at(page, "photo")
    kiosk.press(page, "without-photo")
    kiosk.at(page, "check")
    box = page.locator("[data-action=remember]")
    expect(box).to_have_attribute("aria-checked", "false")
    box.click()
    kiosk.press(page, "submit")
    expect(page.locator("#fault-remember_email")).to_contain_text("Enter your e-mail address")
    page.locator("input[name=remember_email]").fill("siobhan@brackwater.example")
    kiosk.submit(page)

    asked = [screen for screen in page.evaluate("screens") if screen not in {"starting", "welcome", "done"}]
    assert len(asked) <= 7, asked
    expect(page.locator("[data-done=name]")).to_have_text("Shiv")
    code = code_in_letter(at_work.sink, "siobhan@brackwater.example")
    with house.opened(at_work.place.home.config) as runtime, runtime.reading(SYSTEM) as work:
        assert remembering.by_code(work, code) is not None


def test_sign_in_that_is_turned_down_after_an_outage_is_named_to_the_desk(page: Page, at_work: Speed) -> None:
    page.route("**/kiosk/api/sign-ins", lambda route: route.abort())
    kiosk.begin(page)
    kiosk.tell(page, name="Lost Inoutage")
    kiosk.choose_host(page, "Sanne")
    kiosk.press(page, "continue")
    kiosk.at(page, "photo")
    kiosk.press(page, "without-photo")
    kiosk.at(page, "check")
    kiosk.press(page, "submit")
    expect(page.locator("[data-outcome=waiting]")).to_be_visible()
    page.unroute("**/kiosk/api/sign-ins")
    page.route("**/kiosk/api/sign-ins", lambda route: route.fulfill(status=404, json={"error": {"code": "not_found"}}))
    desk = at_work.place.chromium.new_page()
    staff.sign_in(desk, at_work.place.home, "reception")
    expect(desk.locator("[data-unrecorded]")).to_contain_text("Lost Inoutage", timeout=60_000)
    page.unroute("**/kiosk/api/sign-ins")


def test_screens_of_codes_are_accessible_and_fit(page: Page, at_work: Speed) -> None:
    def judge(screen: str) -> None:
        assert looks.violations(page) == [], screen
        assert looks.overflow(page) == [], screen
        assert looks.small_targets(page, 44) == [], screen

    judge("welcome")
    kiosk.press(page, "code")
    kiosk.at(page, "code")
    judge("code")
    page.locator("input[name=typed_code]").fill("ABCDEFGHJKLM")
    kiosk.press(page, "continue")
    expect(page.get_by_role("alert")).to_be_visible()
    judge("a code that is not known")
    page.locator("input[name=typed_code]").fill(remembered(at_work.place, "Wanda Wide" + "n" * 150))
    kiosk.press(page, "continue")
    kiosk.at(page, "arrive")
    judge("arrive")
    looks.large_text(page, on=True)
    assert looks.overflow(page) == []
    kiosk.press(page, "forget-me")
    judge("forget")

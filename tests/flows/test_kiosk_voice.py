"""Reading aloud, time, and the next visitor: what is said, what is never said, and what is put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows import kiosk, kiosk_screens, reception
from tests.flows.reception import Reception

pytestmark = pytest.mark.real

STAND_IN = """
globalThis.said = [];
globalThis.voices = [{ lang: 'en-GB', localService: true }, { lang: 'nl_NL', localService: false }];
globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(globalThis, 'speechSynthesis', { value: Object.assign(new EventTarget(), {
    getVoices: () => voices,
    speak: ({ text, lang, voice }) => said.push({ text, lang, voice: voice.lang }),
    cancel: () => said.push({ text: '', lang: '', voice: '' }),
}) });
"""
SECRETS = ("Vera", "Voiceless", "Hushed", "vera@", "X9Z4", "Sanne", "Boer")
EXTENSIONS = 10


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with reception.face_browser(tmp_path_factory.mktemp("film")) as launched:
        yield launched


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Reception]:
    with kiosk_screens.talking_house(tmp_path_factory.mktemp("house"), chromium, 5) as made:
        yield made


def talking(at_work: Reception, stand_in: str = STAND_IN) -> Page:
    """A new kiosk whose browser has a voice."""
    page = at_work.device().new_page()
    page.add_init_script(stand_in)
    kiosk.pair(page, at_work.home.address, at_work.codes.pop())
    return page


def said(page: Page) -> list[str]:
    """Everything that was said; empty lines where the voice was stopped."""
    texts: list[str] = page.evaluate("said.map(({ text }) => text)")
    return texts


def test_screens_are_read_aloud_and_nothing_of_the_visitor_ever(at_work: Reception) -> None:
    page = talking(at_work)
    expect(page.locator("[data-action=read-aloud]")).to_have_attribute("aria-pressed", "false")
    kiosk.begin(page, "Contractor")
    assert not any(said(page)), "nobody asked for it yet"
    kiosk.press(page, "read-aloud")
    expect(page.locator("[data-action=read-aloud]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-action=read-aloud]")).to_be_focused()
    kiosk.press(page, "continue")
    page.locator("input[name=name]").focus()
    kiosk.tell(page, name="Vera Voiceless", company="Hushed-Quiet (Ltd)", email="vera@hushed.example")
    kiosk.choose_host(page, "Sanne")
    kiosk.press(page, "continue")
    kiosk.at(page, "id-document")
    kiosk.press(page, "continue")
    kiosk.take_photo(page)
    kiosk.at(page, "check")
    page.locator("[data-action=change]").first.focus()
    kiosk.press(page, "submit")
    number = kiosk.badge_number(page)
    page.locator("[data-action=finish]").focus()
    texts = said(page)
    for heard in (
        "Who are you?",
        "Full name",
        "Enter your name. One letter is enough.",
        "The way you write it, in any script",
        "Whom are you visiting?",
        "That looks good. Take the photo when you are ready.",
        "Is everything right?",
        "You are signed in",
        "To the lift",
        "Please show your ID at the reception now.",
    ):
        assert heard in texts, heard
    everything = " ".join(texts)
    assert [secret for secret in (*SECRETS, number) if secret.lower() in everything.lower()] == []
    assert page.evaluate("said.filter(({ text, lang }) => text && lang !== 'en').length") == 0
    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")
    assert said(page)[-1] == "", "the voice stops with the visitor"
    expect(page.locator("[data-action=read-aloud]")).to_have_attribute("aria-pressed", "false")
    page.context.close()


def test_voice_follows_the_language_and_is_not_offered_without_one(at_work: Reception) -> None:
    page = talking(at_work)
    kiosk.press(page, "read-aloud")
    page.locator(".screen [data-language=nl]").click()
    expect(page.locator("html[lang=nl]")).to_be_attached()
    heard = page.evaluate("said.findLast(({ text }) => text)")
    assert (heard["lang"], heard["voice"]) == ("nl", "nl_NL")
    page.locator(".screen [data-language=fr]").click()
    expect(page.locator("html[lang=fr]")).to_be_attached()
    expect(page.locator("[data-action=read-aloud]")).to_have_count(0)
    page.evaluate(
        "voices.push({ lang: 'fr-FR', localService: true }); speechSynthesis.dispatchEvent(new Event('voiceschanged'))"
    )
    expect(page.locator("[data-action=read-aloud]")).to_have_count(1)
    page.context.close()


def test_browser_that_cannot_speak_offers_no_voice(at_work: Reception) -> None:
    page = talking(at_work, "Object.defineProperty(globalThis, 'speechSynthesis', { value: undefined });")
    expect(page.locator("[data-action=display]")).to_be_visible()
    expect(page.locator("[data-action=read-aloud]")).to_have_count(0)
    page.context.close()


def test_more_time_is_given_ten_times_with_twenty_seconds_of_warning(at_work: Reception) -> None:
    page = at_work.device().new_page()
    page.clock.install()
    kiosk.pair(page, at_work.home.address, at_work.codes.pop())
    kiosk.begin(page)
    page.locator("input[name=name]").fill("Tess Slowly")
    warning = page.locator("dialog[data-dialog=idle]")
    for _ in range(EXTENSIONS):
        page.clock.fast_forward(61_000)
        expect(warning).to_be_visible()
        expect(page.locator("[data-countdown]")).to_contain_text("19 seconds")
        kiosk.press(page, "more-time")
        expect(warning).to_have_count(0)
        expect(page.locator("input[name=name]")).to_have_value("Tess Slowly")
    page.clock.fast_forward(61_000)
    expect(warning).to_be_visible()
    expect(page.locator("[data-action=more-time]")).to_have_count(0)
    page.context.close()


def test_next_visitor_finds_the_kiosk_as_it_was(at_work: Reception) -> None:
    page = talking(at_work)
    plain = page.locator("html").evaluate("element => ({ ...element.dataset, lang: element.lang, dir: element.dir })")
    kiosk.press(page, "sign-in")
    page.locator(".screen [data-language=nl]").click()
    kiosk.at(page, "visit-type")
    kiosk.press(page, "read-aloud")
    kiosk.press(page, "display")
    for switch in ("larger-text", "high-contrast", "dark"):
        kiosk.press(page, switch)
        expect(page.locator(f"[data-action={switch}]")).to_have_attribute("aria-checked", "true")
    page.locator("dialog [data-action=close]").click()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    expect(page.locator("html[data-text=large][data-contrast=high][data-theme=dark][lang=nl]")).to_be_attached()
    kiosk.press(page, "back")
    kiosk.press(page, "back")
    kiosk.at(page, "welcome")
    after = page.locator("html").evaluate("element => ({ ...element.dataset, lang: element.lang, dir: element.dir })")
    assert after == plain
    expect(page.locator("[data-action=read-aloud]")).to_have_attribute("aria-pressed", "false")
    page.context.close()

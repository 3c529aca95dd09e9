"""Nobody is kept out: every page and kiosk screen, light and dark, wide and narrow, by keyboard, in large text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows import kiosk, kiosk_screens, looks, pages, reception
from tests.flows.house import PASSWORD
from tests.flows.kiosk_screens import Visitor
from tests.flows.pages import Lived

pytestmark = pytest.mark.real

WIDE, NARROW, NARROWEST = (1280, 800), (390, 844), (320, 640)
STAFF_TARGET_PX, KIOSK_TARGET_PX = 44, 56
NOT_FOUND, NO_MATCH = "/nowhere", "/security/?words=zzzzzz"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with reception.face_browser(tmp_path_factory.mktemp("film")) as launched:
        yield launched


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with pages.lived_in(tmp_path_factory.mktemp("lived")) as made:
        yield made


def fresh_page(chromium: Browser, language: str = "en-GB") -> Page:
    context = chromium.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]}, locale=language, reduced_motion="reduce"
    )
    return context.new_page()


def signed_in(chromium: Browser, lived: Lived, language: str = "en") -> Page:
    page = fresh_page(chromium, language)
    page.goto(f"{lived.address}/sign-in")
    page.locator("input[name=login_name]").fill(pages.reader(language))
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    return page


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def faults(page: Page, least_px: int) -> list[str]:
    """Everything that is wrong with the page as it stands, in both colours and all sizes; leaves it as it was."""
    found: list[str] = []

    def look(when: str, lines: list[str]) -> None:
        found.extend(f"{when}: {line}" for line in lines)

    look("wide", looks.violations(page))
    look("wide", looks.small_targets(page, least_px))
    looks.large_text(page, on=True)
    look("wide, 200 % text", looks.overflow(page))
    looks.large_text(page, on=False)
    page.emulate_media(color_scheme="light", contrast="more")
    look("high contrast", looks.violations(page, looks.COLOURS))
    page.emulate_media(color_scheme="dark", contrast="more")
    look("dark, high contrast", looks.violations(page, looks.COLOURS))
    page.emulate_media(color_scheme="dark", contrast="null")
    look("dark", looks.violations(page, looks.COLOURS))
    resize(page, NARROW)
    look("dark narrow", looks.violations(page))
    look("narrow", looks.small_targets(page, least_px))
    look("narrow", looks.overflow(page))
    page.emulate_media(color_scheme="light")
    look("narrow", looks.violations(page, looks.COLOURS))
    resize(page, NARROWEST)
    look("320 px", looks.overflow(page))
    resize(page, WIDE)
    return found


@pytest.mark.parametrize("language", ["en", "ar", "th"])
def test_every_page_of_the_staff(chromium: Browser, lived: Lived, language: str) -> None:
    page = signed_in(chromium, lived, language)
    found: list[str] = []
    assert len(lived.paths) > 20
    for path in [*lived.paths, NOT_FOUND, NO_MATCH]:
        page.goto(f"{lived.address}{path}")
        if page.locator(f"html[lang={language}]").count() != 1 and "/notice/" not in path:
            found.append(f"{path} speaks {page.locator('html').get_attribute('lang')}")
        found += [f"{path} {line}" for line in faults(page, STAFF_TARGET_PX)]
    page.context.close()
    nothing_wrong(found)


def test_pages_of_strangers_and_answers_to_mistakes(chromium: Browser, lived: Lived) -> None:
    page = fresh_page(chromium)
    page.goto(f"{lived.address}/sign-in")
    found = [f"sign-in {line}" for line in faults(page, STAFF_TARGET_PX)]
    page.locator("input[name=login_name]").fill("nobody")
    page.locator("input[name=password]").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    found += [f"wrong password {line}" for line in faults(page, STAFF_TARGET_PX)]
    page.context.close()
    page = signed_in(chromium, lived)
    page.goto(f"{lived.address}/desk/sign-in")
    page.locator("form[enctype]").evaluate("form => { form.noValidate = true; }")
    page.get_by_role("button", name="Sign in and print badge").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += [f"desk sign-in refused {line}" for line in faults(page, STAFF_TARGET_PX)]
    page.goto(f"{lived.address}/desk/")
    page.locator("#on-site .visit-name").first.click()
    page.get_by_role("button", name="Revoke badge").click()
    found += [f"dialog {line}" for line in faults(page, STAFF_TARGET_PX)]
    page.context.close()
    nothing_wrong(found)


def test_every_screen_of_the_kiosk(chromium: Browser, lived: Lived) -> None:
    page = fresh_page(chromium)
    page.goto(f"{lived.address}/kiosk/")
    kiosk.at(page, "pairing")
    found = [f"pairing {line}" for line in faults(page, KIOSK_TARGET_PX)]
    kiosk.pair(page, lived.address, lived.codes[0])
    for stop in kiosk_screens.screens(page, Visitor()):
        found += [f"{stop} {line}" for line in faults(page, KIOSK_TARGET_PX)]
    page.context.close()
    nothing_wrong(found)


def test_visitor_signs_in_and_out_by_keyboard_alone(chromium: Browser, lived: Lived) -> None:
    page = fresh_page(chromium)
    kiosk.pair(page, lived.address, lived.codes[1])
    for action in ("sign-in", "language", "visit-type"):
        enter(page, action)
    write(page, "details", "input[name=name]", "Kay Board")
    page.keyboard.press("Enter")
    write(page, "host", "input[role=combobox]", "sa")
    page.locator("[role=option]").first.wait_for()
    for key in ("ArrowDown", "Enter", "Enter"):
        page.keyboard.press(key)
    kiosk.at(page, "notice")
    enter(page, "continue")
    kiosk.at(page, "photo")
    expect(page.locator(".advice[data-advice=ok]")).to_be_visible()
    enter(page, "take-photo")
    expect(page.locator("[data-action=use-photo]")).to_be_focused()
    page.keyboard.press("Enter")
    kiosk.at(page, "check")
    enter(page, "submit")
    number = kiosk.badge_number(page)
    enter(page, "finish")
    enter(page, "sign-out")
    write(page, "sign-out", "input[name=badge_number]", number)
    page.keyboard.press("Enter")
    kiosk.at(page, "goodbye")
    page.context.close()


def enter(page: Page, action: str) -> None:
    """Go to a button with Tab, and press Enter."""
    target = page.locator(f"[data-action={action}]").first
    target.wait_for()
    looks.tab_to(page, target)
    page.keyboard.press("Enter")


def write(page: Page, screen: str, field: str, text: str) -> None:
    """Go to a field with Tab, and type."""
    kiosk.at(page, screen)
    looks.tab_to(page, page.locator(field))
    page.keyboard.type(text)


def nothing_wrong(found: list[str]) -> None:
    if found:
        pytest.fail("\n".join(found), pytrace=False)

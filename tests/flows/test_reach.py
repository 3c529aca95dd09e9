"""A day of the house by keyboard alone, and once more in letters of twice the size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.flows import kiosk, looks, pages, reception
from tests.flows.house import PASSWORD
from tests.flows.pages import Lived

pytestmark = pytest.mark.real
SIZES = ((1280, 800), (390, 844))
TWICE = """addEventListener('DOMContentLoaded', () => { document.documentElement.style.fontSize = '200%'; });"""


class Hands(Protocol):
    """How somebody works a page."""

    def press(self, target: Locator) -> None:
        """Use a button or follow a link."""

    def tick(self, target: Locator) -> None:
        """Choose a radio button or tick a box."""

    def write(self, target: Locator, text: str) -> None:
        """Fill a field."""


class Keyboard:
    """Tab, Enter, Space and letters; the pointer is never moved."""

    def press(self, target: Locator) -> None:
        looks.tab_to(target.page, target)
        target.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        looks.tab_to(target.page, target)
        target.page.keyboard.press("Space")

    def write(self, target: Locator, text: str) -> None:
        looks.tab_to(target.page, target)
        target.page.keyboard.type(text)


class LargeText:
    """A pointer on pages whose text is twice as large: nothing may be covered, cut off, or need scrolling sideways."""

    def press(self, target: Locator) -> None:
        self._look(target.page)
        target.click()

    def tick(self, target: Locator) -> None:
        self._look(target.page)
        target.check()

    def write(self, target: Locator, text: str) -> None:
        self._look(target.page)
        target.click()
        target.fill("")
        target.press_sequentially(text)

    def _look(self, page: Page) -> None:
        assert looks.overflow(page) == [], page.url


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with reception.face_browser(tmp_path_factory.mktemp("film")) as launched:
        yield launched


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with pages.lived_in(tmp_path_factory.mktemp("lived"), kiosks=len(SIZES)) as made:
        yield made


def context(chromium: Browser, size: tuple[int, int], script: str = "") -> BrowserContext:
    made = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="en-GB",
        reduced_motion="reduce",
        permissions=["camera"],
    )
    if script:
        made.add_init_script(script)
    return made


def test_staff_do_their_day_by_keyboard_alone(chromium: Browser, lived: Lived) -> None:
    with context(chromium, SIZES[0]) as made:
        day(made.new_page(), lived, Keyboard(), "Kay Keys")


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_visitor_and_staff_do_their_day_in_large_text(chromium: Browser, lived: Lived, size: tuple[int, int]) -> None:
    with context(chromium, size, TWICE) as made:
        visit(made.new_page(), lived, lived.codes[SIZES.index(size)])
        day(made.new_page(), lived, LargeText(), f"Lara Large {size[0]}")


def visit(page: Page, lived: Lived, code: str) -> None:
    """Come and go at the kiosk; no screen may need scrolling sideways."""
    kiosk.pair(page, lived.address, code)
    kiosk.begin(page)
    assert looks.overflow(page) == []
    kiosk.tell(page, name="Vera Visitor", company="Fabrikam")
    assert looks.overflow(page) == []
    kiosk.choose_host(page, "sab")
    assert looks.overflow(page) == []
    kiosk.press(page, "continue")
    kiosk.take_photo(page)
    assert looks.overflow(page) == []
    kiosk.submit(page)
    number = kiosk.badge_number(page)
    assert looks.overflow(page) == []
    kiosk.press(page, "finish")
    kiosk.sign_out_by_number(page, number)
    kiosk.at(page, "goodbye")


def day(page: Page, lived: Lived, hands: Hands, name: str) -> None:
    """Log in, sign somebody in and out at the desk, search the log, count people, look at what will be erased."""
    page.goto(f"{lived.address}/sign-in")
    hands.write(page.locator("input[name=login_name]"), pages.EVERYBODY)
    hands.write(page.locator("input[name=password]"), PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    at_the_desk(page, lived, hands, name)
    at_security(page, lived, hands)
    at_privacy(page, lived, hands)


def at_the_desk(page: Page, lived: Lived, hands: Hands, name: str) -> None:
    """Sign a visitor in, reprint the badge, sign the visitor out."""
    page.goto(f"{lived.address}/desk/")
    hands.press(page.get_by_role("link", name="Sign in a visitor"))
    hands.tick(page.get_by_role("radio").first)
    hands.write(page.get_by_label("Name", exact=True), name)
    hands.write(page.get_by_role("combobox", name="Host"), "sab")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    hands.tick(page.get_by_label("The visitor has been given the notice"))
    hands.press(page.get_by_role("button", name="Sign in and print badge"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    hands.press(page.get_by_role("button", name="Reprint badge"))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.get_by_label("Reason").first.select_option(index=1)
    hands.press(dialog.get_by_role("button", name="Reprint", exact=True))
    expect(page.get_by_text("copy 2", exact=False).first).to_be_visible()
    hands.press(page.get_by_role("button", name="Sign out", exact=True))
    expect(page.get_by_text("Signed out.")).to_be_visible()


def at_security(page: Page, lived: Lived, hands: Hands) -> None:
    """Find refused scans, and count people in an evacuation."""
    page.goto(f"{lived.address}/security/")
    hands.press(page.get_by_role("button", name=re.compile("Search|Show|Apply")).first)
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    page.goto(f"{lived.address}/security/roll-call")
    hands.press(page.get_by_role("button", name="Evacuation"))
    hands.press(page.locator("#confirm-dialog [data-dialog-yes]"))
    expect(page.get_by_text("Doors let everybody out and nobody in", exact=False)).to_be_visible()
    hands.press(page.get_by_role("button", name=re.compile("^Counted")).first)
    expect(page.get_by_text("Counted at", exact=False).first).to_be_visible()
    hands.press(page.get_by_role("button", name="Back to normal"))
    hands.press(page.locator("#confirm-dialog [data-dialog-yes]"))
    expect(page.get_by_role("button", name="Evacuation")).to_be_visible()


def at_privacy(page: Page, lived: Lived, hands: Hands) -> None:
    """Look at what the next purge will erase."""
    page.goto(f"{lived.address}/privacy/")
    hands.press(page.get_by_role("link", name=re.compile("Purges|Erasure")).first)
    page.wait_for_url("**/privacy/purges*")
    hands.press(page.get_by_role("link", name="Look what is due"))
    page.wait_for_url("**/privacy/purges/preview*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()

"""What members of staff do in their browsers."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.flows import house
from tests.flows.house import House

DESKTOP = (1440, 900)


def desk_of(browser: Browser, home: House, name: str, size: tuple[int, int] = DESKTOP) -> Page:
    """Return a page of a browser of its own in which this person is signed in."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, home, name)
    return page


def sign_in(page: Page, home: House, name: str) -> None:
    """Sign in by name and password."""
    page.goto(f"{home.address}/sign-in")
    page.locator("input[name=login_name]").fill(name)
    page.locator("input[name=password]").fill(house.PASSWORD)
    page.locator("form button").first.click()
    page.wait_for_url(lambda address: "sign-in" not in address)

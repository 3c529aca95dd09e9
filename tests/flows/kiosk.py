"""What a visitor's hands do at the kiosk."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def pair(page: Page, address: str, code: str) -> None:
    """Make a kiosk of the browser."""
    page.goto(f"{address}/kiosk/")
    at(page, "pairing")
    page.locator("input[name=code]").fill(code)
    press(page, "continue")
    at(page, "welcome")


def at(page: Page, screen: str) -> None:
    """Wait until the kiosk shows this screen."""
    expect(page.locator(f"[data-screen={screen}]")).to_be_attached()


def press(page: Page, action: str) -> None:
    """Press a button of the screen."""
    page.locator(f"[data-action={action}]").click()


def begin(page: Page, visit_type: str = "Guest", language: str = "en") -> None:
    """Arrive, and say which language and what for."""
    press(page, "sign-in")
    at(page, "language")
    page.locator(f".screen [data-language={language}]").click()
    at(page, "visit-type")
    page.locator("[data-action=visit-type]", has_text=visit_type).click()
    at(page, "details")


def tell(page: Page, **texts: str) -> None:
    """Fill in name, company, e-mail, and go on to the host."""
    for field, text in texts.items():
        page.locator(f"input[name={field}]").fill(text)
    press(page, "continue")
    at(page, "host")


def choose_host(page: Page, host: str) -> None:
    """Find the host by three letters, and go on to the notice."""
    page.locator("input[role=combobox]").fill(host[:3])
    page.locator("[role=option]").first.click()
    press(page, "continue")
    at(page, "notice")


def submit(page: Page) -> None:
    """Say on the last screen that everything is right."""
    at(page, "check")
    press(page, "submit")
    at(page, "done")


def badge_number(page: Page) -> str:
    """Wait for the badge; return its number."""
    expect(page.locator("[data-badge=shown]")).to_be_visible()
    found = re.search(r"[A-Z0-9]{6}", page.locator("[data-done=number]").inner_text())
    assert found is not None
    return found[0]


def sign_in(page: Page, *, name: str, company: str, email: str, host: str) -> str:
    """Walk through every screen of a first visit; return the badge number."""
    begin(page)
    tell(page, name=name, company=company, email=email)
    choose_host(page, host)
    press(page, "continue")
    take_photo(page)
    submit(page)
    return badge_number(page)


def sign_in_without_photo(page: Page, name: str) -> str:
    """Take the shortest way; return the badge number."""
    begin(page)
    tell(page, name=name)
    choose_host(page, "Sanne")
    press(page, "continue")
    at(page, "photo")
    press(page, "without-photo")
    submit(page)
    return badge_number(page)


def take_photo(page: Page) -> None:
    """Wait for good advice, take the photo, use it."""
    at(page, "photo")
    expect(page.locator(".advice[data-advice=ok]")).to_be_visible()
    press(page, "take-photo")
    page.locator("[data-action=use-photo]:not([disabled])").click()


def sign_out_by_camera(page: Page) -> None:
    """Hold the badge before the camera."""
    at(page, "welcome")
    press(page, "sign-out")
    at(page, "goodbye")


def sign_out_by_number(page: Page, number: str) -> None:
    """Type the badge's number."""
    at(page, "welcome")
    press(page, "sign-out")
    at(page, "sign-out")
    page.locator("input[name=badge_number]").fill(number)
    press(page, "submit")

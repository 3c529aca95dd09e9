"""A kiosk of one's own, and a walk past every screen that a visitor can meet, in any language."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.flows import house, kiosk
from tests.flows.reception import Reception
from tests.kiosk.sources import APP
from visitor.core.actors import SYSTEM
from visitor.kiosks import operations as kiosks
from visitor.sites import operations as sites
from visitor.sites import queries as site_queries
from visitor.sites.forms import GuidanceForm, SiteForm

SPOKEN = tuple(path.stem for path in (APP / "messages").glob("*.js"))
MANY = tuple(
    language for language in ("en", "nl", "de", "fr", "es", "it", "pl", "pt", "ar", "th") if language in SPOKEN
)
NUMBER_LENGTH = 6
WAY = GuidanceForm(reception="Behind the model ship", way=("← To the lift", "↑ Level 2", "Blue chairs"))


@contextlib.contextmanager
def talking_house(folder: Path, chromium: Browser, codes: int) -> Iterator[Reception]:
    """Serve a house whose site offers many languages and tells the way; yield it with pairing codes."""
    home = house.build(folder)
    with house.opened(home.config) as runtime, runtime.transaction(SYSTEM) as work:
        site = site_queries.site(work, home.site_id)
        form = SiteForm(
            legal_entity_id=site.legal_entity_id,
            name=site.name,
            preset=site.preset,
            time_zone=site.time_zone,
            languages=MANY,
            reception_hint=site.reception_hint,
            guidance={"en": WAY},
        )
        sites.change_site(work, home.site_id, form)
        made = [kiosks.make_pairing_code(work, home.site_id, f"Kiosk {number}") for number in range(codes)]
    with house.serving(home):
        yield Reception(home, chromium, made)


def walk(page: Page, language: str) -> Iterator[str]:
    """Stop at each screen and dialog from the welcome on, until the visitor has left."""
    yield "welcome"
    kiosk.press(page, "more-languages")
    yield "welcome"
    page.locator("dialog [data-action=close]").click()
    kiosk.press(page, "sign-in")
    yield "language"
    page.locator(f".screen [data-language={language}]").click()
    yield "visit-type"
    page.locator("[data-action=visit-type]").nth(1).click()
    kiosk.at(page, "details")
    kiosk.press(page, "continue")
    expect(page.locator("#fault-name")).to_be_visible()
    yield "details"
    kiosk.tell(page, name="Axel Axe", company="Axe & Sons")
    page.locator("input[role=combobox]").fill("sa")
    page.locator("[role=option]").first.wait_for()
    yield "host"
    page.locator("[role=option]").first.click()
    kiosk.press(page, "continue")
    yield "notice"
    kiosk.press(page, "continue")
    yield "id-document"
    kiosk.press(page, "continue")
    yield from _picture_and_badge(page)


def _picture_and_badge(page: Page) -> Iterator[str]:
    kiosk.at(page, "photo")
    expect(page.locator(".advice[data-advice=ok]")).to_be_visible(timeout=kiosk.SLOW_MS)
    yield "photo"
    kiosk.take_photo(page)
    yield "check"
    for tool, dialog in {"languages": "language", "display": "display", "help": "help"}.items():
        kiosk.press(page, tool)
        expect(page.locator(f"[data-dialog={dialog}]")).to_be_visible()
        yield "check"
        page.locator(f"[data-dialog={dialog}] [data-action=close]").click()
    kiosk.press(page, "submit")
    kiosk.at(page, "done")
    expect(page.locator("[data-badge=shown]")).to_be_visible(timeout=kiosk.SLOW_MS)
    number = page.locator("[data-done=number]").inner_text()
    yield "done"
    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")
    kiosk.press(page, "sign-out")
    yield "sign-out"
    page.locator("input[name=badge_number]").fill(next(word for word in _codes(number)))
    kiosk.press(page, "submit")
    yield "goodbye"


def _codes(text: str) -> Iterator[str]:
    """Return the words of six letters and digits as badges carry them."""
    for word in "".join(each if each.isascii() and each.isalnum() else " " for each in text).split():
        if len(word) == NUMBER_LENGTH and word.isupper():
            yield word

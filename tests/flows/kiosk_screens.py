"""A kiosk of one's own, and a walk past every screen that a visitor can meet, in any language."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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


class Stop(NamedTuple):
    """A screen at which a walk stops, and what stands out there."""

    screen: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who walks."""

    language: str = "en"
    name: str = "Axel Axe"
    company: str = "Axe & Sons"


def walk(page: Page, visitor: Visitor) -> Iterator[Stop]:
    """Stop at each screen, fault and dialog from the welcome on, until the visitor has left and the next may come."""
    yield from _arrival(page, visitor)
    yield from _questions(page, visitor)
    yield from _picture(page)
    yield from _badge_and_way_out(page)


def screens(page: Page, visitor: Visitor) -> Iterator[Stop]:
    """As `walk`; each screen is there before it is stopped at."""
    for stop in walk(page, visitor):
        kiosk.at(page, stop.screen)
        yield stop


def _arrival(page: Page, visitor: Visitor) -> Iterator[Stop]:
    yield Stop("welcome")
    if page.locator("[data-action=more-languages]").count():
        kiosk.press(page, "more-languages")
        yield Stop("welcome", "languages")
        page.locator("dialog [data-action=close]").click()
    kiosk.press(page, "sign-in")
    yield Stop("language")
    page.locator(f".screen [data-language={visitor.language}]").click()
    yield Stop("visit-type")
    page.locator("[data-action=visit-type]").nth(1).click()


def _questions(page: Page, visitor: Visitor) -> Iterator[Stop]:
    kiosk.at(page, "details")
    kiosk.press(page, "continue")
    expect(page.locator("#fault-name")).to_be_visible()
    yield Stop("details", "error")
    page.locator("input[name=name]").fill(visitor.name)
    page.locator("input[name=company]").fill(visitor.company)
    yield Stop("details")
    kiosk.press(page, "continue")
    kiosk.at(page, "host")
    page.locator("input[role=combobox]").fill("sa")
    page.locator("[role=option]").first.wait_for()
    yield Stop("host")
    page.locator("[role=option]").first.click()
    kiosk.press(page, "continue")
    yield Stop("notice")
    kiosk.press(page, "full-notice")
    yield Stop("notice", "full")
    kiosk.press(page, "continue")
    yield Stop("id-document")
    kiosk.press(page, "continue")


def _picture(page: Page) -> Iterator[Stop]:
    kiosk.at(page, "photo")
    expect(page.locator(".advice[data-advice=ok]")).to_be_visible()
    yield Stop("photo")
    kiosk.take_photo(page)
    yield Stop("check")
    for tool, dialog in {"languages": "language", "display": "display", "help": "help"}.items():
        kiosk.press(page, tool)
        expect(page.locator(f"[data-dialog={dialog}]")).to_be_visible()
        yield Stop("check", tool)
        page.locator(f"[data-dialog={dialog}] [data-action=close]").click()


def _badge_and_way_out(page: Page) -> Iterator[Stop]:
    kiosk.press(page, "submit")
    kiosk.at(page, "done")
    number = kiosk.badge_number(page)
    yield Stop("done")
    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")
    kiosk.press(page, "sign-out")
    yield Stop("sign-out")
    page.locator("input[name=badge_number]").fill(number)
    kiosk.press(page, "submit")
    yield Stop("goodbye")
    kiosk.press(page, "finish")
    kiosk.at(page, "welcome")

"""A reception at work: a served house, one browser, and kiosks in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests.flows import house, kiosk
from tests.flows.house import House
from tests.real import browser, scenes
from visitor.core.actors import SYSTEM
from visitor.core.work import Work
from visitor.kiosks import operations as kiosks
from visitor.notices import operations as notices
from visitor.privacy.queries import retention_words
from visitor.sites import operations as sites
from visitor.sites import queries as site_queries
from visitor.sites.forms import SiteForm
from visitor.sites.policy import IdAsk
from visitor.visits import operations as visits
from visitor.visits.forms import HostForm, TypeForm

LANDSCAPE = (1280, 800)
SPARE_KIOSKS = 3


@dataclass(frozen=True, slots=True)
class Reception:
    """A house that is being served, and a browser whose camera sees a visitor's face."""

    home: House
    chromium: Browser
    codes: list[str]
    """Pairing codes of the house, each good for one more kiosk."""
    sites: dict[str, str] = field(default_factory=dict)
    """Pairing codes of sites under other rules, by their name."""

    @property
    def port(self) -> int:
        """Where the house answers."""
        return int(self.home.address.rsplit(":", 1)[1])

    def kiosk(self, code: str, size: tuple[int, int] = LANDSCAPE, chromium: Browser | None = None) -> Page:
        """Return a page of a new device that was paired by this code."""
        page = self.device(size, chromium).new_page()
        kiosk.pair(page, self.home.address, code)
        return page

    def device(self, size: tuple[int, int] = LANDSCAPE, chromium: Browser | None = None) -> BrowserContext:
        """Return a browser with storage of its own."""
        return (chromium or self.chromium).new_context(
            viewport={"width": size[0], "height": size[1]}, locale="en-GB", reduced_motion="reduce", has_touch=True
        )


@contextlib.contextmanager
def at_work(folder: Path, chromium: Browser, *, served: bool = True) -> Iterator[Reception]:
    """Build a house with all that the tests need, and serve it unless the test does."""
    room = folder / "house"
    room.mkdir()
    home = house.build(room)
    with house.opened(home.config) as runtime, runtime.transaction(SYSTEM) as work:
        visits.add_host(work, home.site_id, HostForm(name="Sanna Verborgen", listed=False))
        codes = [kiosks.make_pairing_code(work, home.site_id, f"Kiosk {number}") for number in range(SPARE_KIOSKS)]
        asking = {
            "NL number": site_under(work, home, "NL", IdAsk.NUMBER),
            "US number": site_under(work, home, "US", IdAsk.NUMBER),
            "US none": site_under(work, home, "US", IdAsk.NONE),
        }
    with house.serving(home) if served else contextlib.nullcontext():
        yield Reception(home, chromium, [*codes, home.pairing_code], asking)


@contextlib.contextmanager
def face_browser(folder: Path) -> Iterator[Browser]:
    """Launch the browser whose camera sees a visitor."""
    film = browser.make_y4m([scenes.face()], folder / "face.y4m")
    with browser.browser(camera_file=film) as chromium:
        yield chromium


@contextlib.contextmanager
def without_camera(like: Browser) -> Iterator[Browser]:
    """Launch a browser beside the other, on a machine that has no camera."""
    flags = [flag for flag in browser.FLAGS if "fake-device" not in flag]
    launched = like.browser_type.launch(executable_path=browser.executable(), headless=True, args=flags)
    try:
        yield launched
    finally:
        launched.close()


def site_under(work: Work, home: House, preset: str, asks: IdAsk) -> str:
    """Add a site under a country's rules, with a kind of visit that asks for an ID; return a pairing code."""
    form = SiteForm(
        legal_entity_id=site_queries.site(work, home.site_id).legal_entity_id,
        name=f"{preset} {asks}",
        preset=preset,
        time_zone=house.midday_zone(),
        languages=("en", "nl"),
    )
    site = sites.add_site(work, form)
    notices.publish_default(work, site.id, lambda language: retention_words(work, site.id, language))
    visits.add_host(work, site.id, HostForm(name="Sanne de Boer", email="sanne@northwind.example"))
    visits.add_type(work, site.id, TypeForm(names={"en": "Guest"}, colour="#1f6feb"))
    visits.add_type(work, site.id, TypeForm(names={"en": "Contractor"}, colour="#b35900", position=1, ask_id=asks))
    return kiosks.make_pairing_code(work, site.id, "Main entrance")

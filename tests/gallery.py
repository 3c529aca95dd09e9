"""Makes docs/screenshots/gallery: every screen in four sizes and four languages, for the eyes of whoever changed one.

make gallery [GALLERY="--language ar --only desk --full FOLDER"]

A sheet shows one screen of the kiosk or page of the staff: 1080×1920, 1280×800, 1024×768 and 390×844 side by side.
`--full` also keeps each picture in its full size in a folder.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import factories
from tests.corpus.names import NAMES
from tests.flows import kiosk, kiosk_screens, pages
from tests.flows.house import PASSWORD
from tests.flows.kiosk_screens import Stop, Visitor
from tests.flows.pages import Lived
from tests.real import browser, scenes
from tests.reception.arrivals import Place
from visitor.app.runtime import OpenRuntime
from visitor.core.actors import SYSTEM
from visitor.core.work import Work
from visitor.sites import queries as sites

TARGET = Path(__file__).parents[1] / "docs" / "screenshots" / "gallery"
SIZES = {"portrait": (1080, 1920), "landscape": (1280, 800), "tablet": (1024, 768), "phone": (390, 844)}
LANGUAGES = ("en", "de", "ar", "ja")
SHEET_HEIGHT, GAP = 340, 8
SHOWN_APART = frozenset({Stop("details", "error"), Stop("check", "help")})
"""Of what stands out at a kiosk's screen, what gets a sheet of its own."""
CROWD = 500
LONG = next(name.text for name in NAMES if name.key == "long")
NAMELESS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(slots=True)
class Gallery:
    """Where the sheets of one language go, and which are wanted."""

    language: str
    only: str = ""
    full: Path | None = None
    shots: list[str] = field(default_factory=list)

    def shoot(self, page: Page, name: str, sizes: dict[str, tuple[int, int]] = SIZES) -> None:
        """Take the screen in every size, side by side; it is left in the size it had."""
        if self.only not in name:
            return
        before = page.viewport_size
        taken: list[Image.Image] = []
        for size_name, (width, height) in sizes.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(250)
            taken.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
            if self.full is not None:
                self.full.mkdir(parents=True, exist_ok=True)
                taken[-1].save(self.full / f"{self.language}-{name}-{size_name}.png")
        if before is not None:
            page.set_viewport_size(before)
        target = TARGET / self.language / f"{name}.webp"
        target.parent.mkdir(parents=True, exist_ok=True)
        sheet(taken).save(target, quality=55, method=6)
        self.shots.append(name)


def sheet(pictures: list[Image.Image]) -> Image.Image:
    """Put pictures side by side at one height."""
    scaled = [
        each.resize((each.width * SHEET_HEIGHT // each.height, SHEET_HEIGHT), Image.Resampling.LANCZOS)
        for each in pictures
    ]
    width = sum(each.width for each in scaled) + GAP * (len(scaled) - 1)
    made = Image.new("RGB", (width, SHEET_HEIGHT), "#8a8f98")
    at = 0
    for each in scaled:
        made.paste(each, (at, 0))
        at += each.width + GAP
    return made


def main() -> None:
    """Make the sheets that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="default: all four")
    parser.add_argument("--only", default="", help="a part of the sheet's name")
    parser.add_argument("--full", type=Path, help="keep full-size pictures here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, house(Path(name)) as (lived, places):
        film = browser.make_y4m([scenes.face()], Path(name) / "face.y4m")
        with browser.browser(camera_file=film) as chromium:
            for code, language in zip(lived.codes, LANGUAGES, strict=True):
                if asked.language and language not in asked.language:
                    continue
                gallery = Gallery(language, asked.only, asked.full)
                kiosk_sheets(chromium, lived, code, gallery)
                staff_sheets(chromium, lived, places, gallery)
                print(f"{language}: {len(gallery.shots)} sheets", flush=True)  # noqa: T201  a script for the terminal


@contextmanager
def house(folder: Path) -> Iterator[tuple[Lived, dict[str, int]]]:
    """Serve the demo's house, with a hall of five hundred visitors and a hall where nothing has happened yet."""
    places: dict[str, int] = {}

    def prepare(runtime: OpenRuntime) -> None:
        with runtime.transaction(SYSTEM) as work:
            crowded, empty = hall(work, "Packed hall"), hall(work, "New hall")
            crowd(work, crowded)
            places.update(crowded=crowded.site.number, empty=empty.site.number)

    with pages.lived_in(folder, days=9, kiosks=len(LANGUAGES), prepare=prepare) as lived:
        yield lived, places


def hall(work: Work, name: str) -> Place:
    """Open another site."""
    site = factories.site(work, name=name, number=100 + len(sites.all_sites(work)))
    made = Place(site, factories.visit_type(work, site, (factories.zone(work, site),)))
    factories.host(work, made.site)
    return made


def crowd(work: Work, at: Place) -> None:
    """Let five hundred visitors come, with names of every script and one of two hundred letters."""
    for number in range(CROWD):
        name = LONG if number == CROWD - 3 else NAMES[number % len(NAMES)].text
        at.sign_in(work, name=f"{name} {number}" if name != LONG else name, company="Schifffahrtsgesellschaft Süd")


def kiosk_sheets(chromium: Browser, lived: Lived, code: str, gallery: Gallery) -> None:
    """Walk through a visit and shoot every screen."""
    if gallery.only and "kiosk" not in gallery.only:
        return
    page = context(chromium, gallery.language).new_page()
    page.goto(f"{lived.address}/kiosk/")
    kiosk.at(page, "pairing")
    gallery.shoot(page, "kiosk-pairing")
    kiosk.pair(page, lived.address, code)
    who = Visitor(gallery.language, "María-Fernanda Ångström", "Fabrikam Marine")
    for stop in kiosk_screens.screens(page, who):
        if not stop.what or stop in SHOWN_APART:
            gallery.shoot(page, "-".join(filter(None, ("kiosk", *stop))))
    page.context.close()


def staff_sheets(chromium: Browser, lived: Lived, places: dict[str, int], gallery: Gallery) -> None:
    """Shoot every page of the staff, and the hard cases."""
    page = context(chromium, gallery.language).new_page()
    page.goto(f"{lived.address}/sign-in")
    gallery.shoot(page, "sign-in")
    page.locator("input[name=login_name]").fill(pages.reader(gallery.language))
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    looks = {page_name(path): path for path in lived.paths if path != "/api/v1/docs"}
    for name, site in places.items():
        for path in ("/desk/", "/security/", "/security/roll-call", "/security/live"):
            looks[f"{page_name(path)}-{name}"] = f"{path}?site={site}"
    looks |= {"not-found": "/nowhere", "logbook-no-match": "/security/?words=zzzzzz"}
    for name, path in looks.items():
        if gallery.only in name:
            page.goto(f"{lived.address}{path}")
            gallery.shoot(page, name)
    refused(page, lived, gallery)
    page.context.close()


def refused(page: Page, lived: Lived, gallery: Gallery) -> None:
    """Send an empty sign-in at the desk: the page with its errors."""
    if gallery.only not in "desk-sign-in-errors":
        return
    page.goto(f"{lived.address}/desk/sign-in")
    page.locator("form[enctype]").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    expect(page.get_by_role("alert").first).to_be_visible()
    gallery.shoot(page, "desk-sign-in-errors")


def page_name(path: str) -> str:
    """Return a name for the sheet of a page: its path without ids."""
    return "-".join(part for part in path.split("/") if part and not NAMELESS.fullmatch(part)) or "entrance"


def context(chromium: Browser, language: str) -> BrowserContext:
    """Return a browser of somebody who reads this language."""
    return chromium.new_context(
        viewport={"width": 1280, "height": 800}, locale=language, reduced_motion="reduce", permissions=["camera"]
    )


if __name__ == "__main__":
    main()

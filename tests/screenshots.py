"""Makes the pictures in docs/screenshots: a filled demo house, the real server, a real browser.

make screenshots
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.flows import kiosk
from tests.real import browser, scenes
from tests.real.programs import answers, free_port, running, wait_until
from visitor.accounts import passwords
from visitor.accounts.models import Account
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.settings import load_settings
from visitor.kiosks import operations as kiosks
from visitor.sites import queries as sites

TARGET = Path(__file__).parents[1] / "docs" / "screenshots"
PASSWORD = "correct horse battery staple"
DESKTOP, TABLET, PHONE, TOTEM = (1440, 900), (1280, 800), (390, 844), (1080, 1920)

STAFF_PAGES = {
    "reception": {
        "desk-board": "/desk/",
        "desk-sign-in": "/desk/sign-in",
        "desk-visit": "first visit",
    },
    "security": {"logbook": "/security/", "roll-call": "/security/roll-call"},
    "privacy": {
        "privacy": "/privacy/",
        "privacy-rules": "/privacy/rules",
        "privacy-holds": "/privacy/holds",
        "privacy-purges": "/privacy/purges",
        "privacy-audit": "/privacy/audit",
    },
    "admin": {"administration": "/admin/", "kiosks": "/admin/kiosks/"},
}


def main() -> None:
    """Make all pictures anew."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, demo(Path(name)) as (address, code, names):
        folder = Path(name)
        kiosk_pictures(folder, address, code)
        with browser.browser() as chromium:
            for role, pages in STAFF_PAGES.items():
                staff_pictures(chromium, address, names[role], pages)


@contextlib.contextmanager
def demo(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Fill and serve a demo house; yield its address, a pairing code and a sign-in name for each role."""
    house, port = folder / "demo", free_port()
    visitor = [sys.executable, "-m", "visitor.cli"]
    subprocess.run([*visitor, "demo", str(house), "--no-serve", "--port", str(port)], check=True)
    (config,) = house.rglob("config.toml")
    runtime = open_runtime(load_settings(config))
    try:
        code, names = prepared(runtime)
    finally:
        runtime.close()
    with running([*visitor, "--config", str(config), "serve"], folder / "server.log") as process:
        wait_until(lambda: answers(port), "the server", process)
        yield f"http://localhost:{port}", code, names


def prepared(runtime: OpenRuntime) -> tuple[str, dict[str, str]]:
    """Give every account one known password, and make a pairing code."""
    with runtime.transaction(SYSTEM) as work:
        names = {}
        for account in work.session.query(Account):
            account.password_hash, account.must_change_password = passwords.quick_hash(PASSWORD), False
            names[account.sign_in_name] = account.sign_in_name
        code = kiosks.make_pairing_code(work, sites.site_numbered(work, 1).id, "Tablet at the entrance")
    return code, names


def kiosk_pictures(folder: Path, address: str, code: str) -> None:
    """Walk through a sign-in and take a picture of each step."""
    film = browser.make_y4m([scenes.face()], folder / "face.y4m")
    with browser.device(folder / "profile", camera_file=film) as device:
        page = device.pages[0]
        resize(page, TABLET)
        page.goto(f"{address}/kiosk/")
        kiosk.at(page, "pairing")
        shoot(page, "kiosk-0-pairing")
        kiosk.pair(page, address, code)
        shoot(page, "kiosk-1-welcome")
        walk(page)


def walk(page: Page) -> None:
    """Sign somebody in, a picture at each step."""
    kiosk.press(page, "sign-in")
    kiosk.at(page, "language")
    shoot(page, "kiosk-2-language")
    page.locator("[data-action=language][lang=en]").click()
    kiosk.at(page, "visit-type")
    shoot(page, "kiosk-3-visit-type")
    page.locator("[data-action=visit-type]").first.click()
    kiosk.at(page, "details")
    for field, text in {"name": "Mae Lindqvist", "company": "Fabrikam Marine", "email": "mae@fabrikam.example"}.items():
        if page.locator(f"input[name={field}]").count():
            page.locator(f"input[name={field}]").fill(text)
    shoot(page, "kiosk-4-details")
    kiosk.press(page, "continue")
    kiosk.at(page, "host")
    page.locator("input[role=combobox]").fill("sa")
    page.locator("[role=option]").first.wait_for()
    shoot(page, "kiosk-5-host")
    page.locator("[role=option]").first.click()
    kiosk.press(page, "continue")
    kiosk.at(page, "notice")
    shoot(page, "kiosk-6-notice")
    kiosk.press(page, "continue")
    picture_and_badge(page)


def picture_and_badge(page: Page) -> None:
    """Take the photo, look at everything, get the badge."""
    kiosk.at(page, "photo")
    expect(page.locator(".advice[data-advice=ok]")).to_be_visible()
    shoot(page, "kiosk-7-photo")
    kiosk.take_photo(page)
    kiosk.at(page, "check")
    shoot(page, "kiosk-8-check")
    kiosk.press(page, "submit")
    kiosk.at(page, "done")
    expect(page.locator("[data-badge=shown]")).to_be_visible()
    shoot(page, "kiosk-9-badge")


def staff_pictures(chromium: Browser, address: str, name: str, pages: dict[str, str]) -> None:
    """Sign in and take a picture of each page."""
    page = chromium.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}).new_page()
    page.goto(f"{address}/sign-in")
    page.locator("input[name=login_name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button").first.click()
    page.wait_for_url(lambda at: "sign-in" not in at)
    for picture, path in pages.items():
        if path == "first visit":
            page.goto(f"{address}/desk/")
            page.locator("#on-site .visit-name").first.click()
            page.wait_for_url("**/desk/visits/*")
            keep_badge(page, address)
        else:
            page.goto(f"{address}{path}")
        page.wait_for_timeout(600)
        shoot(page, picture)


def keep_badge(page: Page, address: str) -> None:
    """Keep the badge of the visit on the screen, as it is printed."""
    visit = page.url.rpartition("/")[2].partition("?")[0]
    path = TARGET / "badge-label.png"
    path.write_bytes(page.request.get(f"{address}/badges/{visit}.png").body())
    Image.open(path).convert("RGB").quantize(192).save(path, optimize=True)


def resize(page: Page, size: tuple[int, int]) -> None:
    """Set the size of the screen in CSS pixels."""
    page.set_viewport_size({"width": size[0], "height": size[1]})


def shoot(page: Page, name: str) -> None:
    """Keep what the screen shows, with few colours so that the repository stays small."""
    page.wait_for_timeout(500)
    path = TARGET / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(192).save(path, optimize=True)


if __name__ == "__main__":
    main()

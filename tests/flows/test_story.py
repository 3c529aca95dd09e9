"""One visitor from the kiosk to the proof of erasure, with nothing pretended.

A real browser whose camera sees a real face, a real printer emulator, a real camera stream, the real server started as
users start it, and its own command line.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page, expect

from tests.flows import evidence, house, kiosk
from tests.flows.house import House
from tests.real import browser, scenes
from tests.real.camera import rtsp_camera
from tests.real.printer import PrinterEmulator, printer_emulator
from tests.real.programs import program, wait_until
from visitor.core.actors import SYSTEM
from visitor.core.clock import ShiftedClock
from visitor.core.permissions import Purpose
from visitor.imaging.qr import read_codes
from visitor.people import queries as people
from visitor.privacy.purge import run_purge

pytestmark = pytest.mark.real

NAME = "Zoë Quillfeather-Ångström"
COMPANY = "Brackwater Instruments"
EMAIL = "zoe.quillfeather@brackwater.example"


def test_a_visitor_from_kiosk_to_proven_erasure(tmp_path: Path) -> None:
    room = tmp_path / "house"
    room.mkdir()
    with (
        printer_emulator(tmp_path) as printer,
        rtsp_camera(tmp_path, scenes.face()) as camera,
    ):
        home = house.build(room, camera=camera, printer=printer.uri)
        with house.serving(home):
            number = sign_in_at_kiosk(tmp_path, home)
            token, picture = printed_badge(tmp_path, printer)
            photo = sealed_photo(home)
            scan_doors(home, token)
            security_finds_it(home, number)
            sign_out_at_kiosk(tmp_path, home, picture)
    verify_ledger(home)
    backup = back_up(tmp_path, home)
    visitor_is_findable(home, photo)
    purge_a_year_later(home)
    nothing_is_left(home, backup, photo)
    verify_ledger(home)
    export_convinces_a_stranger(tmp_path, home)


def sign_in_at_kiosk(tmp_path: Path, home: House) -> str:
    film = browser.make_y4m([scenes.face()], tmp_path / "face.y4m")
    with browser.device(tmp_path / "profile", camera_file=film) as device:
        page = device.pages[0]
        kiosk.pair(page, home.address, home.pairing_code)
        number = kiosk.sign_in(page, name=NAME, company=COMPANY, email=EMAIL, host="Sanne")
        expect(page.locator("[data-print=printed]")).to_be_visible()
    return number


def printed_badge(tmp_path: Path, printer: PrinterEmulator) -> tuple[str, Image.Image]:
    (document,) = printer.documents()
    pdftoppm = program("pdftoppm", "poppler-utils")
    subprocess.run([pdftoppm, "-r", "300", "-png", str(document), str(tmp_path / "badge")], check=True)
    (page,) = tmp_path.glob("badge*.png")
    picture = Image.open(page).convert("RGB")
    (token,) = read_codes(picture)
    assert token.startswith("VB1:")
    assert len(token) == 148
    return token, picture


def sealed_photo(home: House) -> bytes:
    """The portrait as it is kept, opened by the system, to search for its bytes later."""
    with house.opened(home.config) as runtime, runtime.transaction(SYSTEM) as work:
        (visit_id,) = people.search(work, [home.site_id], "quillfeather", 5)
        photo = people.photo(work, visit_id, Purpose.PRIVACY_CONTROL)
    assert photo is not None
    return photo


def scan_doors(home: House, token: str) -> None:
    entered = scan(home, home.entrance_id, token)
    assert (entered["granted"], entered["reason"]) == (True, "granted")
    refused = scan(home, home.server_hall_id, token)
    assert (refused["granted"], refused["reason"]) == (False, "no_rights_to_zone")


def scan(home: House, point_id: uuid.UUID, token: str) -> dict[str, object]:
    body = {
        "scan_id": str(uuid.uuid4()),
        "access_point_id": str(point_id),
        "credential": token,
        "scanned_at": datetime.now(UTC).isoformat(),  # noqa: TID251  the reader's own clock
    }
    request = urllib.request.Request(
        f"{home.address}/api/v1/scans",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {home.device_token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        read: dict[str, object] = json.load(answer)
    return read


def security_finds_it(home: House, number: str) -> None:
    with browser.browser() as chromium:
        page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
        staff_signs_in(page, home, "guard")
        page.goto(f"{home.address}/security/?words=quillfeather")
        row = page.locator("tbody tr", has_text="Main entrance")
        expect(row).to_contain_text("Lobby")
        expect(row).to_contain_text(NAME)
        expect(row).to_contain_text(number)
        shown = still_of(page)
        expect(page.locator("tbody tr", has_text="Server hall door")).to_contain_text("Refused")
    assert looks_like(shown, scenes.face())


def staff_signs_in(page: Page, home: House, name: str) -> None:
    page.goto(f"{home.address}/sign-in")
    page.locator("input[name=login_name]").fill(name)
    page.locator("input[name=password]").fill(house.PASSWORD)
    page.locator("form button").first.click()
    page.wait_for_url(lambda address: "sign-in" not in address)


def still_of(page: Page) -> Image.Image:
    """The picture beside the event, as the page loaded it; the job that takes it may still be running."""
    picture = page.locator("tbody tr img").first

    def loaded() -> bool:
        if picture.count() and picture.evaluate("image => image.complete && image.naturalWidth > 0"):
            return True
        page.reload()
        return False

    wait_until(loaded, "the still picture")
    address = picture.evaluate("image => image.src")
    body = page.evaluate(
        """async address => {
            const answer = await fetch(address);
            if (!answer.ok) throw new Error(`the still answered ${answer.status}`);
            const bytes = new Uint8Array(await answer.arrayBuffer());
            return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
        }""",
        address,
    )
    return Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB")


def looks_like(shown: Image.Image, scene: Image.Image) -> bool:
    """Whether the picture is of that scene: mean difference below 12 of 255 at a small size."""
    size = (64, 48)
    difference = ImageChops.difference(shown.resize(size).convert("L"), scene.resize(size).convert("L"))
    return ImageStat.Stat(difference).mean[0] < 12


def sign_out_at_kiosk(tmp_path: Path, home: House, picture: Image.Image) -> None:
    film = browser.make_y4m([scenes.held_up(picture)], tmp_path / "badge.y4m")
    with browser.device(tmp_path / "profile", camera_file=film) as device:
        page = device.pages[0]
        page.goto(f"{home.address}/kiosk/")
        kiosk.sign_out_by_camera(page)


def command(home: House, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "visitor.cli", "--config", str(home.config), *words],
        capture_output=True,
        text=True,
        check=False,
    )


def verify_ledger(home: House) -> None:
    verified = command(home, "ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def back_up(tmp_path: Path, home: House) -> Path:
    backup = tmp_path / "backup"
    made = command(home, "backup", str(backup))
    assert made.returncode == 0, made.stdout + made.stderr
    return backup


def visitor_is_findable(home: House, photo: bytes) -> None:
    """Before the purge the records are there, and already nothing of them stands in clear in any file."""
    with house.opened(home.config) as runtime, runtime.transaction(SYSTEM) as work:
        (visit_id,) = people.search(work, [home.site_id], "zoë quillfeather", 5)
        contact = people.contacts(work, [visit_id], Purpose.PRIVACY_CONTROL)[visit_id]
    assert (contact.name, contact.email) == (NAME, EMAIL)
    assert photo.startswith(b"\xff\xd8")


def purge_a_year_later(home: House) -> None:
    with house.opened(home.config, ShiftedClock(timedelta(days=400))) as runtime:
        outcome = run_purge(runtime)
        assert outcome.refusal is None


def nothing_is_left(home: House, backup: Path, photo: bytes) -> None:
    words = {NAME, *NAME.replace("-", " ").split(), COMPANY, "Brackwater", EMAIL, "zoe.quillfeather"}
    wanted = evidence.spellings(words) | evidence.pieces(photo)
    assert evidence.files_with(home.data, wanted) == []
    assert evidence.files_with(backup, wanted) == []
    with house.opened(home.config) as runtime, runtime.transaction(SYSTEM) as work:
        assert people.search(work, [home.site_id], "quillfeather", 5) == []


def export_convinces_a_stranger(tmp_path: Path, home: House) -> None:
    target = tmp_path / "ledger.zip"
    made = command(home, "ledger", "export", str(target))
    assert made.returncode == 0, made.stdout + made.stderr
    judged = subprocess.run([sys.executable, "-I", str(target), "report"], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout

"""A morning at the reception: the board lives, visitors come and go, the printer is broken, the mouse too."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.flows import house, looks, staff
from tests.flows.house import House
from tests.real import browser, scenes
from tests.real.programs import free_port, program
from visitor.core.clock import SystemClock
from visitor.imaging.qr import read_codes

pytestmark = pytest.mark.real


@dataclass(frozen=True, slots=True)
class Desk:
    """A reception whose printer is switched off."""

    home: House
    chromium: Browser
    photo: Path


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    photo = folder / "visitor.jpg"
    scenes.face().save(photo)
    room = folder / "house"
    room.mkdir()
    home = house.build(room, printer=f"ipp://127.0.0.1:{free_port()}/ipp/print")
    with browser.browser() as chromium, house.serving(home):
        yield Desk(home, chromium, photo)


@pytest.fixture(scope="module")
def signed_in(desk: Desk) -> Page:
    return staff.desk_of(desk.chromium, desk.home, "reception")


@pytest.fixture
def page(desk: Desk, signed_in: Page) -> Page:
    """The receptionist's board."""
    signed_in.goto(f"{desk.home.address}/desk/")
    return signed_in


def sign_in(page: Page, name: str, photo: Path | None = None, *, visit_type: str = "Guest", company: str = "") -> None:
    """Sign a visitor in at the desk; ends on the visit's page."""
    page.get_by_role("link", name="Sign in a visitor").click()
    page.get_by_role("radio", name=visit_type).check()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Company").fill(company)
    choose_host(page)
    if photo is not None:
        page.get_by_label("Photo").set_input_files(photo)
    page.get_by_label("The visitor has been given the notice").check()
    page.get_by_role("button", name="Sign in and print badge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def choose_host(page: Page) -> None:
    page.get_by_role("combobox", name="Host").fill("Jon")
    page.get_by_role("option", name="Jonas Weber").click()


def is_live(page: Page) -> None:
    expect(page.locator("[data-live-state=live]")).to_be_attached()
    page.evaluate("globalThis.sameDocument = true")


def test_board_follows_what_happens_elsewhere(desk: Desk, page: Page) -> None:
    other = staff.desk_of(desk.chromium, desk.home, "reception")
    is_live(page)
    sign_in(other, "Live Arrival")
    expect(page.locator("#on-site .visit-row", has_text="Live Arrival")).to_be_visible()
    other.get_by_role("button", name="Sign out").first.click()
    expect(page.locator("#on-site .visit-row", has_text="Live Arrival")).to_have_count(0)
    expect(page.locator("#gone .visit-row", has_text="Live Arrival")).to_have_count(1)
    assert page.evaluate("globalThis.sameDocument")
    other.context.close()


def test_visitor_signed_in_with_photo_gets_a_badge_printed_from_the_browser(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    sign_in(page, "Petra Printed", desk.photo, company="Brackwater")
    page.wait_for_function("() => [...document.querySelectorAll('main img')].every((each) => each.naturalWidth > 50)")
    expect(page.locator("main img")).to_have_count(2)
    link = page.get_by_role("link", name="Print from this browser")
    with page.expect_popup() as opened:
        link.click()
    opened.value.close()
    answer = page.context.request.get(f"{desk.home.address}{link.get_attribute('href')}")
    assert answer.headers["content-type"] == "application/pdf"
    (tmp_path / "badge.pdf").write_bytes(answer.body())
    pdftoppm = program("pdftoppm", "poppler-utils")
    subprocess.run([pdftoppm, "-r", "300", "-png", tmp_path / "badge.pdf", tmp_path / "badge"], check=True)
    (sheet,) = tmp_path.glob("badge*.png")
    assert [code[:4] for code in read_codes(Image.open(sheet).convert("RGB"))] == ["VB1:"]


def test_fault_of_the_printer_is_told_on_board_and_visit(desk: Desk, page: Page) -> None:
    is_live(page)
    fault = page.locator(".callout", has_text="The printer does not answer.")
    expect(fault).to_contain_text("Badge printer")
    sign_in(page, "Walter Waiting")
    expect(page.locator("#visit-badge")).to_contain_text(re.compile("being printed|does not answer"))


def test_wrong_photo_and_missing_answers_lose_nothing(desk: Desk, page: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "letter.jpg"
    wrong.write_text("Dear Sir")
    page.get_by_role("link", name="Sign in a visitor").click()
    page.get_by_role("radio", name="Guest").check()
    page.get_by_label("Name", exact=True).fill("Wanda Wrong")
    page.get_by_label("E-mail").fill("wanda@wrong.example")
    page.get_by_label("Photo").set_input_files(wrong)
    page.get_by_label("The visitor has been given the notice").check()
    page.get_by_role("button", name="Sign in and print badge").click()
    expect(page.get_by_role("alert")).to_contain_text("Not signed in yet")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Wanda Wrong")
    expect(page.get_by_label("E-mail")).to_have_value("wanda@wrong.example")
    expect(page.get_by_role("radio", name="Guest")).to_be_checked()
    expect(page.locator("#field-photo-error")).to_contain_text("not a JPEG or PNG")
    choose_host(page)
    page.get_by_role("button", name="Sign in and print badge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wanda Wrong")


def test_id_is_ticked_and_badge_is_reprinted_and_revoked(page: Page) -> None:
    sign_in(page, "Tess Ticked", visit_type="Contractor")
    page.get_by_role("button", name="I have seen it").click()
    expect(page.locator("#visit-events")).to_contain_text("Identity document seen")
    expect(page.get_by_role("button", name="I have seen it")).to_have_count(0)
    page.get_by_role("button", name="Reprint badge").click()
    dialog = page.get_by_role("dialog", name="Reprint badge")
    dialog.get_by_label("Reason").select_option("damaged")
    dialog.get_by_role("button", name="Reprint", exact=True).click()
    expect(page.locator("#visit-badge")).to_contain_text("Copy 2")
    expect(page.locator(".toast")).to_contain_text("The one before no longer works.")
    page.get_by_role("button", name="Revoke badge").click()
    dialog = page.get_by_role("dialog", name="Revoke badge")
    dialog.get_by_label("Reason").select_option("lost")
    dialog.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.locator("#visit-badge")).to_contain_text("Revoked")
    expect(page.get_by_role("link", name="Print from this browser")).to_have_count(0)
    expect(page.get_by_role("button", name="Revoke badge")).to_have_count(0)


def test_expected_visitor_is_found_received_and_signed_out(page: Page) -> None:
    page.get_by_role("link", name="Expect a visitor").click()
    page.get_by_role("radio", name="Guest").check()
    page.get_by_label("Name", exact=True).fill("Éva Expected")
    today = SystemClock().now().date()  # where it is about noon, the day is that of UTC
    page.get_by_label("Expected").fill(f"{today}T18:00")
    choose_host(page)
    page.get_by_role("button", name="Put on the list").click()
    sign_in(page, "Somebody Else")
    page.get_by_role("link", name="Reception").first.click()
    is_live(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("eva")
    expect(page.locator(".visit-row:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".visit-row:visible")).to_have_count(1)
    page.locator("#expected .visit-row").get_by_role("link", name="Sign in").click()
    page.get_by_label("The visitor has been given the notice").check()
    page.get_by_role("button", name="Sign in and print badge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Éva Expected")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.locator("#gone .visit-row", has_text="Éva Expected")).to_have_count(1)


def test_visitor_is_signed_in_by_keyboard_alone(desk: Desk, page: Page) -> None:
    looks.tab_to(page, page.get_by_role("link", name="Sign in a visitor"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/sign-in")
    looks.tab_to(page, page.get_by_role("radio").first)
    page.keyboard.press("Space")
    looks.tab_to(page, page.get_by_label("Name", exact=True))
    page.keyboard.type("Kay Board")
    looks.tab_to(page, page.get_by_role("combobox", name="Host"))
    page.keyboard.type("sanne")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    looks.tab_to(page, page.get_by_label("The visitor has been given the notice"))
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kay Board")
    looks.tab_to(page, page.get_by_role("button", name="Reprint badge"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Reprint badge")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Reprint badge")).to_be_focused()
    looks.tab_to(page, page.get_by_role("button", name="Sign out").first)
    page.keyboard.press("Enter")
    expect(page.locator("#gone .visit-row", has_text="Kay Board")).to_have_count(1)


def test_guard_sees_no_button_that_is_not_for_guards(desk: Desk, page: Page) -> None:
    sign_in(page, "Gregor Guarded")
    visit = page.url
    guard = staff.desk_of(desk.chromium, desk.home, "guard")
    guard.goto(f"{desk.home.address}/desk/")
    expect(guard.locator(".visit-row", has_text="Gregor Guarded")).to_be_visible()
    for name in ("Sign in a visitor", "Expect a visitor", "Sign in", "Reprint badge"):
        expect(guard.get_by_role("link", name=name)).to_have_count(0)
    expect(guard.locator("main").get_by_role("button", name="Sign out")).to_have_count(0)
    broken: list[str] = []
    guard.on("response", lambda answer: broken.append(answer.url) if answer.status >= 400 else None)
    guard.goto(visit, wait_until="networkidle")
    expect(guard.locator(".badge-card")).to_contain_text("No picture of the badge")
    expect(guard.get_by_role("button", name="Revoke badge")).to_be_visible()
    assert broken == []
    guard.context.close()

"""Rules that every file of the kiosk app keeps."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.kiosk.sources import APP, scripts

MOST_BYTES = 60 * 1024
MOST_LINES = 300
FORBIDDEN = {
    "markup from text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment",
    "code from text": r"\beval\(|new Function\(|setTimeout\('",
    "inline style": r"\.cssText|setAttribute\('style'|\bstyle: ['\"`{]",
    "logging": r"\bconsole\.",
    "a foreign address": r"https?://(?!www\.w3\.org/2000/svg)",
    "a store that outlives the visitor": r"localStorage|sessionStorage|document\.cookie",
}


def _name(path: Path) -> str:
    return str(path.relative_to(APP))


@pytest.mark.parametrize("path", scripts(), ids=_name)
@pytest.mark.parametrize("rule", FORBIDDEN)
def test_no_script_uses_what_is_forbidden(path: Path, rule: str) -> None:
    assert re.findall(FORBIDDEN[rule], path.read_text()) == []


@pytest.mark.parametrize("path", scripts(), ids=_name)
def test_every_script_is_typed_short_and_named_exports_only(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("// @ts-check\n")
    assert len(text.splitlines()) <= MOST_LINES
    assert "export default" not in text


@pytest.mark.parametrize("path", scripts(), ids=_name)
def test_every_import_names_a_file_that_exists(path: Path) -> None:
    for target in re.findall(r"(?:from|import\() ?'(\.[^']+)'", path.read_text()):
        assert (path.parent / target).is_file(), target


def test_page_has_no_inline_script_style_or_handler() -> None:
    page = (APP / "index.html").read_text()
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert re.findall(r"https?://", page) == []


@pytest.mark.parametrize("path", sorted(APP.glob("*.css")), ids=_name)
def test_styles_fetch_nothing_and_know_no_left_or_right(path: Path) -> None:
    text = path.read_text()
    assert "url(" not in text
    assert "@import" not in text
    assert re.findall(r"(?:margin|padding|border)-(?:left|right)|text-align: (?:left|right)|float:", text) == []


def test_page_asks_only_for_files_that_exist() -> None:
    for address in re.findall(r"(?:href|src)=\"/kiosk/app/([^\"]+)\"", (APP / "index.html").read_text()):
        assert (APP / address).is_file(), address


def test_service_worker_keeps_every_file_of_the_app() -> None:
    listed = set(re.findall(r"'/kiosk/app/([^']+)'", (APP / "sw.js").read_text()))
    on_disk = {_name(path) for path in APP.rglob("*") if path.is_file()}
    # The page is kept under its own address, a worker is kept by the browser, and types are not loaded.
    assert listed == on_disk - {"index.html", "sw.js", "types.js"}
    assert "'/kiosk/'," in (APP / "sw.js").read_text()


def test_what_one_visitor_loads_fits_sixty_kilobytes_compressed() -> None:
    """All code and style, the English fallback, and the largest of the other catalogues."""
    catalogues = {path: _compressed(path) for path in scripts() if path.parent.name == "messages"}
    english = next(size for path, size in catalogues.items() if path.stem == "en")
    other = max(size for path, size in catalogues.items() if path.stem != "en")
    code = sum(_compressed(path) for path in [*scripts(), *APP.glob("*.css")] if path not in catalogues)
    assert code + english + other <= MOST_BYTES, f"{code} + {english} + {other} bytes"


def _compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 6))

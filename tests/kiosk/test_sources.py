"""Rules that every file of the kiosk app keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kiosk.sources import APP, scripts
from visitor.kiosks import app_files

MOST_BYTES = 60 * 1024
MOST_LINES = 300
CATALOGUES = {f"messages/{path.name}" for path in (APP / "messages").glob("*.js")}
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


def test_worker_and_page_as_served_name_every_file_of_the_app() -> None:
    worker = _wire("sw.js").decode()
    on_disk = {_name(path) for path in APP.rglob("*") if path.is_file()}
    # The page is kept under its own address, a worker is kept by the browser, and types are not loaded.
    assert set(re.findall(r"'/kiosk/app/([^']+)'", worker)) == on_disk - {"index.html", "sw.js", "types.js"}
    assert "'/kiosk/'," in worker
    assert "unversioned" not in worker
    loaded_first = set(
        re.findall(r'<link rel="modulepreload" href="/kiosk/app/([^"]+)">', _wire("index.html").decode())
    )
    assert loaded_first == {name for name in on_disk if name.endswith(".js")} - CATALOGUES - {"sw.js", "types.js"}


def test_no_module_is_found_only_after_another_was_read() -> None:
    """Every static import is named by the page; texts of the language in use are the one thing that follows."""
    dynamic = {path.name: re.findall(r"\bimport\(([`'][^)]*)\)[^}]", path.read_text()) for path in scripts()}
    dynamic = {name: [each for each in found if each.startswith("`")] for name, found in dynamic.items()}
    assert {name: found for name, found in dynamic.items() if found} == {"main.js": ["`./messages/${language}.js`"]}


def test_what_one_visitor_loads_fits_sixty_kilobytes_on_the_wire() -> None:
    """The page, all code and style, and the largest catalogue: the language in use is the only one that is loaded."""
    catalogues = {name: len(_wire(name, "br")) for name in CATALOGUES}
    names = ["index.html", *(name for name in app_files.loaded_files() if name.endswith((".js", ".css")))]
    code = sum(len(_wire(name, "br")) for name in names if name not in CATALOGUES)
    assert code + max(catalogues.values()) <= MOST_BYTES, f"{code} + {catalogues}"


def _wire(name: str, encoding: str = "identity") -> bytes:
    found = app_files.served(name)
    assert found is not None
    return found.encodings[encoding]

"""One style sheet, scripts that are fetched together, and addresses whose content never changes."""

import re
from importlib import resources

import pytest
from flask.testing import FlaskClient

from tests.web import app, client
from visitor.app import assets

__all__ = ["app", "client"]
SOURCES = resources.files("visitor.app") / "static"


def linked(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)


def test_page_asks_for_one_style_sheet_and_names_every_script_at_once(client: FlaskClient) -> None:
    page = client.get("/sign-in").get_data(as_text=True)

    found = linked(page)
    assert len([path for path in found if path.endswith(".css")]) == 1
    scripts = {path.rpartition("/js/")[2] for path in found if path.endswith(".js")}
    assert scripts == {each.name for each in (SOURCES / "js").iterdir()} - {"types.js"}


def test_everything_that_a_page_links_is_kept_for_good(client: FlaskClient) -> None:
    for path in linked(client.get("/sign-in").get_data(as_text=True)):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_address_from_before_an_upgrade_still_answers_and_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/assets/0123456789abcdef/staff.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path", ["/assets/0/nothing.css", "/assets/0/../pages.py", "/assets/0/css/base.css", "/static/css/base.css"]
)
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_sheet_holds_every_source_in_its_layer_and_imports_nothing() -> None:
    sheet = assets.read(SOURCES).files[assets.SHEET].decode()

    assert "@import" not in sheet
    assert sheet.index("@layer tokens, base") < sheet.index("@layer tokens {")
    for name in (".button", ".toast", ".visit-row", "--accent"):
        assert name in sheet


def test_style_sheet_that_nobody_imports_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lost\.css"):
        assets.composed({"css/staff.css": b"@layer base;", "css/components/lost.css": b"p{}"})


def test_one_changed_byte_makes_another_address() -> None:
    first = assets.read(SOURCES)
    assert first.digest == assets.read(SOURCES).digest
    assert first.href("staff.css") == f"/assets/{first.digest}/staff.css"
    with pytest.raises(KeyError):
        first.href("css/base.css")

"""The page of components shows every macro, in each state that it can have."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web import SignIn
from visitor.core.permissions import Role

TEMPLATES = Path(__file__).parents[2] / "templates"
PAGE = (TEMPLATES / "app" / "style.html").read_text()
FRAME = (TEMPLATES / "layouts" / "staff.html").read_text()
PARTS = {"field_error", "field_label", "described", "csrf"}
"""Made for other macros, or without anything to be seen."""
STATES = {"error": "error=", "disabled": "disabled=true"}


def macros() -> dict[str, set[str]]:
    """The macros of all components by name, and the names of what they take."""
    found = {}
    for path in sorted((TEMPLATES / "components").glob("*.html")):
        for made in re.finditer(r"{% macro (\w+)\((.*?)\) -?%}", path.read_text(), re.DOTALL):
            found[made[1]] = set(re.findall(r"(\w+)\s*(?:=|,|$)", made[2]))
    return found


MACROS = macros()


def shown(name: str) -> list[str]:
    """What stands in the calls of a macro."""
    return re.findall(rf"(?<!\w){name}\((.*?)(?: }}}}| %}})", PAGE + FRAME)


def test_macros_are_found() -> None:
    assert {"button", "field", "table", "zone_map"} <= MACROS.keys()


@pytest.mark.parametrize("name", sorted(MACROS.keys() - PARTS))
def test_every_component_is_shown(name: str) -> None:
    assert shown(name)


@pytest.mark.parametrize(
    ("name", "state"),
    [(name, state) for name in sorted(MACROS.keys() - PARTS) for state in sorted(STATES.keys() & MACROS[name])],
)
def test_every_state_of_a_component_is_shown(name: str, state: str) -> None:
    assert any(STATES[state] in call for call in shown(name))


def test_page_shows_what_is_empty_long_and_from_the_right(sign_in: SignIn) -> None:
    admin: FlaskClient = sign_in(Role.ADMINISTRATOR)
    text = admin.get("/admin/style").get_data(as_text=True)
    assert 'class="empty' in text
    assert "Wolfeschlegelsteinhausenbergerdorff" * 3 in text
    assert 'dir="rtl"' in text
    assert 'aria-sort="ascending"' in text
    turned = admin.get("/admin/style?sort=scans&order=desc").get_data(as_text=True)
    assert 'aria-sort="descending"' in turned

"""The kiosk app's files as text, for the rules that its sources must keep."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "kiosk" / "app"
LANGUAGES = tuple(sorted(path.stem for path in (APP / "messages").glob("*.js")))
_ENTRY = re.compile(r"^  '(?P<key>[^']+)': '(?P<text>(?:[^'\\]|\\.)*)',$", re.MULTILINE)


def scripts() -> list[Path]:
    """Every JavaScript file of the app."""
    return sorted(APP.rglob("*.js"))


def code() -> str:
    """All code that may use a message: everything but the catalogues."""
    return "\n".join(path.read_text() for path in scripts() if path.parent.name != "messages")


@cache
def catalogue(language: str) -> dict[str, str]:
    """The messages of one language."""
    text = (APP / "messages" / f"{language}.js").read_text()
    entries = {match["key"]: match["text"] for match in _ENTRY.finditer(text)}
    # A line that the pattern does not know would be a message that no test sees.
    assert len(entries) == text.count("\n") - 4, f"{language}.js holds a line of another shape, or a key twice"
    return entries

"""Looking for what must be gone, byte by byte."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

TELLING = 8
"""Characters of base64 that do not turn up by chance."""


def spellings(texts: Iterable[str]) -> set[bytes]:
    """Return each text as it might stand in a file: UTF-8, UTF-16, JSON escapes, base64 at each offset, other case."""
    found: set[bytes] = set()
    for text in texts:
        for form in (text, text.casefold(), text.upper()):
            found |= {form.encode(), form.encode("utf-16-le"), form.encode("unicode_escape")}
        found |= set(_encoded(text.encode()))
    return found


def pieces(picture: bytes, length: int = 48) -> set[bytes]:
    """Return some stretches from inside a picture, as they are and in base64."""
    places = range(len(picture) // 4, len(picture) - length, max(length, len(picture) // 16))
    raw = {picture[place : place + length] for place in places}
    return raw | {encoded for piece in raw for encoded in _encoded(piece)}


def files_with(folder: Path, wanted: set[bytes]) -> list[str]:
    """Return the files below `folder` in which any of the byte strings stands, with the string."""
    return [
        f"{path.relative_to(folder)}: {text!r}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for text in _found(path.read_bytes(), wanted)
    ]


def _found(content: bytes, wanted: set[bytes]) -> Iterator[bytes]:
    return (text for text in wanted if text in content)


def _encoded(raw: bytes) -> Iterator[bytes]:
    # Base64 of a text depends on where it begins; the ends that its neighbours share are cut off.
    for shift in range(3):
        middle = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]
        if len(middle) >= TELLING:
            yield middle

"""The search for what must be gone finds it when it is there."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.flows import evidence


@pytest.mark.parametrize(
    "hidden",
    [
        b"x Quillfeather y",
        b"x quillfeather y",
        "Quillfeather".encode("utf-16-le"),
        b'{"name": "Zo\\u00eb"}'.replace(b"\\u00eb", b"\\xeb"),
        base64.b64encode(b"a Quillfeather in the middle"),
        base64.b64encode(b"ab Quillfeather in the middle"),
        base64.b64encode(b"abc Quillfeather in the middle"),
    ],
)
def test_a_name_is_found_however_it_is_written(tmp_path: Path, hidden: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file.bin").write_bytes(b"\0" * 1000 + hidden + b"\0" * 1000)

    assert evidence.files_with(tmp_path, evidence.spellings({"Quillfeather", "Zoë"}))


def test_a_piece_of_a_picture_is_found(tmp_path: Path) -> None:
    picture = bytes(range(256)) * 40
    (tmp_path / "file.bin").write_bytes(b"before" + picture[3000:4000] + b"after")

    assert evidence.files_with(tmp_path, evidence.pieces(picture))


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(bytes(range(256)) * 4)

    assert evidence.files_with(tmp_path, evidence.spellings({"Quillfeather", "Zoë"})) == []

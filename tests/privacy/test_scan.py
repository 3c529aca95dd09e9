"""The scan finds every trace wherever it lies, and nothing else."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.privacy import scan

BLOCK = 1 << 20
PROBE = b"0123456789abcdefPROBE"


@pytest.mark.parametrize("place", [0, 1, 4095, BLOCK - len(PROBE), BLOCK - 7, BLOCK - 1, BLOCK, 2 * BLOCK - 3])
def test_a_trace_is_found_once_wherever_it_lies(tmp_path: Path, place: int) -> None:
    path = tmp_path / "some.db"
    path.write_bytes(bytes(place) + PROBE + bytes(2 * BLOCK))

    report = scan.scan([path], [PROBE, os.urandom(24)], 1)

    assert report.hits == 1
    assert report.places == ("some.db",)


def test_no_trace_is_no_hit(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    path.write_bytes(os.urandom(2 * BLOCK))

    report = scan.scan([path, tmp_path / "missing"], [os.urandom(24) for _ in range(200)], 20)

    assert (report.hits, report.files, report.probes) == (0, 1, 200)


@given(before=st.binary(max_size=64), after=st.binary(max_size=64), probe=st.binary(min_size=8, max_size=40))
def test_it_agrees_with_a_plain_search(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes, probe: bytes
) -> None:
    path = tmp_path_factory.mktemp("scan") / "file"
    content = before + probe + after
    path.write_bytes(content)

    expected = sum(content.startswith(probe, place) for place in range(len(content)))
    assert scan.scan([path], [probe], 1).hits == expected

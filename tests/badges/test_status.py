"""The signed status list: golden vectors, round trip, and every damage refused."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.badges.test_token import SIGNER, VERIFIER
from visitor.badges.status import StatusList, encode_status_list, read_status_list, status_bits
from visitor.badges.token import TokenRefused

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "status.json").read_text("utf-8"))
ISSUED_AT = datetime(2026, 5, 1, 8, tzinfo=UTC)


def status(size: int, revoked: list[int]) -> StatusList:
    return StatusList(7, ISSUED_AT, timedelta(minutes=5), size, status_bits(revoked, size))


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_refused_vectors_are_refused_for_their_reason(vector: dict[str, str]) -> None:
    with pytest.raises(TokenRefused) as refused:
        read_status_list(bytes.fromhex(vector["packed"]), VERIFIER)
    assert refused.value.reason == vector["reason"]


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["name"])
def test_accepted_vectors_say_what_they_should(vector: dict[str, Any]) -> None:
    read = read_status_list(bytes.fromhex(vector["packed"]), VERIFIER)
    assert (read.site, read.size) == (vector["site"], vector["size"])
    assert read.issued_at == datetime.fromisoformat(vector["issued_at"])
    assert read.ttl == timedelta(seconds=vector["ttl_seconds"])
    assert [index for index in range(read.size) if read.is_revoked(index)] == vector["revoked"]


@given(st.integers(0, 3000).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, max(size - 1, 0))))))
def test_a_list_says_what_was_signed(sized: tuple[int, set[int]]) -> None:
    size, revoked = sized
    made = status(size, sorted(revoked) if size else [])
    assert read_status_list(encode_status_list(made, SIGNER), VERIFIER) == made


@given(st.data())
def test_any_flipped_bit_is_refused(choices: st.DataObject) -> None:
    packed = bytearray(encode_status_list(status(500, [3, 77]), SIGNER))
    bit = choices.draw(st.integers(0, len(packed) * 8 - 1))
    packed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(TokenRefused):
        read_status_list(bytes(packed), VERIFIER)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(packed: bytes) -> None:
    for candidate in (packed, b"VBS1" + packed):
        with pytest.raises(TokenRefused):
            read_status_list(candidate, VERIFIER)


def test_a_badge_handed_out_after_the_list_is_not_revoked_by_it() -> None:
    made = status(9, [8])
    assert made.is_revoked(8)
    assert not made.is_revoked(9)
    assert not made.is_revoked(100_000)


def test_a_list_is_stale_when_its_time_has_passed() -> None:
    made = status(1, [])
    assert not made.is_stale(ISSUED_AT + timedelta(minutes=4, seconds=59))
    assert made.is_stale(ISSUED_AT + timedelta(minutes=5))


def test_a_million_badges_fit_in_few_kilobytes_when_few_are_revoked() -> None:
    assert len(encode_status_list(status(1_000_000, list(range(0, 1_000_000, 10_000))), SIGNER)) < 4_000


def test_a_place_outside_the_list_cannot_be_set() -> None:
    with pytest.raises(ValueError, match="outside"):
        status_bits([8], 8)


def test_bits_that_do_not_fit_are_not_signed() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        encode_status_list(StatusList(7, ISSUED_AT, timedelta(minutes=5), 7, b"\x80"), SIGNER)

"""Sealed bytes open in their own place, under their own key, unchanged; nowhere else."""

import secrets
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.core.classes import DataClass
from visitor.people import vault
from visitor.people.vault import Damaged, Place

KEY = bytes(range(32))
PLACE = Place(UUID(int=1), DataClass.CONTACT, UUID(int=2))


@pytest.mark.parametrize(
    "other",
    [
        Place(UUID(int=9), PLACE.data_class, PLACE.site_id),
        Place(PLACE.record_id, DataClass.NOTE, PLACE.site_id),
        Place(PLACE.record_id, PLACE.data_class, UUID(int=9)),
        Place(PLACE.site_id, PLACE.data_class, PLACE.record_id),
    ],
)
def test_bytes_moved_to_another_place_do_not_open(other: Place) -> None:
    sealed = vault.seal(KEY, PLACE, b"content")
    with pytest.raises(Damaged):
        vault.unseal(KEY, other, sealed)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed + b"\0",
        lambda _sealed: b"",
        lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
        lambda sealed: sealed[:20] + bytes([sealed[20] ^ 128]) + sealed[21:],
    ],
)
def test_changed_bytes_do_not_open(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Damaged):
        vault.unseal(KEY, PLACE, spoil(vault.seal(KEY, PLACE, b"some longer content")))


def test_another_key_does_not_open() -> None:
    with pytest.raises(Damaged):
        vault.unseal(secrets.token_bytes(32), PLACE, vault.seal(KEY, PLACE, b"content"))


@given(content=st.binary(max_size=5_000))
def test_what_was_sealed_comes_back(content: bytes) -> None:
    assert vault.unseal(KEY, PLACE, vault.seal(KEY, PLACE, content)) == content


def test_sealing_the_same_twice_gives_different_bytes() -> None:
    sealed = {vault.seal(KEY, PLACE, b"content") for _ in range(50)}
    assert len({each[: vault.NONCE_BYTES] for each in sealed}) == 50

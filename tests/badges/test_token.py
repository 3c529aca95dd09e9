"""The VB1 token: the golden vectors, and what must hold for every token."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from visitor.badges.token import (
    EPOCH,
    TOKEN_CHARACTERS,
    BadgeClaims,
    BadgeFlags,
    BadgeKind,
    BadgeSigner,
    BadgeVerifier,
    TokenFault,
    TokenRefused,
    encode,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "token.json").read_text("utf-8"))
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test key, never use").digest())
SIGNER = BadgeSigner(1, PRIVATE_KEY)
VERIFIER = BadgeVerifier(
    {
        int(number): Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        for number, key in VECTORS["public_keys"].items()
    }
)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
LAST_START = EPOCH + timedelta(minutes=2**24 - 1)

CLAIMS = st.builds(
    lambda life, **fields: BadgeClaims(expires_at=fields["not_before_at"] + life, **fields),
    life=st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=65_000)),
    kind=st.sampled_from(BadgeKind),
    key_id=st.just(1),
    site=st.integers(0, 2**16 - 1),
    badge=st.integers(0, 2**64 - 1),
    copy=st.integers(0, 255),
    not_before_at=st.datetimes(EPOCH.replace(tzinfo=None), LAST_START.replace(tzinfo=None), timezones=st.just(UTC)),
    zones=st.integers(0, 2**32 - 1),
    flags=st.integers(0, 15).map(BadgeFlags),
    status_index=st.integers(0, 2**24 - 1),
)


def claims_of(fields: dict[str, Any]) -> BadgeClaims:
    return BadgeClaims(
        kind=BadgeKind(fields["kind"]),
        key_id=fields["key_id"],
        site=fields["site"],
        badge=int(fields["badge"], 16),
        copy=fields["copy"],
        not_before_at=datetime.fromisoformat(fields["not_before_at"]),
        expires_at=datetime.fromisoformat(fields["expires_at"]),
        zones=fields["zones"],
        flags=BadgeFlags(fields["flags"]),
        status_index=fields["status_index"],
    )


ORDINARY = claims_of(VECTORS["accepted"][0]["claims"])


def refusal(text: str) -> TokenFault | None:
    try:
        VERIFIER.verify(text)
    except TokenRefused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_refused_vectors_are_refused_for_their_reason(vector: dict[str, str]) -> None:
    assert refusal(vector["token"]) == vector["reason"]


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["name"])
def test_accepted_vectors_say_what_they_should(vector: dict[str, Any]) -> None:
    claims = claims_of(vector["claims"])
    assert VERIFIER.verify(vector["token"]) == claims
    assert encode(claims, SIGNER) == vector["token"].strip().upper()


def test_the_documented_example_is_the_first_vector() -> None:
    page = (Path(__file__).parents[2] / "docs" / "badge-token.md").read_text("utf-8")
    assert VECTORS["accepted"][0]["token"] in page
    assert VECTORS["accepted"][0]["body"] in page
    assert VECTORS["public_keys"]["1"] in page


@given(CLAIMS)
def test_a_token_says_what_was_signed_with_times_widened_to_minutes(claims: BadgeClaims) -> None:
    token = encode(claims, SIGNER)
    read = VERIFIER.verify(token)

    assert len(token) == TOKEN_CHARACTERS
    assert replace(read, not_before_at=claims.not_before_at, expires_at=claims.expires_at) == claims
    assert timedelta(0) <= claims.not_before_at - read.not_before_at < timedelta(minutes=1)
    life = claims.expires_at - read.not_before_at
    step = timedelta(minutes=1) if life <= timedelta(minutes=65_535) else timedelta(hours=1)
    assert timedelta(0) <= read.expires_at - claims.expires_at < step
    assert encode(read, SIGNER) == token


@given(CLAIMS, st.integers(4, TOKEN_CHARACTERS - 1), st.sampled_from(ALPHABET))
def test_any_changed_character_is_refused(claims: BadgeClaims, place: int, character: str) -> None:
    token = encode(claims, SIGNER)
    changed = token[:place] + character + token[place + 1 :]
    assert (refusal(changed) is None) == (changed == token)


@pytest.mark.parametrize("bit", range(26 * 8))
def test_any_flipped_bit_of_the_body_is_refused(bit: int) -> None:
    token = encode(ORDINARY, SIGNER)
    place, shift = 4 + bit // 5, 4 - bit % 5
    flipped = ALPHABET[ALPHABET.index(token[place]) ^ (1 << shift)]
    assert refusal(token[:place] + flipped + token[place + 1 :]) in {TokenFault.BAD_SIGNATURE, TokenFault.UNKNOWN_KEY}


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    assert refusal(text) is not None
    assert refusal("VB1:" + text) is not None


def test_a_token_of_another_key_with_the_same_number_is_refused() -> None:
    stranger = BadgeSigner(1, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert refusal(encode(ORDINARY, stranger)) is TokenFault.BAD_SIGNATURE


@pytest.mark.parametrize(
    "changed",
    [
        replace(ORDINARY, site=2**16),
        replace(ORDINARY, badge=2**64),
        replace(ORDINARY, badge=-1),
        replace(ORDINARY, copy=256),
        replace(ORDINARY, zones=2**32),
        replace(ORDINARY, status_index=2**24),
        replace(ORDINARY, not_before_at=EPOCH - timedelta(minutes=1)),
        replace(ORDINARY, expires_at=ORDINARY.not_before_at - timedelta(minutes=1)),
        replace(ORDINARY, expires_at=ORDINARY.not_before_at + timedelta(hours=65_536)),
        replace(ORDINARY, key_id=2),
    ],
)
def test_claims_out_of_range_are_not_signed(changed: BadgeClaims) -> None:
    with pytest.raises(ValueError, match=r"out of range|another key"):
        encode(changed, SIGNER)

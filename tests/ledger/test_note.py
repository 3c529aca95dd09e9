"""Signed notes: who signed what, and nothing in between. Both readers must agree."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visitor.ledger.auditor import verify
from visitor.ledger.note import (
    BadNote,
    Checkpoint,
    SigningKey,
    VerifierKey,
    ed25519_verifies,
    open_checkpoint,
    open_note,
    sign_note,
)

ORIGIN = "example.org/visitlog/access"
KEY = SigningKey.from_seed(ORIGIN, bytes(32))
OTHER = SigningKey.from_seed(ORIGIN, bytes([1] * 32))
WITNESS = SigningKey.from_seed("witness.example", bytes([2] * 32))
POINT = Checkpoint(ORIGIN, 5, hashlib.sha256(b"root").digest())
NOTE = POINT.signed(KEY)


def script_trust(*keys: SigningKey) -> verify.Trust:
    return verify.Trust([verify.read_vkey(str(key.verifier)) for key in keys])


def test_unknown_signatures_are_passed_over_wherever_they_stand() -> None:
    for keys in ((KEY, WITNESS), (WITNESS, KEY), (OTHER, KEY)):
        assert open_checkpoint(POINT.signed(*keys), ORIGIN, [KEY.verifier]) == POINT
        assert verify.open_checkpoint(POINT.signed(*keys), ORIGIN, script_trust(KEY)).size == 5


def refused_by_both(note: str, *keys: SigningKey) -> bool:
    with pytest.raises(BadNote):
        open_checkpoint(note, ORIGIN, [key.verifier for key in keys])
    with pytest.raises(ValueError, match=r"^(is|has) "):
        verify.open_checkpoint(note, ORIGIN, script_trust(*keys))
    return True


def test_note_signed_by_nobody_known_is_refused() -> None:
    assert refused_by_both(NOTE)
    assert refused_by_both(NOTE, OTHER)
    assert refused_by_both(POINT.signed(WITNESS), KEY, WITNESS)


def test_one_wrong_signature_by_a_known_key_spoils_the_note() -> None:
    wrong = Checkpoint(ORIGIN, 6, POINT.root).signed(OTHER).rpartition("\n\n")[2]
    assert refused_by_both(NOTE + wrong, KEY, OTHER)


def test_checkpoint_of_another_origin_is_refused_even_if_signed() -> None:
    assert refused_by_both(sign_note(Checkpoint("elsewhere", 5, POINT.root).text(), [KEY]), KEY)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n05\n{'A' * 43}=\n",
        f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"{ORIGIN}\n٣\n{'A' * 43}=\n",
        f"{ORIGIN}\n5\n{'A' * 42}B=\n",
        f"{ORIGIN}\n5\nAAAA\n",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n5\n{'A' * 43}=\nextension\n",
    ],
    ids=["zeros", "negative", "arabic digit", "loose base64", "short root", "no root", "extension"],
)
def test_checkpoint_in_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)
    with pytest.raises((ValueError, IndexError)):
        verify.open_checkpoint(sign_note(text, [KEY]), ORIGIN, script_trust(KEY))


@settings(max_examples=60)
@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(0, 7))
def test_no_changed_bit_in_a_note_passes_either_reader(place: int, bit: int) -> None:
    raw = bytearray(NOTE.encode())
    raw[place] ^= 1 << bit
    assert refused_by_both(raw.decode("utf-8", "replace"), KEY)


@given(st.integers(0, len(str(KEY.verifier)) - 1), st.integers(0, 6))
def test_no_changed_bit_in_a_key_passes_either_reader(place: int, bit: int) -> None:
    raw = bytearray(str(KEY.verifier).encode())
    raw[place] ^= 1 << bit
    with pytest.raises(BadNote):
        VerifierKey.parse(raw.decode())
    with pytest.raises(ValueError, match=r"\w"):
        verify.read_vkey(raw.decode())


def test_key_comes_back_from_its_text() -> None:
    assert VerifierKey.parse(str(KEY.verifier)) == KEY.verifier
    for name in ("", "two words", "a+b"):
        with pytest.raises(BadNote):
            VerifierKey(name, bytes(32))


def test_text_that_could_be_misread_is_not_signed() -> None:
    for text in ("no line end", "tab\there\n", "return\r\n"):
        with pytest.raises(BadNote):
            sign_note(text, [KEY])
    with pytest.raises(BadNote):
        sign_note("fine\n", [])


def test_note_text_may_have_blank_lines() -> None:
    assert open_note(sign_note("one\n\ntwo\n", [KEY]), [KEY.verifier]) == "one\n\ntwo\n"


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511), st.booleans())
def test_plain_python_signatures_agree_with_the_library(seed: bytes, message: bytes, bit: int, spoil: bool) -> None:
    key = SigningKey.from_seed(ORIGIN, seed)
    signature = key.private.sign(message)
    if spoil:
        signature = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
    public = key.verifier.public
    assert verify.ed25519_verifies(public, signature, message) is not spoil
    assert ed25519_verifies(public, signature, message) is not spoil


def test_plain_python_signatures_refuse_what_is_malformed() -> None:
    public, signature = KEY.verifier.public, KEY.private.sign(b"x")
    beyond = (int.from_bytes(signature[32:], "little") + verify.ORDER).to_bytes(32, "little")
    assert verify.ed25519_verifies(public, signature, b"x")
    assert not verify.ed25519_verifies(public, signature[:32] + beyond, b"x")
    assert not verify.ed25519_verifies(public, signature[:-1], b"x")
    assert not verify.ed25519_verifies(b"\xff" * 32, signature, b"x")
    assert not ed25519_verifies(b"short", signature, b"x")

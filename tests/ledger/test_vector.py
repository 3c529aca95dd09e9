"""The published test vector, byte for byte: any other implementation must agree with it."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from visitor.ledger.auditor import verify
from visitor.ledger.encoding import Fields, Leaf, commitment, day_number, leaf_hash
from visitor.ledger.entries import EntryType, Log, RecordClass
from visitor.ledger.merkle import tree_root
from visitor.ledger.note import Checkpoint, SigningKey, VerifierKey, open_checkpoint

ORIGIN = "vb-7f3a/visitlog/access"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SALTS = [bytes(range(32)), hashlib.sha256(b"salt1").digest(), hashlib.sha256(b"salt2").digest()]
BODY = (
    "00010000001000000000000000000000000000000000000200000002000700030000000800064c0953867000"
    "000400000007706f6f72742d3300050000000101"
)
COMMITMENT = "84b74f0daec222b50467653ebbe4129155e90de1cbf81de58432b0a8723a6f2a"
LEAF = "56424c310101001000000000000000000000503e0003" + COMMITMENT
LEAF_HASH = "4cbb306be0104f3512003267e59800faf5fe49533fea77c94dc0ac65f74e9bdc"
ROOT = "e96f89868ee7815586ce77cabb4d1713dfbb05d11157eca3b97f6fd23f478b88"
TEXT = "vb-7f3a/visitlog/access\n3\n6W+Jho7ngVWGznfKu00XE9+7BdERV+yjuX9v0j9Hi4g=\n"
SIGNATURE = (
    "— vb-7f3a/visitlog/access "
    "mYnuCy9eFk2+1oXFkK4AYiTfcXDpMq5c6e8jlxmyKAS+AfewtSu6Te8zqE36SLVEZ+HU2QZWHk2Qc8xJWpPUT7IrkQs=\n"
)
VKEY = "vb-7f3a/visitlog/access+9989ee0b+AS7nbX4kRMrTmVeXgbin+UwUl9c0NjitYWPT1uWvZs9Z"
KEY = SigningKey.from_seed(ORIGIN, hashlib.sha256(b"test key, never use").digest())


def body(place: int) -> bytes:
    """The three bodies differ in their id and by a microsecond each."""
    at = NOON + timedelta(microseconds=place)
    fields = Fields().uuid(1, UUID(bytes=bytes([place]) * 16)).u16(2, 7).instant(3, at)
    return fields.text(4, "poort-3").u8(5, 1).body()


def leaf(place: int) -> bytes:
    due_day = day_number(date(2026, 3, 2) + timedelta(days=28))
    committed = commitment(SALTS[place], body(place))
    return Leaf(Log.ACCESS, EntryType.ACCESS_EVENT, place, due_day, RecordClass.ACCESS_EVENT, committed).to_bytes()


def test_body_commitment_leaf_and_leaf_hash_are_those_of_the_vector() -> None:
    assert body(0).hex() == BODY
    assert commitment(SALTS[0], body(0)).hex() == COMMITMENT
    assert leaf(0).hex() == LEAF
    assert leaf_hash(leaf(0)).hex() == LEAF_HASH


def test_root_of_three_is_that_of_the_vector() -> None:
    assert tree_root(leaf_hash(leaf(place)) for place in range(3)).hex() == ROOT


def test_checkpoint_signature_and_key_are_those_of_the_vector() -> None:
    checkpoint = Checkpoint(ORIGIN, 3, bytes.fromhex(ROOT))
    assert checkpoint.text() == TEXT
    assert checkpoint.signed(KEY) == TEXT + "\n" + SIGNATURE
    assert str(KEY.verifier) == VKEY


def test_both_readers_open_the_vector() -> None:
    note = TEXT + "\n" + SIGNATURE
    assert open_checkpoint(note, ORIGIN, [VerifierKey.parse(VKEY)]) == Checkpoint(ORIGIN, 3, bytes.fromhex(ROOT))
    opened = verify.open_checkpoint(note, ORIGIN, verify.Trust([verify.read_vkey(VKEY)]))
    assert (opened.size, opened.root.hex()) == (3, ROOT)

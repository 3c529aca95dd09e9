"""Bodies have one spelling each; everything else is refused."""

import struct
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.core.classes import SEALED
from visitor.ledger import entries
from visitor.ledger.auditor import verify
from visitor.ledger.encoding import (
    BODY_LIMIT_BYTES,
    BadEncoding,
    FieldReader,
    Fields,
    Leaf,
    commitment,
    day_number,
    decode_body,
    encode_body,
)

FIELDS = st.dictionaries(st.integers(1, 0xFFFF), st.binary(max_size=40), max_size=8)
# Surrogates have no UTF-8.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
INSTANTS = st.datetimes(timezones=st.just(UTC))
IDS = st.uuids()
COUNTS = st.integers(0, 2**64 - 1)


T = TypeVar("T")


def maybe(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | values


@given(FIELDS)
def test_body_comes_back_as_it_went_in(fields: dict[int, bytes]) -> None:
    body = encode_body(fields)
    assert decode_body(body) == fields
    assert list(decode_body(body)) == sorted(fields)
    assert verify.read_body(body) == fields


@given(st.binary(max_size=60))
def test_whatever_decodes_is_the_only_spelling_of_its_fields(raw: bytes) -> None:
    try:
        fields = decode_body(raw)
    except BadEncoding:
        return
    assert encode_body(fields) == raw


@given(FIELDS, st.integers(0), st.integers(0, 7))
def test_changed_bit_never_leaves_the_same_fields(fields: dict[int, bytes], place: int, bit: int) -> None:
    body = bytearray(encode_body(fields | {9: b"x"}))
    body[place % len(body)] ^= 1 << bit
    try:
        changed = decode_body(bytes(body))
    except BadEncoding:
        return
    assert changed != fields | {9: b"x"}


@pytest.mark.parametrize(
    "raw",
    [
        "0001",
        "000100000002aa",
        "000200000000000100000000",
        "000100000000000100000000",
        "000000000000",
        "0001ffffffff",
    ],
    ids=["cut head", "cut field", "descending", "twice", "field zero", "huge"],
)
def test_body_that_is_not_canonical_is_refused(raw: str) -> None:
    with pytest.raises(BadEncoding):
        decode_body(bytes.fromhex(raw))
    with pytest.raises((ValueError, struct.error)):
        verify.read_body(bytes.fromhex(raw))


def test_overlong_body_is_refused_in_both_directions() -> None:
    with pytest.raises(BadEncoding):
        encode_body({1: bytes(BODY_LIMIT_BYTES)})
    with pytest.raises(BadEncoding):
        decode_body(b"\0\1" + BODY_LIMIT_BYTES.to_bytes(4, "big") + bytes(BODY_LIMIT_BYTES))


@given(TEXTS)
def test_text_of_any_form_has_one_encoding(text: str) -> None:
    bodies = {Fields().text(1, unicodedata.normalize(form, text)).body() for form in ("NFC", "NFD")}
    assert len(bodies) == 1
    assert FieldReader(bodies.pop()).text(1) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("raw", ["é".encode("latin-1"), unicodedata.normalize("NFD", "é").encode()])
def test_text_that_is_not_utf8_in_nfc_is_refused(raw: bytes) -> None:
    with pytest.raises(BadEncoding):
        FieldReader(Fields().raw(1, raw).body()).text(1)


@given(INSTANTS)
def test_instant_is_exact_and_the_same_in_every_zone(at: datetime) -> None:
    body = Fields().instant(1, at).body()
    assert FieldReader(body).instant(1) == at
    if 1 < at.year < 9999:
        assert Fields().instant(1, at.astimezone(timezone(timedelta(hours=7)))).body() == body


def test_instant_without_zone_or_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(BadEncoding):
        Fields().instant(1, datetime(2026, 3, 2))  # noqa: DTZ001  that is the point
    with pytest.raises(BadEncoding):
        FieldReader(Fields().raw(1, b"\x7f" + bytes(7)).body()).instant(1)


def test_builder_refuses_a_field_twice_and_numbers_that_do_not_fit() -> None:
    with pytest.raises(BadEncoding):
        Fields().u8(1, 1).u8(1, 1)
    with pytest.raises(BadEncoding):
        Fields().u8(1, 256)
    with pytest.raises(BadEncoding):
        Fields().u16(1, -1)
    with pytest.raises(BadEncoding):
        Fields().raw(0, b"")


def test_reader_refuses_missing_fields_wrong_widths_and_odd_flags() -> None:
    read = FieldReader(Fields().u8(1, 2).body())
    with pytest.raises(BadEncoding):
        read.uuid(2)
    with pytest.raises(BadEncoding):
        read.number(1, 8)
    with pytest.raises(BadEncoding):
        read.flag(1)
    with pytest.raises(BadEncoding):
        read.only(frozenset({2}))


def test_commitment_takes_only_whole_salts() -> None:
    """A shorter HMAC key is padded with zeros and would open the same commitment a second way."""
    with pytest.raises(BadEncoding):
        commitment(bytes(31), b"")


@given(
    st.builds(Leaf, *[st.integers(0, 2**bits - 1) for bits in (8, 16, 64, 32, 16)], st.binary(min_size=32, max_size=32))
)
def test_leaf_comes_back_as_it_went_in(leaf: Leaf) -> None:
    assert len(leaf.to_bytes()) == 54
    assert Leaf.from_bytes(leaf.to_bytes()) == leaf


def test_bytes_that_are_no_leaf_and_numbers_that_do_not_fit_are_refused() -> None:
    good = Leaf(1, 16, 0, 0, 3, bytes(32))
    for raw in (b"", good.to_bytes()[:-1], good.to_bytes() + b"\0", b"VBL2" + good.to_bytes()[4:]):
        with pytest.raises(BadEncoding):
            Leaf.from_bytes(raw)
    with pytest.raises(BadEncoding):
        good._replace(seq=-1).to_bytes()


def test_days_count_from_1970_and_the_last_day_means_never() -> None:
    assert day_number(date(1970, 1, 2)) == 1
    assert verify.day(day_number(date(2026, 3, 30))) == "2026-03-30"
    assert verify.day(day_number(date.max)) == "never"


ACCESS_FACTS = st.builds(
    entries.AccessFact, IDS, IDS, IDS, TEXTS, st.booleans(), INSTANTS, INSTANTS, maybe(IDS), maybe(IDS), maybe(IDS)
)
AUDIT_FACTS = st.builds(
    entries.AuditFact,
    INSTANTS,
    TEXTS,
    TEXTS,
    maybe(IDS),
    maybe(IDS),
    maybe(IDS),
    maybe(TEXTS),
    maybe(COUNTS),
    maybe(TEXTS),
)


@given(ACCESS_FACTS)
def test_access_fact_comes_back_in_normal_form(fact: entries.AccessFact) -> None:
    body = fact.to_body()
    assert entries.AccessFact.from_body(body).to_body() == body
    assert entries.AccessFact.from_body(body).event_id == fact.event_id


@given(AUDIT_FACTS)
def test_audit_fact_comes_back_in_normal_form(fact: entries.AuditFact) -> None:
    body = fact.to_body()
    assert entries.AuditFact.from_body(body).to_body() == body
    assert entries.AuditFact.from_body(body).count == fact.count


@given(st.sets(st.integers(0, 300), min_size=1), maybe(st.binary(min_size=32, max_size=32)))
def test_erase_fact_comes_back_and_names_exactly_the_erased(seqs: set[int], rule_hash: bytes | None) -> None:
    fact = entries.EraseFact(
        datetime(2026, 3, 2, tzinfo=UTC),
        entries.EraseReason.DUE,
        entries.RecordClass.PHOTO,
        len(seqs),
        entries.seq_ranges(seqs),
        rule_hash,
    )
    back = entries.EraseFact.from_body(fact.to_body())
    assert back == fact
    assert {seq for first, last in back.ranges for seq in range(first, last + 1)} == seqs


@pytest.mark.parametrize("ranges", [((5, 4),), ((3, 4), (5, 6)), ((5, 6), (1, 2)), ((1, 3),)])
def test_erase_fact_refuses_ranges_that_are_not_the_fewest_or_miscounted(ranges: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(BadEncoding):
        entries.EraseFact(
            datetime(2026, 3, 2, tzinfo=UTC), entries.EraseReason.DUE, entries.RecordClass.VISIT, 2, ranges
        )


@pytest.mark.parametrize("field", [1, 2, 3])
def test_erase_body_with_odd_ranges_reason_or_class_is_refused(field: int) -> None:
    fact = entries.EraseFact(
        datetime(2026, 3, 2, tzinfo=UTC), entries.EraseReason.DUE, entries.RecordClass.VISIT, 1, ((4, 4),)
    )
    fields = decode_body(fact.to_body())
    with pytest.raises(BadEncoding):
        entries.EraseFact.from_body(encode_body(fields | {field: b"\xee\xee"[: 2 if field == 3 else 1]}))


def test_fact_with_a_field_its_type_does_not_have_is_refused() -> None:
    fact = entries.AuditFact(datetime(2026, 3, 2, tzinfo=UTC), "staff", "x", uuid4())
    with pytest.raises(BadEncoding):
        entries.AuditFact.from_body(encode_body(decode_body(fact.to_body()) | {77: b""}))


def test_every_sealed_data_class_can_be_named_in_an_erasure() -> None:
    names = {record_class.name.lower() for record_class in entries.RecordClass if record_class >= 16}
    assert names == {data_class.value for data_class in SEALED}


def test_numbers_in_the_script_are_those_of_the_product() -> None:
    assert {log.label: int(log) for log in entries.Log} == verify.LOGS
    assert entries.EntryType.ERASE == verify.ERASE
    assert verify.FIRST_PERMANENT_TYPE == entries.FIRST_PERMANENT_TYPE
    assert verify.BODY_LIMIT == BODY_LIMIT_BYTES
    assert set(entries.FIELDS) == set(entries.EntryType)
    assert not entries.EntryType.AUDIT.permanent
    assert entries.EntryType.KEY.permanent

"""Bytes of the ledger: canonical bodies, salted commitments and the 54-byte leaf.

A body is a row of `u16 field | u32 length | bytes`, all big-endian, with ascending unique field numbers; text is
UTF-8 in NFC, an instant is i64 microseconds UTC. One meaning has one encoding, so equal facts have equal commitments.
"""

import hashlib
import hmac
import struct
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

PAYLOAD_DOMAIN = b"vbl1/payload\0"
SALT_BYTES = 32
LEAF_BYTES = 54
BODY_LIMIT_BYTES = 65_536
"""Far above any real body; bounds what a reader of foreign bytes will take in."""
NEVER_DUE_ON = date.max
"""The due date of entries that are kept as long as the log."""

_FIELD = struct.Struct(">HI")
_LEAF = struct.Struct(">4sBBHQIH32s")
_MAGIC = b"VBL1"
_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadEncoding(ValueError):
    """Bytes or values that have no place in the canonical encoding."""


class Fields:
    """Builds a body field by field; a value of None leaves its field out."""

    def __init__(self) -> None:
        self._fields: dict[int, bytes] = {}

    def raw(self, field: int, value: bytes | None) -> Self:
        """Add bytes as they are.

        Raises:
            BadEncoding: the field number is taken or does not fit 16 bits.
        """
        if value is None:
            return self
        if field in self._fields or not 0 < field <= 0xFFFF:
            raise BadEncoding(f"field {field} is taken or out of range")
        self._fields[field] = value
        return self

    def uuid(self, field: int, value: UUID | None) -> Self:
        """Add 16 bytes."""
        return self.raw(field, None if value is None else value.bytes)

    def text(self, field: int, value: str | None) -> Self:
        """Add UTF-8 in NFC, whatever form `value` comes in."""
        return self.raw(field, None if value is None else unicodedata.normalize("NFC", value).encode())

    def instant(self, field: int, value: datetime | None) -> Self:
        """Add an aware instant, exact to the microsecond.

        Raises:
            BadEncoding: the instant has no time zone.
        """
        return self.raw(field, None if value is None else struct.pack(">q", microseconds(value)))

    def u8(self, field: int, value: int | None) -> Self:
        """Add a number in one byte."""
        return self._number(field, value, 1)

    def u16(self, field: int, value: int | None) -> Self:
        """Add a number in two bytes."""
        return self._number(field, value, 2)

    def u64(self, field: int, value: int | None) -> Self:
        """Add a number in eight bytes."""
        return self._number(field, value, 8)

    def flag(self, field: int, *, value: bool) -> Self:
        """Add yes or no as one byte, 1 or 0."""
        return self.u8(field, int(value))

    def body(self) -> bytes:
        """Return the canonical body."""
        return encode_body(self._fields)

    def _number(self, field: int, value: int | None, width: int) -> Self:
        if value is None:
            return self
        if not 0 <= value < 1 << (8 * width):
            raise BadEncoding(f"field {field}: {value} does not fit {width} bytes")
        return self.raw(field, value.to_bytes(width, "big"))


class FieldReader:
    """Reads a body with the types that `Fields` wrote.

    Getters raise `BadEncoding` when a field is missing or malformed; those ending in `_or_none` allow it to be missing.
    """

    def __init__(self, body: bytes) -> None:
        self._fields = decode_body(body)

    def raw_or_none(self, field: int) -> bytes | None:
        """Return the bytes of a field that may be missing."""
        return self._fields.get(field)

    def raw(self, field: int, width: int | None = None) -> bytes:
        """Return the bytes of a field, of exactly `width` bytes where given."""
        value = self._fields.get(field)
        if value is None or (width is not None and len(value) != width):
            raise BadEncoding(f"field {field} is missing or has the wrong length")
        return value

    def uuid(self, field: int) -> UUID:
        """Return an id."""
        return UUID(bytes=self.raw(field, 16))

    def uuid_or_none(self, field: int) -> UUID | None:
        """Return an id that may be missing."""
        return self.uuid(field) if field in self._fields else None

    def text(self, field: int) -> str:
        """Return text."""
        raw = self.raw(field)
        try:
            value = raw.decode()
        except UnicodeDecodeError:
            raise BadEncoding(f"field {field} is not UTF-8") from None
        if not unicodedata.is_normalized("NFC", value):
            raise BadEncoding(f"field {field} is not in NFC")
        return value

    def text_or_none(self, field: int) -> str | None:
        """Return text that may be missing."""
        return self.text(field) if field in self._fields else None

    def instant(self, field: int) -> datetime:
        """Return an aware UTC instant."""
        count = int.from_bytes(self.raw(field, 8), "big", signed=True)
        try:
            return _EPOCH + count * _MICROSECOND
        except OverflowError:
            raise BadEncoding(f"field {field} is beyond the calendar") from None

    def number(self, field: int, width: int) -> int:
        """Return a number of `width` bytes."""
        return int.from_bytes(self.raw(field, width), "big")

    def number_or_none(self, field: int, width: int) -> int | None:
        """Return a number of `width` bytes that may be missing."""
        return self.number(field, width) if field in self._fields else None

    def flag(self, field: int) -> bool:
        """Return yes or no."""
        value = self.number(field, 1)
        if value > 1:
            raise BadEncoding(f"field {field} is neither yes nor no")
        return value == 1

    def only(self, allowed: frozenset[int]) -> None:
        """Refuse fields that this kind of entry does not have."""
        if extra := self._fields.keys() - allowed:
            raise BadEncoding(f"unknown fields {sorted(extra)}")


def encode_body(fields: Mapping[int, bytes]) -> bytes:
    """Return the canonical body of `fields`.

    Raises:
        BadEncoding: a field number does not fit 16 bits, or the body is over `BODY_LIMIT_BYTES`.
    """
    if any(not 0 < field <= 0xFFFF for field in fields):
        raise BadEncoding("a field number is out of range")
    body = b"".join(_FIELD.pack(field, len(fields[field])) + fields[field] for field in sorted(fields))
    if len(body) > BODY_LIMIT_BYTES:
        raise BadEncoding(f"a body of {len(body)} bytes is too long")
    return body


def decode_body(body: bytes) -> dict[int, bytes]:
    """Return the fields of a canonical body, in order.

    Raises:
        BadEncoding: the bytes are not what `encode_body` would have written.
    """
    fields: dict[int, bytes] = {}
    place, last = 0, 0
    if len(body) > BODY_LIMIT_BYTES:
        raise BadEncoding("the body is too long")
    while place < len(body):
        if len(body) - place < _FIELD.size:
            raise BadEncoding("the body ends inside a field")
        field, length = _FIELD.unpack_from(body, place)
        place += _FIELD.size
        if field <= last or length > len(body) - place:
            raise BadEncoding("fields are out of order or cut")
        fields[field] = body[place : place + length]
        place, last = place + length, field
    return fields


def microseconds(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970-01-01 UTC, without floating point.

    Raises:
        BadEncoding: the instant has no time zone.
    """
    if at.utcoffset() is None:
        raise BadEncoding("an instant without a time zone")
    return (at - _EPOCH) // _MICROSECOND


def day_number(on: date) -> int:
    """Return days since 1970-01-01, the unit of `due_day`."""
    return on.toordinal() - _EPOCH.toordinal()


def commitment(salt: bytes, body: bytes) -> bytes:
    """Return the 32 bytes that bind a body without giving it away once the salt is gone.

    Raises:
        BadEncoding: the salt is not exactly 32 bytes (a shorter key would be zero-padded, giving a second opening).
    """
    if len(salt) != SALT_BYTES:
        raise BadEncoding("a salt has 32 bytes")
    return hmac.digest(salt, PAYLOAD_DOMAIN + body, "sha256")


class Leaf(NamedTuple):
    """What a leaf says in the open: what kind of entry and when it may be erased, not who, where or exactly when.

    Plain numbers, so that a leaf of a kind this version does not know can still be read.
    """

    log: int
    kind: int
    seq: int
    due_day: int
    record_class: int
    commitment: bytes

    def to_bytes(self) -> bytes:
        """Return the 54 bytes."""
        try:
            return _LEAF.pack(_MAGIC, _VERSION, *self)
        except struct.error as fault:
            raise BadEncoding(f"leaf {self.seq}: {fault}") from None

    @classmethod
    def from_bytes(cls, leaf: bytes) -> Self:
        """Read 54 bytes.

        Raises:
            BadEncoding: not a leaf of this version.
        """
        if len(leaf) != LEAF_BYTES or not leaf.startswith(_MAGIC + bytes([_VERSION])):
            raise BadEncoding("not a leaf")
        return cls(*_LEAF.unpack(leaf)[2:])


def leaf_hash(leaf: bytes) -> bytes:
    """Return the leaf's hash in the tree (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\0" + leaf).digest()

"""What the ledger can say: closed lists of logs, entry types and record classes, and the fields of each type.

Numbers here are written into leaves and bodies that outlive every release: never change or reuse one.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple, Self
from uuid import UUID

from visitor.ledger.encoding import BadEncoding, FieldReader, Fields

FIRST_PERMANENT_TYPE = 0x30
"""Types from here on are the log's own bookkeeping: their bodies hold no personal data and are never erased."""


class Log(IntEnum):
    """The two logs; one tree each per installation."""

    ACCESS = 1
    AUDIT = 2

    @property
    def label(self) -> str:
        """The log's name in origins, file names and reports."""
        return self.name.lower()


class EntryType(IntEnum):
    """What kind of thing happened."""

    ACCESS_EVENT = 0x10
    AUDIT = 0x20
    ERASE = 0x30
    RULE = 0x31
    HOLD = 0x32
    RELEASE = 0x33
    KEY = 0x34

    @property
    def permanent(self) -> bool:
        """Whether the body is kept as long as the log."""
        return self >= FIRST_PERMANENT_TYPE


class RecordClass(IntEnum):
    """What kind of record a rule, a leaf or an erasure is about. From 16 on: the locked room's data classes."""

    VISIT = 1
    INVITATION = 2
    ACCESS_EVENT = 3
    AUDIT = 4
    LEDGER = 5
    """Bookkeeping of the log itself; never due."""
    CONTACT = 16
    ID_DOCUMENT = 17
    PHOTO = 18
    SIGNATURE = 19
    ANSWERS = 20
    NOTE = 21
    CCTV_STILL = 22
    SCREENING = 23


class EraseReason(StrEnum):
    """Why something was erased."""

    DUE = "due"
    """Its time was over."""
    REQUEST = "request"
    """The person asked for it (GDPR Art. 17)."""
    ORDER = "order"
    """A court or authority ordered it."""
    MISTAKE = "mistake"
    """It should not have been taken in."""


class FieldShape(NamedTuple):
    """A field's name and how its bytes are read: uuid, text, instant, flag, number, hash or ranges."""

    name: str
    kind: str


_AT_AND_ACTOR = {
    1: FieldShape("at", "instant"),
    2: FieldShape("actor_kind", "text"),
    3: FieldShape("actor_id", "uuid"),
}

FIELDS: dict[EntryType, dict[int, FieldShape]] = {
    EntryType.ACCESS_EVENT: {
        1: FieldShape("event_id", "uuid"),
        2: FieldShape("reason", "text"),
        3: FieldShape("scanned_at", "instant"),
        4: FieldShape("received_at", "instant"),
        5: FieldShape("granted", "flag"),
        6: FieldShape("site_id", "uuid"),
        7: FieldShape("access_point_id", "uuid"),
        8: FieldShape("device_id", "uuid"),
        9: FieldShape("badge_id", "uuid"),
        10: FieldShape("visit_id", "uuid"),
    },
    EntryType.AUDIT: {
        **_AT_AND_ACTOR,
        4: FieldShape("action", "text"),
        5: FieldShape("site_id", "uuid"),
        6: FieldShape("subject_id", "uuid"),
        7: FieldShape("purpose", "text"),
        8: FieldShape("count", "number"),
        9: FieldShape("detail", "text"),
        10: FieldShape("subject_ids", "hash"),
    },
    EntryType.ERASE: {
        1: FieldShape("ranges", "ranges"),
        2: FieldShape("reason", "text"),
        3: FieldShape("record_class", "number"),
        4: FieldShape("rule_hash", "hash"),
        5: FieldShape("count", "number"),
        6: FieldShape("order_reference", "text"),
        7: FieldShape("at", "instant"),
        8: FieldShape("records_hash", "hash"),
    },
    EntryType.RULE: {
        **_AT_AND_ACTOR,
        4: FieldShape("record_class", "number"),
        5: FieldShape("rule_hash", "hash"),
        6: FieldShape("replaces_hash", "hash"),
        7: FieldShape("site_id", "uuid"),
    },
    EntryType.HOLD: {
        **_AT_AND_ACTOR,
        4: FieldShape("hold_id", "uuid"),
        5: FieldShape("reason", "text"),
        6: FieldShape("review_at", "instant"),
        7: FieldShape("site_id", "uuid"),
    },
    EntryType.RELEASE: {
        **_AT_AND_ACTOR,
        4: FieldShape("hold_id", "uuid"),
        5: FieldShape("reason", "text"),
    },
    EntryType.KEY: {
        **_AT_AND_ACTOR,
        4: FieldShape("old_vkey", "text"),
        5: FieldShape("new_vkey", "text"),
    },
}
"""Field numbers and names by entry type; the export carries this table so that the auditor reads names."""


def _reader(kind: EntryType, body: bytes) -> FieldReader:
    """Open a body and refuse fields that the type does not have."""
    read = FieldReader(body)
    read.only(frozenset(FIELDS[kind]))
    return read


@dataclass(frozen=True, slots=True)
class AccessFact:
    """One scan at one access point, in ids and codes only."""

    event_id: UUID
    site_id: UUID
    access_point_id: UUID
    reason: str
    granted: bool
    scanned_at: datetime
    received_at: datetime
    device_id: UUID | None = None
    badge_id: UUID | None = None
    visit_id: UUID | None = None

    def to_body(self) -> bytes:
        """Return the canonical body."""
        fields = Fields().uuid(1, self.event_id).text(2, self.reason)
        fields.instant(3, self.scanned_at).instant(4, self.received_at).flag(5, value=self.granted)
        fields.uuid(6, self.site_id).uuid(7, self.access_point_id)
        return fields.uuid(8, self.device_id).uuid(9, self.badge_id).uuid(10, self.visit_id).body()

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read a body; raises `BadEncoding` unless `to_body` could have written it."""
        read = _reader(EntryType.ACCESS_EVENT, body)
        return cls(
            event_id=read.uuid(1),
            reason=read.text(2),
            scanned_at=read.instant(3),
            received_at=read.instant(4),
            granted=read.flag(5),
            site_id=read.uuid(6),
            access_point_id=read.uuid(7),
            device_id=read.uuid_or_none(8),
            badge_id=read.uuid_or_none(9),
            visit_id=read.uuid_or_none(10),
        )


@dataclass(frozen=True, slots=True)
class AuditFact:
    """Who did what to what, in ids and codes only; `action`, `purpose` and `detail` are codes, never free text."""

    at: datetime
    actor_kind: str
    action: str
    actor_id: UUID | None = None
    site_id: UUID | None = None
    subject_id: UUID | None = None
    purpose: str | None = None
    count: int | None = None
    detail: str | None = None
    subject_ids: tuple[UUID, ...] = ()
    """Several visits or persons that one act concerned, such as a page of names."""

    def to_body(self) -> bytes:
        """Return the canonical body."""
        fields = Fields().instant(1, self.at).text(2, self.actor_kind).uuid(3, self.actor_id).text(4, self.action)
        fields.uuid(5, self.site_id).uuid(6, self.subject_id).text(7, self.purpose)
        subjects = b"".join(subject.bytes for subject in self.subject_ids)
        return fields.u64(8, self.count).text(9, self.detail).raw(10, subjects or None).body()

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read a body; raises `BadEncoding` unless `to_body` could have written it."""
        read = _reader(EntryType.AUDIT, body)
        return cls(
            at=read.instant(1),
            actor_kind=read.text(2),
            actor_id=read.uuid_or_none(3),
            action=read.text(4),
            site_id=read.uuid_or_none(5),
            subject_id=read.uuid_or_none(6),
            purpose=read.text_or_none(7),
            count=read.number_or_none(8, 8),
            detail=read.text_or_none(9),
            subject_ids=_uuids(read.raw_or_none(10)),
        )


@dataclass(frozen=True, slots=True)
class EraseFact:
    """What was erased and why; kept for ever, so an order reference is an opaque number, never a name.

    `ranges` are the erased entries of the log that this entry stands in, first and last of each, ascending and apart
    (see `seq_ranges`); empty when records outside the log were erased, which `records_hash` may list.
    """

    at: datetime
    reason: EraseReason
    record_class: RecordClass
    count: int
    ranges: tuple[tuple[int, int], ...] = ()
    rule_hash: bytes | None = None
    order_reference: str | None = None
    """Required by the auditor when an entry is erased before its due day."""
    records_hash: bytes | None = None

    def __post_init__(self) -> None:
        last = -2
        for first, end in self.ranges:
            if first > end or first <= last + 1:
                raise BadEncoding("ranges must ascend, with a gap between them")
            last = end
        covered = sum(end - first + 1 for first, end in self.ranges)
        if self.ranges and covered != self.count:
            raise BadEncoding(f"the ranges cover {covered} entries, the count says {self.count}")

    def to_body(self) -> bytes:
        """Return the canonical body."""
        ranges = b"".join(struct.pack(">QQ", first, last) for first, last in self.ranges)
        fields = Fields().raw(1, ranges or None).text(2, self.reason).u16(3, self.record_class)
        fields.raw(4, self.rule_hash).u64(5, self.count).text(6, self.order_reference)
        return fields.instant(7, self.at).raw(8, self.records_hash).body()

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read a body; raises `BadEncoding` unless `to_body` could have written it."""
        read = _reader(EntryType.ERASE, body)
        ranges = read.raw_or_none(1)
        if ranges is not None and (not ranges or len(ranges) % 16):
            raise BadEncoding("ranges are pairs of u64")
        try:
            reason, record_class = EraseReason(read.text(2)), RecordClass(read.number(3, 2))
        except ValueError as fault:
            raise BadEncoding(str(fault)) from None
        return cls(
            ranges=tuple(struct.iter_unpack(">QQ", ranges or b"")),
            reason=reason,
            record_class=record_class,
            rule_hash=read.raw_or_none(4),
            count=read.number(5, 8),
            order_reference=read.text_or_none(6),
            at=read.instant(7),
            records_hash=read.raw_or_none(8),
        )


def _uuids(raw: bytes | None) -> tuple[UUID, ...]:
    if raw is not None and (not raw or len(raw) % 16):
        raise BadEncoding("ids of 16 bytes each")
    packed = raw or b""
    return tuple(UUID(bytes=packed[place : place + 16]) for place in range(0, len(packed), 16))


def seq_ranges(seqs: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return sequence numbers as the fewest ascending (first, last) ranges."""
    ranges: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        if ranges and ranges[-1][1] == seq - 1:
            ranges[-1] = (ranges[-1][0], seq)
        else:
            ranges.append((seq, seq))
    return tuple(ranges)

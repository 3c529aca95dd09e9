"""Writing to the ledger: entries in the business transaction, numbers and signatures by one sequencer, erasure.

A writer inserts a row without a number, which is one INSERT and contends with nobody. Numbers are given under the lock
of the log's `LedgerHead` row, so they are free of gaps whatever the order in which writers commit. A row that was never
committed has no number, and one that was has exactly one.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from visitor.core.many import among
from visitor.core.prepared import Prepared
from visitor.core.work import Work
from visitor.ledger import sequencer
from visitor.ledger.encoding import NEVER_DUE_ON, SALT_BYTES, Leaf, day_number
from visitor.ledger.entries import (
    FIRST_PERMANENT_TYPE,
    AccessFact,
    AuditFact,
    EntryType,
    EraseFact,
    EraseReason,
    Log,
    RecordClass,
    seq_ranges,
)
from visitor.ledger.models import LedgerEntry, LedgerHead, LedgerLeaf

AUDIT_LIFE: Final = timedelta(days=365)
"""Audit entries may be erased after a year (retention default `audit`)."""
ERASE_LIMIT: Final = 2_000
"""Ranges named by one ERASE entry; keeps its body far below the limit."""
CHUNK: Final = 500


@cache
def _insertion(dialect: Dialect) -> Prepared:
    """Put together once: nearly every page writes an entry or two."""
    return Prepared(sa.insert(LedgerEntry), dialect)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What a row carries beside its body."""

    entry_id: UUID
    log: Log
    kind: EntryType
    record_class: RecordClass
    due_on: date


def audit(  # noqa: PLR0913  the one call with which every room says who did what; each part is optional and named
    work: Work,
    action: str,
    *,
    site_id: UUID | None = None,
    subject_id: UUID | None = None,
    subject_ids: Collection[UUID] = (),
    purpose: str | None = None,
    count: int | None = None,
    detail: str | None = None,
) -> None:
    """Record that the actor did `action` (`people.open`, `badge.revoke`) at this instant.

    `action`, `purpose` and `detail` are short codes; no name and no typed text ever stands here. `subject_ids` names
    several visits or persons in one entry.
    """
    fact = AuditFact(
        at=work.now,
        actor_kind=work.actor.kind,
        actor_id=work.actor.id,
        action=action,
        site_id=site_id,
        subject_id=subject_id,
        purpose=purpose,
        count=count,
        detail=detail,
        subject_ids=tuple(subject_ids),
    )
    stamp = _Stamp(work.new_id(), Log.AUDIT, EntryType.AUDIT, RecordClass.AUDIT, (work.now + AUDIT_LIFE).date())
    row = _row(stamp, fact.to_body()) | {"subject_id": subject_id, "site_id": site_id, "at": work.now}
    connection = work.session.connection()
    _insertion(connection.dialect).run(connection, row)


def access_entry(fact: AccessFact, due_on: date) -> dict[str, Any]:
    """Return the row of an access event, for the scan path to insert into `ledger_entry` with its own statement.

    The row's id is the event's id, so that `erase` takes event ids; its time is the event's, so that on PostgreSQL both
    lie in the partitions of one month.
    """
    stamp = _Stamp(fact.event_id, Log.ACCESS, EntryType.ACCESS_EVENT, RecordClass.ACCESS_EVENT, due_on)
    return _row(stamp, fact.to_body()) | {
        "site_id": fact.site_id,
        "at": fact.scanned_at,
    }


def record_access(work: Work, fact: AccessFact, due_on: date) -> None:
    """Record one access event."""
    work.session.execute(sa.insert(LedgerEntry), [access_entry(fact, due_on)])


def sequence(work: Work) -> int:
    """Give numbers to entries that have none, at most `sequencer.BATCH` a log; return how many got one."""
    return sum(sequencer.number_entries(work, sequencer.lock_head(work, log)) for log in Log)


def checkpoint(work: Work) -> list[str]:
    """Number every entry, sign where the log has grown since its last checkpoint, and return each log's newest note."""
    return [_sealed(work, log) for log in Log]


def checkpoint_when_due(work: Work) -> int:
    """Sign the logs whose last checkpoint is a minute old or 1,000 entries behind; return how many were signed."""
    due = [log for log in Log if sequencer.checkpoint_due(work, log)]
    for log in due:
        sequencer.sign(work, sequencer.lock_head(work, log))
    return len(due)


def erase(  # noqa: PLR0913  the parts of one reason; all go into the ERASE entry
    work: Work,
    log: Log,
    entry_ids: Collection[UUID],
    reason: EraseReason,
    record_class: RecordClass,
    order_reference: str | None = None,
) -> int:
    """Erase the bodies of entries and say so in ERASE entries, in this transaction; return how many were erased.

    Entries without a number get one first, so that the ERASE entry can name them. Body and salt go with the whole row:
    the commitment in the leaf, which stays, says nothing without them. Unknown and already erased entries are passed
    over. The log is signed afterwards, so each export that ends at a checkpoint explains its holes.

    Raises:
        ValueError: an entry is of another class, is bookkeeping, or is not due yet and no order is named. An auditor
            would call that tampering, so nothing is written.
    """
    head = sequencer.lock_head(work, log)
    sequencer.number_all(work, head)
    rows = _erasable(work, log, entry_ids)
    if not rows:
        return 0
    _check_erasable(rows, record_class, work.now.date() if order_reference is None else None)
    _forget(work, rows)
    cause = EraseCause(EraseReason(reason), record_class, order_reference)
    append_erased(work, log, seq_ranges(row.seq for row in rows), cause)
    number_and_sign(work, head)
    return len(rows)


@dataclass(frozen=True, slots=True)
class EraseCause:
    """What an ERASE entry says beside the numbers."""

    reason: EraseReason
    record_class: RecordClass
    order_reference: str | None = None


def append_erased(work: Work, log: Log, ranges: Sequence[tuple[int, int]], cause: EraseCause) -> None:
    """Append ERASE entries for erased numbers of this log; the caller has the lock of its head."""
    for start in range(0, len(ranges), ERASE_LIMIT):
        part = tuple(ranges[start : start + ERASE_LIMIT])
        fact = EraseFact(
            at=work.now,
            reason=cause.reason,
            record_class=cause.record_class,
            count=sum(last - first + 1 for first, last in part),
            ranges=part,
            order_reference=cause.order_reference,
        )
        append_erase(work, log, fact)


def append_erase(work: Work, log: Log, fact: EraseFact) -> None:
    """Append an ERASE entry; by itself only for records outside the log, whose `ranges` are empty."""
    stamp = _Stamp(work.new_id(), log, EntryType.ERASE, RecordClass.LEDGER, NEVER_DUE_ON)
    work.session.execute(sa.insert(LedgerEntry), [_row(stamp, fact.to_body()) | {"at": work.now}])


def _row(stamp: _Stamp, body: bytes) -> dict[str, Any]:
    salt = secrets.token_bytes(SALT_BYTES)
    return {
        "id": stamp.entry_id,
        "log": int(stamp.log),
        "seq": None,
        "kind": int(stamp.kind),
        "record_class": int(stamp.record_class),
        "due_on": stamp.due_on,
        "salt": salt,
        "body": body,
        "subject_id": None,
        "site_id": None,
    }


def number_and_sign(work: Work, head: LedgerHead) -> str:
    """Number what has no number and sign the log, whose head the caller has locked; return the note."""
    sequencer.number_all(work, head)
    return sequencer.sign(work, head)


def _sealed(work: Work, log: Log) -> str:
    return number_and_sign(work, sequencer.lock_head(work, log))


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry that is to be erased, with what its leaf says."""

    id: UUID
    seq: int
    at: datetime
    leaf: Leaf


def _erasable(work: Work, log: Log, entry_ids: Collection[UUID]) -> list[_Found]:
    columns = (LedgerEntry.id, LedgerEntry.seq, LedgerEntry.at, LedgerLeaf.leaf)
    query = sa.select(*columns).join(
        LedgerLeaf, sa.and_(LedgerLeaf.log == LedgerEntry.log, LedgerLeaf.seq == LedgerEntry.seq)
    )
    wanted = list(dict.fromkeys(entry_ids))
    rows = [
        _Found(row.id, row.seq, row.at, Leaf.from_bytes(row.leaf))
        for start in range(0, len(wanted), CHUNK)
        for row in work.session.execute(
            query.where(LedgerEntry.log == log, among(work, LedgerEntry.id, wanted[start : start + CHUNK]))
        )
    ]
    return sorted(rows, key=lambda row: row.seq)


def _check_erasable(rows: list[_Found], record_class: RecordClass, today: date | None) -> None:
    """Refuse what the leaf does not allow; the columns beside the body are for finding only."""
    limit = None if today is None else day_number(today)
    for row in rows:
        if row.leaf.kind >= FIRST_PERMANENT_TYPE or row.leaf.record_class != record_class:
            raise ValueError(f"entry {row.seq} is of class {row.leaf.record_class}, not {record_class}")
        if limit is not None and row.leaf.due_day > limit:
            raise ValueError(f"entry {row.seq} is not due yet: an earlier erasure needs an order reference")


def _forget(work: Work, rows: list[_Found]) -> None:
    """Delete the rows; the times bound the partitions that are looked at."""
    kinds = {row.leaf.kind for row in rows}
    first, last = min(row.at for row in rows), max(row.at for row in rows)
    within = (LedgerEntry.kind.in_(kinds), LedgerEntry.at.between(first, last))
    for start in range(0, len(rows), CHUNK):
        ids = [row.id for row in rows[start : start + CHUNK]]
        work.session.connection().execute(sa.delete(LedgerEntry).where(*within, among(work, LedgerEntry.id, ids)))

"""Writing to the ledger: entries in the business transaction, numbers and signatures by one sequencer, erasure.

A writer inserts a row without a number, which is one INSERT and contends with nobody. Numbers are given under the lock
of the log's `LedgerHead` row, so they are free of gaps whatever the order in which writers commit. A row that was never
committed has no number, and one that was has exactly one.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa

from visitor.core.work import Work
from visitor.ledger import sequencer
from visitor.ledger.encoding import NEVER_DUE_ON, SALT_BYTES, commitment
from visitor.ledger.entries import (
    AccessFact,
    AuditFact,
    EntryType,
    EraseFact,
    EraseReason,
    Log,
    RecordClass,
    seq_ranges,
)
from visitor.ledger.models import LedgerEntry

AUDIT_LIFE: Final = timedelta(days=365)
"""Audit entries may be erased after a year (retention default `audit`)."""
ERASE_LIMIT: Final = 2_000
"""Entries named by one ERASE entry; keeps its body far below the limit even when every entry is a range of its own."""


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
    work.session.execute(sa.insert(LedgerEntry), [row])


def access_entry(fact: AccessFact, due_on: date) -> dict[str, Any]:
    """Return the row of an access event, for the scan path to insert into `ledger_entry` with its own statement.

    The row's id is the event's id, so that `erase` takes event ids and an event can have one entry only.
    """
    stamp = _Stamp(fact.event_id, Log.ACCESS, EntryType.ACCESS_EVENT, RecordClass.ACCESS_EVENT, due_on)
    return _row(stamp, fact.to_body()) | {
        "subject_id": fact.event_id,
        "site_id": fact.site_id,
        "at": fact.received_at,
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

    Entries without a number get one first, so that the ERASE entry can name them. The salt goes with the body: the
    commitment that stays says nothing. What is left of the row is its leaf; even its id, which holds the time, is
    replaced. Unknown and already erased entries are passed over. The log is signed afterwards, so each export that ends
    at a checkpoint explains its holes.

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
    for start in range(0, len(rows), ERASE_LIMIT):
        part = rows[start : start + ERASE_LIMIT]
        _forget(work, part)
        fact = EraseFact(
            at=work.now,
            reason=EraseReason(reason),
            record_class=record_class,
            count=len(part),
            ranges=seq_ranges(row.seq for row in part if row.seq is not None),
            order_reference=order_reference,
        )
        append_erase(work, log, fact)
    sequencer.number_all(work, head)
    sequencer.sign(work, head)
    return len(rows)


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
        "commitment": commitment(salt, body),
        "salt": salt,
        "body": body,
        "subject_id": None,
        "site_id": None,
    }


def _sealed(work: Work, log: Log) -> str:
    head = sequencer.lock_head(work, log)
    sequencer.number_all(work, head)
    return sequencer.sign(work, head)


def _erasable(work: Work, log: Log, entry_ids: Collection[UUID]) -> list[LedgerEntry]:
    rows: list[LedgerEntry] = []
    wanted = list(dict.fromkeys(entry_ids))
    for start in range(0, len(wanted), 500):
        where = (LedgerEntry.log == log, LedgerEntry.body.is_not(None), LedgerEntry.id.in_(wanted[start : start + 500]))
        rows += work.session.scalars(sa.select(LedgerEntry).where(*where).execution_options(populate_existing=True))
    return sorted(rows, key=lambda row: row.seq or 0)


def _check_erasable(rows: list[LedgerEntry], record_class: RecordClass, today: date | None) -> None:
    for row in rows:
        if EntryType(row.kind).permanent or row.record_class != record_class:
            raise ValueError(f"entry {row.seq} is of class {row.record_class}, not {record_class}")
        if today is not None and row.due_on > today:
            raise ValueError(f"entry {row.seq} is due on {row.due_on}: an earlier erasure needs an order reference")


def _forget(work: Work, rows: list[LedgerEntry]) -> None:
    """Leave nothing but the leaf: the row id holds the exact time, so it goes as well, and `at` keeps the day."""
    bare = {"salt": None, "body": None, "subject_id": None, "site_id": None}
    changes = [
        {"old_id": row.id, "new_id": uuid4(), "day": row.at.replace(hour=0, minute=0, second=0, microsecond=0)}
        for row in rows
    ]
    for row in rows:
        work.session.expunge(row)
    statement = (
        sa.update(LedgerEntry)
        .where(LedgerEntry.id == sa.bindparam("old_id"))
        .values(bare | {"id": sa.bindparam("new_id"), "at": sa.bindparam("day")})
    )
    work.session.connection().execute(statement, changes)

"""Erasing one batch: holds and rules looked at again, rows deleted, the journal line on disk, keys destroyed, commit.

All of it happens in the caller's transaction except the journal line and the keys, which are durable at once, before
the commit. A crash therefore leaves at worst a line without its deletion, which `settle` takes back, or a record that
nobody can read any more, which the next purge deletes.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.badges.models import Badge, BadgeCopy, PrintJob
from visitor.cctv.models import Still, StillState
from visitor.core.classes import DataClass
from visitor.core.many import among
from visitor.core.partitions import Month
from visitor.core.work import Work
from visitor.ledger import operations as ledger
from visitor.ledger.entries import EraseFact, EraseReason, Log, RecordClass
from visitor.ledger.models import LedgerEntry
from visitor.notices.models import Acknowledgement
from visitor.people import erasure
from visitor.people import operations as people
from visitor.people.models import Person, PersonalRecord
from visitor.privacy import due, months
from visitor.privacy.due import DueRow, ItemKind
from visitor.privacy.journal import Act, Entry, Journal
from visitor.privacy.policy import PurgeAnswer
from visitor.visits.models import Visit


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is erased."""

    reason: EraseReason = EraseReason.DUE
    order_reference: str | None = None
    """Opaque number; names the rule where a rule became shorter after an entry was written."""


@dataclass(slots=True)
class Batch:
    """What a batch came to."""

    number: int | None = None
    """Of its line in the journal; None: nothing was erased."""
    erased: list[DueRow] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    """Why rows of the plan stayed: held, restricted, not_due, gone."""


@dataclass(frozen=True, slots=True)
class _Gone:
    """What hung on rows and went with them."""

    records: dict[UUID, UUID] = field(default_factory=dict)
    """Record to key; the keys are still there."""
    persons: Collection[UUID] = ()


def erase_due(work: Work, kind: ItemKind, ids: Collection[UUID], journal: Journal) -> Batch:
    """Erase those of the rows that are still due, not held and not restricted; of months, those that still go whole.

    The caller holds `holds.alone`, and says `journal` DONE after its commit.
    """
    if kind in months.MONTHS:
        return _erase_months(work, kind, ids, journal)
    seen = due.look(work, ids=ids)
    batch = Batch()
    doomed: list[DueRow] = []
    found: list[UUID] = []
    for row in due.rows(seen, kind):
        found.append(row.id)
        answer = seen.answer(row)
        if answer is PurgeAnswer.PURGE:
            doomed.append(row)
        else:
            batch.kept[answer.value] += 1
    if len(found) < len(ids):
        present = present_rows(work, kind.value, set(ids).difference(found))
        batch.kept["changed"] += len(present)
        batch.kept["gone"] += len(ids) - len(found) - len(present)
    erase_rows(work, doomed, journal, Cause(), batch)
    return batch


def _erase_months(work: Work, kind: ItemKind, ids: Collection[UUID], journal: Journal) -> Batch:
    """Drop months. Rows of one that does not go whole any more are for the next plan, one by one.

    The line is on disk before the tables are dropped, and after they are had alone: what may fail has not failed then.
    """
    batch = Batch()
    for month in sorted(map(Month.read, ids)):
        lines = months.look_alone(work, kind, month)
        if not lines:
            batch.kept["changed"] += 1
            continue
        months.say_erased(work, kind, month, lines)
        rules = Counter({line.rule_id: line.count for line in lines})
        named = {kind.value: (month.key,)}
        batch.number = journal.append(Entry(Act.ERASE, 0, work.now, named, EraseReason.DUE.value, rules))
        months.drop(work, kind, month)
        batch.erased += lines
    return batch


def erase_rows(work: Work, rows: Sequence[DueRow], journal: Journal, cause: Cause, batch: Batch) -> None:
    """Erase rows of one kind, whatever their time; holds were looked at by the caller in this transaction."""
    if not rows:
        return
    kind = rows[0].kind
    gone = _ERASERS[kind](work, rows, cause)
    named = {
        "record": tuple(gone.records),
        "key": tuple(gone.records.values()),
        "person": tuple(gone.persons),
        kind.value: tuple(row.id for row in rows),
    }
    rules = Counter(row.rule_id for row in rows)
    batch.number = journal.append(Entry(Act.ERASE, 0, work.now, named, cause.reason.value, rules))
    erasure.destroy_keys(work, gone.records.values())
    batch.erased += rows


def erase_again(work: Work, rows: Sequence[DueRow], cause: Cause) -> None:
    """Erase rows of one kind that the journal names already."""
    if rows:
        gone = _ERASERS[rows[0].kind](work, rows, cause)
        erasure.destroy_keys(work, gone.records.values())


def _erase_records(work: Work, rows: Sequence[DueRow], cause: Cause) -> _Gone:
    ids = [row.id for row in rows]
    stills = [row.id for row in rows if row.subject == DataClass.CCTV_STILL.value]
    if stills:
        erased = {"state": StillState.ERASED, "record_id": None, "taken_at": None}
        them = sa.update(Still).where(among(work, Still.record_id, stills)).values(erased)
        work.session.connection().execute(them)
    gone = people.delete(work, ids)
    _say_erased(work, rows, cause)
    return _Gone(gone)


def _erase_events(work: Work, rows: Sequence[DueRow], cause: Cause) -> _Gone:
    """Erase scans with their pictures and the bodies of their ledger entries, whose ids are those of the events."""
    ids = [row.id for row in rows]
    gone = _records_of(work, PersonalRecord.subject_id, ids)
    work.session.connection().execute(sa.delete(Still).where(among(work, Still.event_id, ids)))
    scans = sa.select(AccessEvent.access_point_id, AccessEvent.scan_id).where(among(work, AccessEvent.id, ids))
    work.session.connection().execute(
        sa.delete(KnownScan).where(sa.tuple_(KnownScan.access_point_id, KnownScan.scan_id).in_(scans))
    )
    work.session.connection().execute(sa.delete(AccessEvent).where(among(work, AccessEvent.id, ids)))
    _erase_bodies(work, Log.ACCESS, RecordClass.ACCESS_EVENT, rows, cause)
    return _Gone(gone)


def _erase_audits(work: Work, rows: Sequence[DueRow], cause: Cause) -> _Gone:
    _erase_bodies(work, Log.AUDIT, RecordClass.AUDIT, rows, cause)
    return _Gone()


def _erase_visits(work: Work, rows: Sequence[DueRow], cause: Cause) -> _Gone:
    """Erase visits with badges, copies, print jobs, presence, shown notices, and persons of whom nothing is left."""
    ids = [row.id for row in rows]
    connection = work.session.connection()
    gone = _records_of(work, PersonalRecord.visit_id, ids)
    badge_ids = connection.scalars(sa.select(Badge.id).where(among(work, Badge.visit_id, ids))).all()
    if badge_ids:
        for part in (PrintJob, BadgeCopy):
            connection.execute(sa.delete(part).where(part.badge_id.in_(badge_ids)))
        connection.execute(sa.delete(Badge).where(among(work, Badge.visit_id, ids)))
    for beside in (Presence, Acknowledgement):
        connection.execute(sa.delete(beside).where(among(work, beside.visit_id, ids)))
    them = sa.delete(Visit).where(among(work, Visit.id, ids)).returning(Visit.person_id)
    visitors = {person_id for person_id in connection.scalars(them) if person_id is not None}
    persons = _without_more(work, visitors)
    people.erase_persons(work, persons)
    _say_erased(work, rows, cause)
    return _Gone(gone, persons)


def _erase_persons(work: Work, rows: Sequence[DueRow], _cause: Cause) -> _Gone:
    people.erase_persons(work, [row.id for row in rows])
    return _Gone()


_ERASERS = {
    ItemKind.RECORD: _erase_records,
    ItemKind.ACCESS_EVENT: _erase_events,
    ItemKind.AUDIT: _erase_audits,
    ItemKind.VISIT: _erase_visits,
    ItemKind.PERSON: _erase_persons,
}


def _erase_bodies(work: Work, log: Log, record_class: RecordClass, rows: Sequence[DueRow], cause: Cause) -> None:
    """Erase bodies of the ledger. Those that were promised a longer life name the order: the rule that shortened it."""
    query = sa.select(LedgerEntry.id, LedgerEntry.due_on).where(among(work, LedgerEntry.id, [row.id for row in rows]))
    promised = {found.id: found.due_on for found in work.session.execute(query)}
    early: dict[str, list[UUID]] = {}
    in_time: list[UUID] = []
    today = work.now.date()
    for row in rows:
        if promised.get(row.id, today) > today:
            early.setdefault(cause.order_reference or f"rule {row.rule_id}", []).append(row.id)
        else:
            in_time.append(row.id)
    if in_time:
        ledger.erase(work, log, in_time, cause.reason, record_class, cause.order_reference)
    for order, ids in early.items():
        ledger.erase(work, log, ids, cause.reason, record_class, order)


def _say_erased(work: Work, rows: Sequence[DueRow], cause: Cause) -> None:
    """Write one ERASE entry a class for rows outside the log; the hash lets a certificate be compared later."""
    by_subject: dict[str, list[UUID]] = {}
    for row in rows:
        if row.site_id != due.MARKER_SITE:
            by_subject.setdefault(row.subject, []).append(row.id)
    for subject, ids in by_subject.items():
        fact = EraseFact(
            at=work.now,
            reason=cause.reason,
            record_class=RecordClass[subject.upper()],
            count=len(ids),
            order_reference=cause.order_reference,
            records_hash=ids_hash(ids),
        )
        ledger.append_erase(work, Log.AUDIT, fact)


def ids_hash(ids: Collection[UUID]) -> bytes:
    """Return the SHA-256 of ids in their order of bytes."""
    return hashlib.sha256(b"".join(sorted(row_id.bytes for row_id in ids))).digest()


def _records_of(work: Work, column: orm.InstrumentedAttribute[UUID | None], ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Delete the records that go with rows of another kind; return of each its key."""
    record_ids = work.session.connection().scalars(sa.select(PersonalRecord.id).where(among(work, column, ids))).all()
    return people.delete(work, record_ids)


def _without_more(work: Work, person_ids: Collection[UUID]) -> set[UUID]:
    """Return the persons of whom no other visit and no record is left."""
    kept: set[UUID] = set()
    for column in (Visit.person_id, PersonalRecord.person_id):
        kept.update(work.session.connection().scalars(sa.select(column).where(among(work, column, person_ids))))
    return set(person_ids) - kept


_COLUMNS = {
    "record": PersonalRecord.id,
    "access_event": AccessEvent.id,
    "visit": Visit.id,
    "person": Person.id,
}


def present_rows(work: Work, kind: str, ids: Collection[UUID]) -> set[UUID]:
    """Return which of the ids still stand in the database; a month while it has its tables."""
    if kind in months.MONTHS:
        return set(ids) & {month.key for month in months.present(work, ItemKind(kind))}
    found: set[UUID] = set()
    wanted = list(ids)
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        if kind == ItemKind.AUDIT.value:
            query = sa.select(LedgerEntry.id).where(among(work, LedgerEntry.id, part), due.OF_AUDIT)
        elif kind in _COLUMNS:
            query = sa.select(_COLUMNS[kind]).where(among(work, _COLUMNS[kind], part))
        else:
            return set()
        found.update(work.session.scalars(query))
    return found


def done_line(batch: Batch, at: datetime) -> Entry:
    """Return the line that says that the batch was committed."""
    assert batch.number is not None
    return Entry(Act.DONE, batch.number, at)

"""Erasing one batch: holds and rules looked at again, the journal line on disk, keys destroyed, rows deleted.

All of it happens in the caller's transaction except the journal line and the keys, which come first and are durable at
once. A crash therefore leaves at worst a line without its deletion, which `settle` takes back, or a record that nobody
can read any more, which the next purge deletes.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.badges.models import Badge, BadgeCopy, PrintJob
from visitor.cctv.models import Still, StillState
from visitor.core.many import among
from visitor.core.partitions import Month
from visitor.core.work import Work
from visitor.ledger import operations as ledger
from visitor.ledger.entries import EraseFact, EraseReason, Log, RecordClass
from visitor.ledger.models import LedgerEntry
from visitor.notices.models import Acknowledgement
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
class _Doomed:
    """Rows of a batch, with what hangs on them."""

    rows: Sequence[DueRow]
    records: dict[UUID, UUID]
    """Record to key."""
    persons: frozenset[UUID] = frozenset()

    @property
    def ids(self) -> list[UUID]:
        return [row.id for row in self.rows]


def erase_due(work: Work, kind: ItemKind, ids: Collection[UUID], journal: Journal) -> Batch:
    """Erase those of the rows that are still due, not held and not restricted; of months, those that still go whole.

    The caller holds `holds.alone`, and says `journal` DONE after its commit.
    """
    if kind in months.MONTHS:
        return _erase_months(work, kind, ids, journal)
    seen = due.look(work, ids=ids)
    batch = Batch()
    doomed: list[DueRow] = []
    found: set[UUID] = set()
    for row in due.rows(seen, kind):
        found.add(row.id)
        answer = seen.answer(row)
        if answer is PurgeAnswer.PURGE:
            doomed.append(row)
        else:
            batch.kept[answer.value] += 1
    present = present_rows(work, kind.value, set(ids) - found)
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
    doomed = _doomed(work, rows)
    named = {
        kind.value: tuple(doomed.ids),
        "record": tuple(doomed.records),
        "key": tuple(doomed.records.values()),
        "person": tuple(doomed.ids) if kind is ItemKind.PERSON else tuple(doomed.persons),
    }
    rules = Counter(row.rule_id for row in rows)
    batch.number = journal.append(Entry(Act.ERASE, 0, work.now, named, cause.reason.value, rules))
    _ERASERS[kind](work, doomed, cause)
    batch.erased += rows


def erase_again(work: Work, rows: Sequence[DueRow], cause: Cause) -> None:
    """Erase rows of one kind that the journal names already."""
    if rows:
        _ERASERS[rows[0].kind](work, _doomed(work, rows), cause)


def _doomed(work: Work, rows: Sequence[DueRow]) -> _Doomed:
    kind = rows[0].kind
    return _Doomed(rows, _records_of(work, kind, rows), _persons_of(work, kind, rows))


def _erase_records(work: Work, doomed: _Doomed, cause: Cause) -> None:
    _forget_stills(work, doomed.records)
    people.erase(work, list(doomed.records))
    _say_erased(work, doomed.rows, cause)


def _erase_events(work: Work, doomed: _Doomed, cause: Cause) -> None:
    """Erase scans with their pictures and the bodies of their ledger entries, whose ids are those of the events."""
    ids = doomed.ids
    people.erase(work, list(doomed.records))
    work.session.connection().execute(sa.delete(Still).where(among(work, Still.event_id, ids)))
    scans = sa.select(AccessEvent.access_point_id, AccessEvent.scan_id).where(among(work, AccessEvent.id, ids))
    work.session.connection().execute(
        sa.delete(KnownScan).where(sa.tuple_(KnownScan.access_point_id, KnownScan.scan_id).in_(scans))
    )
    work.session.connection().execute(sa.delete(AccessEvent).where(among(work, AccessEvent.id, ids)))
    _erase_bodies(work, Log.ACCESS, RecordClass.ACCESS_EVENT, doomed.rows, cause)


def _erase_audits(work: Work, doomed: _Doomed, cause: Cause) -> None:
    _erase_bodies(work, Log.AUDIT, RecordClass.AUDIT, doomed.rows, cause)


def _erase_visits(work: Work, doomed: _Doomed, cause: Cause) -> None:
    """Erase visits with badges, copies, print jobs, presence, shown notices, and persons of whom nothing is left."""
    ids = doomed.ids
    people.erase(work, list(doomed.records))
    badges = sa.select(Badge.id).where(among(work, Badge.visit_id, ids))
    for part in (PrintJob, BadgeCopy):
        work.session.connection().execute(sa.delete(part).where(part.badge_id.in_(badges)))
    for whole in (Badge, Presence, Acknowledgement):
        work.session.connection().execute(sa.delete(whole).where(among(work, whole.visit_id, ids)))
    work.session.connection().execute(sa.delete(Visit).where(among(work, Visit.id, ids)))
    people.erase_persons(work, doomed.persons)
    _say_erased(work, doomed.rows, cause)


def _erase_persons(work: Work, doomed: _Doomed, _cause: Cause) -> None:
    people.erase_persons(work, doomed.ids)


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


def _forget_stills(work: Work, record_ids: Collection[UUID]) -> None:
    erased = {"state": StillState.ERASED, "record_id": None, "taken_at": None}
    work.session.connection().execute(sa.update(Still).where(among(work, Still.record_id, record_ids)).values(erased))


def _records_of(work: Work, kind: ItemKind, rows: Sequence[DueRow]) -> dict[UUID, UUID]:
    """Return the records that go with the rows: record to key."""
    columns = {
        ItemKind.RECORD: PersonalRecord.id,
        ItemKind.ACCESS_EVENT: PersonalRecord.subject_id,
        ItemKind.VISIT: PersonalRecord.visit_id,
    }
    column = columns.get(kind)
    if column is None:
        return {}
    query = sa.select(PersonalRecord.id, PersonalRecord.key_id).where(among(work, column, [row.id for row in rows]))
    return {row.id: row.key_id for row in work.session.execute(query)}


def _persons_of(work: Work, kind: ItemKind, rows: Sequence[DueRow]) -> frozenset[UUID]:
    """Return the persons of visits who visited only then."""
    if kind is not ItemKind.VISIT:
        return frozenset()
    ids = [row.id for row in rows]
    mine = sa.select(Visit.person_id).where(among(work, Visit.id, ids), Visit.person_id.is_not(None))
    others = sa.select(Visit.person_id).where(Visit.person_id.in_(mine), ~among(work, Visit.id, ids))
    found = set(work.session.scalars(mine)) - set(work.session.scalars(others))
    records = PersonalRecord.visit_id.is_(None) | PersonalRecord.visit_id.not_in(ids)
    kept = work.session.scalars(
        sa.select(PersonalRecord.person_id).where(PersonalRecord.person_id.in_(list(found)), records)
    )
    return frozenset(person_id for person_id in found - set(kept) if person_id is not None)


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

"""Which rows are due: the same statements for the plan of a purge and for the second look inside its batches."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from visitor.access.models import AccessEvent
from visitor.core.classes import DataClass
from visitor.core.db import Instant, Model
from visitor.core.many import among
from visitor.core.partitions import Month
from visitor.core.work import Work
from visitor.ledger.entries import EntryType
from visitor.ledger.models import LedgerEntry
from visitor.ledger.operations import AUDIT_LIFE
from visitor.people.models import Person, PersonalRecord
from visitor.privacy import holds
from visitor.privacy.defaults import load_defaults
from visitor.privacy.models import RetentionRule
from visitor.privacy.policy import Due, PurgeAnswer, RecordFacts, RecordKind, may_purge
from visitor.privacy.rulebook import RuleBook, Step
from visitor.sites import queries as sites
from visitor.visits.models import Visit, VisitState, VisitType

PERSON_GRACE: Final = timedelta(days=1)
"""A person without visit and records may be one whose sign-in is going on."""
MARKER_SITE: Final = UUID(int=0)
"""The site of the markers that each purge plants for its own scan."""
OF_AUDIT: Final = LedgerEntry.kind == sa.literal_column(str(int(EntryType.AUDIT)))
"""Written as the index says it, which covers these entries alone; all of them are of the audit log."""


class ItemKind(StrEnum):
    """What a purge erases, in the order in which it does."""

    RECORD = "record"
    ACCESS_MONTH = "access_month"
    """Every scan of one month at once (PostgreSQL); its id stands for the month."""
    ACCESS_EVENT = "access_event"
    AUDIT_MONTH = "audit_month"
    AUDIT = "audit"
    VISIT = "visit"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class DueRow:
    """One row whose time is over, and what decides whether it goes."""

    kind: ItemKind
    id: UUID
    site_id: UUID | None
    subject: str
    """A sealed class, `visit`, `invitation`, `access_event`, `audit` or `person`."""
    rule_id: str
    due_at: datetime
    visit_id: UUID | None = None
    moments: tuple[datetime | None, ...] = ()
    """When it happened; a hold on days keeps what touches them."""
    restricted: bool = False
    count: int = 1
    """Rows that this one stands for: all of a site and rule in a month that goes whole."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """Scans or audit entries of one site under one rule whose time is over."""

    site_id: UUID | None
    rule_id: str
    span: timedelta
    where: tuple[sa.ColumnElement[bool], ...]


@dataclass(slots=True)
class Look:
    """One look at what is due."""

    work: Work
    at: datetime
    books: Mapping[UUID, RuleBook]
    held: holds.HoldBook
    ids: Collection[UUID] | None = None
    """Only these; None: all."""
    limit: int = 100_000
    """Of each kind."""
    months: dict[ItemKind, list[Month]] = field(default_factory=dict)
    """Months that go whole: their rows are not found one by one."""

    def answer(self, row: DueRow) -> PurgeAnswer:
        """Decide over one row by the policy."""
        if self.held.empty and not row.restricted and row.due_at <= self.at:
            return PurgeAnswer.PURGE  # as the policy says where nothing keeps a row; thousands are asked about
        kept_by = tuple(self.held.on(row.site_id, row.visit_id, row.moments))
        facts = RecordFacts(Due(row.due_at, row.rule_id, None), kept_by, restricted=row.restricted, blocked=False)
        return may_purge(facts, self.at)


def books(work: Work) -> dict[UUID, RuleBook]:
    """Return the rule book of every site."""
    own: dict[UUID, list[RetentionRule]] = {}
    for rule in work.session.scalars(sa.select(RetentionRule).order_by(RetentionRule.set_at, RetentionRule.id)):
        own.setdefault(rule.site_id, []).append(rule)
    return {site.id: RuleBook(sites.preset_of(site), own.get(site.id, [])) for site in sites.all_sites(work)}


def look(work: Work, *, ids: Collection[UUID] | None = None, limit: int = 100_000) -> Look:
    """Prepare a look at this transaction's instant."""
    work.session.flush()
    return Look(work, work.now, books(work), holds.read(work), ids, limit)


def rows(seen: Look, kind: ItemKind) -> Iterator[DueRow]:
    """Yield what is due of one kind, but for months; the oldest first where that is cheap."""
    return _FINDERS[kind](seen)


def ruled(seen: Look, kind: ItemKind) -> list[Ruled]:
    """Return by site and rule which scans or which audit entries are over; those of no site follow the default."""
    of_audit = kind is ItemKind.AUDIT
    subject = RecordKind.AUDIT if of_audit else RecordKind.ACCESS_EVENT
    began = LedgerEntry.at if of_audit else AccessEvent.scanned_at
    collected = LedgerEntry.at if of_audit else AccessEvent.received_at
    site = LedgerEntry.site_id if of_audit else AccessEvent.site_id
    found = []
    if of_audit:
        default = next(rule for rule in load_defaults() if rule.subject == subject)
        assert default.keep is not None
        found.append(Ruled(None, default.id, default.keep, (site.is_(None), began <= seen.at - default.keep)))
    for site_id, book in seen.books.items():
        for step in book.steps(subject, None, seen.at):
            where = (site == site_id, *_in_step(collected, began, step, seen.at))
            found.append(Ruled(site_id, step.life.rule_id, step.life.span, where))
    return found


def over(at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a sealed record's time is over; never null."""
    record = PersonalRecord
    by_rule = sa.and_(record.due_at.is_not(None), record.due_at <= at)
    return sa.or_(by_rule, sa.and_(record.due_at.is_(None), record.latest_at <= at))


def _records(seen: Look) -> Iterator[DueRow]:
    record = PersonalRecord
    due_at = sa.func.coalesce(record.due_at, record.latest_at, type_=Instant())
    columns = (record.id, record.site_id, record.data_class, Visit.visit_type_id, record.restricted, due_at)
    when = (record.visit_id, Visit.arrived_at, Visit.left_at, record.created_at)
    query = sa.select(*columns, *_when(seen, when)).outerjoin(Visit, Visit.id == record.visit_id).where(over(seen.at))
    rules: dict[tuple[UUID, DataClass, UUID | None], tuple[str, str]] = {}
    for row_id, site_id, data_class, type_id, restricted, at, *held in _found(seen, query, record.id, kept=record):
        place = (site_id, data_class, type_id)
        if place not in rules:
            book, name = seen.books.get(site_id), data_class.value
            rules[place] = name, name if book is None else book.life(data_class, type_id, seen.at).rule_id
        visit_id, arrived_at, left_at, created_at = held or (None, None, None, None)
        moments = (arrived_at, left_at) if arrived_at else (created_at,)
        yield DueRow(ItemKind.RECORD, row_id, site_id, *rules[place], at, visit_id, moments, restricted=restricted)


def _when(seen: Look, columns: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the columns by which a hold keeps something; nobody asks for them where nothing is held."""
    return () if seen.held.empty else columns


def _events(seen: Look) -> Iterator[DueRow]:
    event = AccessEvent
    columns = (event.id, event.site_id, event.visit_id, event.scanned_at)
    kind, subject = ItemKind.ACCESS_EVENT, RecordKind.ACCESS_EVENT.value
    outside = _outside(event.scanned_at, seen.months.get(ItemKind.ACCESS_MONTH, ()))
    for place in ruled(seen, kind):
        query = sa.select(*columns).where(*place.where, *outside)
        for row in _found(seen, query, event.id):
            due_at, moments = row.scanned_at + place.span, (row.scanned_at,)
            yield DueRow(kind, row.id, row.site_id, subject, place.rule_id, due_at, row.visit_id, moments)


def _audits(seen: Look) -> Iterator[DueRow]:
    """Audit bodies."""
    entry = LedgerEntry
    columns = (entry.id, entry.site_id, entry.subject_id, entry.at)
    kind, subject = ItemKind.AUDIT, RecordKind.AUDIT.value
    outside = _outside(entry.at, seen.months.get(ItemKind.AUDIT_MONTH, ()))
    for place in ruled(seen, kind):
        # The index holds `due_on`, which is the entry's day and a year: the condition on it changes nothing but speed.
        indexed = (OF_AUDIT, entry.due_on <= (seen.at - place.span + AUDIT_LIFE).date())
        query = sa.select(*columns).where(*indexed, *place.where, *outside)
        for row in _found(seen, query, entry.id):
            due_at = row.at + place.span
            yield DueRow(kind, row.id, row.site_id, subject, place.rule_id, due_at, row.subject_id, (row.at,))


def _outside(at: Any, months: Collection[Month]) -> list[sa.ColumnElement[bool]]:  # noqa: ANN401  a column of SQLAlchemy
    return [sa.or_(at < month.begins_at, at >= month.ends_at) for month in months]


def _visits(seen: Look) -> Iterator[DueRow]:
    types = seen.work.session.execute(sa.select(VisitType.id, VisitType.site_id)).all()
    for visit_type in types:
        book = seen.books.get(visit_type.site_id)
        if book is None:
            continue
        for step in book.steps(RecordKind.VISIT, visit_type.id, seen.at):
            collected = sa.func.coalesce(Visit.received_at, Visit.arrived_at, Visit.left_at, type_=Instant())
            ended = (Visit.state == VisitState.GONE, *_in_step(collected, Visit.left_at, step, seen.at))
            yield from _visits_of(seen, visit_type.id, RecordKind.VISIT, step, ended)
        # When an invitation was collected is not kept: the shortest rule there ever was decides.
        step = book.steps(RecordKind.INVITATION, visit_type.id, seen.at)[0]
        unused = (
            Visit.state.in_([VisitState.EXPECTED, VisitState.CANCELLED]),
            Visit.expected_at <= seen.at - step.life.span,
        )
        yield from _visits_of(seen, visit_type.id, RecordKind.INVITATION, step, unused)


def _visits_of(
    seen: Look, type_id: UUID, subject: RecordKind, step: Step, where: tuple[sa.ColumnElement[bool], ...]
) -> Iterator[DueRow]:
    began_at = Visit.left_at if subject is RecordKind.VISIT else Visit.expected_at
    alone = _alone(seen) if subject is RecordKind.VISIT else _unrestricted()
    columns = (Visit.id, Visit.site_id, began_at.label("began_at"))
    when = _when(seen, (Visit.arrived_at, Visit.left_at, Visit.expected_at))
    query = sa.select(*columns, *when).where(Visit.visit_type_id == type_id, *where, alone)
    name, rule_id, span = subject.value, step.life.rule_id, step.life.span
    for row_id, site_id, at, *moments in _found(seen, query, Visit.id, kept=Visit):
        yield DueRow(ItemKind.VISIT, row_id, site_id, name, rule_id, at + span, row_id, tuple(moments))


def _alone(seen: Look) -> sa.ColumnElement[bool]:
    """Return the condition that a visit has no record that stays: its whole life is over.

    While planning, records that are due themselves do not count; in the batch, where they went before, every one does.
    """
    record = PersonalRecord
    stays = record.visit_id == Visit.id
    if seen.ids is None:
        stays = sa.and_(stays, sa.or_(~over(seen.at), record.restricted.is_(True)))
    return ~sa.exists().where(stays)


def _unrestricted() -> sa.ColumnElement[bool]:
    """Return the condition that nothing of a visit is restricted; an unused invitation takes its records along."""
    return ~sa.exists().where(PersonalRecord.visit_id == Visit.id, PersonalRecord.restricted.is_(True))


def _persons(seen: Look) -> Iterator[DueRow]:
    used = sa.or_(
        sa.exists().where(PersonalRecord.person_id == Person.id), sa.exists().where(Visit.person_id == Person.id)
    )
    columns = (Person.id, Person.site_id, Person.created_at)
    query = sa.select(*columns).where(Person.created_at <= seen.at - PERSON_GRACE, ~used)
    for person in _found(seen, query, Person.id):
        due_at = person.created_at + PERSON_GRACE
        yield DueRow(ItemKind.PERSON, person.id, person.site_id, "person", "person", due_at)


_FINDERS: Final = {
    ItemKind.RECORD: _records,
    ItemKind.ACCESS_EVENT: _events,
    ItemKind.AUDIT: _audits,
    ItemKind.VISIT: _visits,
    ItemKind.PERSON: _persons,
}
ROWS: Final = tuple(_FINDERS)
"""The kinds that are found row by row, in the order of a purge."""


def _in_step(collected: Any, began: Any, step: Step, at: datetime) -> list[sa.ColumnElement[bool]]:  # noqa: ANN401  columns of SQLAlchemy
    """Return the conditions that something was collected within the step and is over by its life."""
    where: list[sa.ColumnElement[bool]] = [began <= at - step.life.span]
    if step.from_at is not None:
        where.append(collected >= step.from_at)
    if step.until_at is not None:
        where.append(collected < step.until_at)
    return where


def _found(seen: Look, query: Any, column: Any, *, kept: type[Model] | None = None) -> Any:  # noqa: ANN401  rows of whichever columns
    """Return the rows that are looked for, past the session: thousands come, and none is an object.

    `kept`: whose rows nobody changes from a batch's look until it has ended; or what was restricted meanwhile, or who
    arrived, would be erased all the same.
    """
    if seen.ids is not None:
        query = query.where(among(seen.work, column, seen.ids))
        query = query if kept is None else query.with_for_update(of=kept)
    return seen.work.session.connection().execute(query.order_by(column).limit(seen.limit)).all()

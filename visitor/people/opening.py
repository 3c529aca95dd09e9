"""Opening sealed records: which ones may be opened, by whom, and the entry that it leaves behind."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from visitor.core.classes import DataClass
from visitor.core.db import Choice, Instant
from visitor.core.errors import NotAllowed
from visitor.core.keyring import Keyring
from visitor.core.many import among_given, many_given
from visitor.core.permissions import Permission, Purpose
from visitor.core.prepared import Convert, Prepared, Question, Row, converted, readers
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people import room, screens, vault
from visitor.people.models import PersonalRecord
from visitor.people.records import Content, unpacked

SUBJECTS_NAMED: Final = 50
"""An audit entry names up to so many subjects; beyond that it counts them."""

NamedBy = Literal["visit_id", "person_id", "id"]
"""Whose id names a record: its visit's, its person's, its own."""


class SealedRecord(NamedTuple):
    """What opening needs of a record."""

    id: UUID
    site_id: UUID
    data_class: DataClass
    sealed: bytes
    key_id: UUID
    visit_id: UUID | None
    person_id: UUID | None
    subject_id: UUID | None


@dataclass(frozen=True, slots=True)
class Openable:
    """The newest record of each visit, person or record that was named, as far as the actor may open it."""

    data_class: DataClass
    records: Mapping[UUID, SealedRecord]


_COLUMNS: Final = tuple(PersonalRecord.__table__.c[name] for name in SealedRecord._fields)


def permission_for(data_class: DataClass) -> Permission:
    """Return the permission that opens a class."""
    return Permission(f"open.{data_class.value}")


def in_time(at: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a record's time is not over then."""
    due_at = sa.func.coalesce(PersonalRecord.due_at, PersonalRecord.latest_at, type_=PersonalRecord.due_at.type)
    return sa.and_(due_at > at, PersonalRecord.latest_at > at)


def openable(work: Work, data_class: DataClass, named_by: NamedBy, ids: Collection[UUID]) -> Question[Openable]:
    """Ask for the records that this actor may open.

    Raises:
        NotAllowed: the actor may open this class nowhere.
        RuntimeError: the transaction only reads, so the audit entry could not be kept.
    """
    room.require_writing(work)
    permission = permission_for(data_class)
    if not work.actor.may(permission):
        raise NotAllowed
    # What is pending is written first, for a statement that is put together beforehand does not see to it.
    work.session.flush()
    dialect = work.runtime.engine.dialect
    sites = work.actor.sites(permission)
    statement, converts = _statement(dialect, named_by, of_sites=sites is not None)
    given: dict[str, object] = {"data_class": data_class, "now": work.now}
    given |= many_given(dialect, "ids", list(dict.fromkeys(ids)))
    if sites is not None:
        given |= many_given(dialect, "sites", list(sites))

    def newest(rows: Sequence[Row]) -> Openable:
        records = [SealedRecord._make(converted(row, converts)) for row in rows]
        return Openable(data_class, {getattr(record, named_by): record for record in records})

    return Question(statement, given, newest)


def opened(work: Work, found: Openable, purpose: Purpose, *, again: bool = False) -> dict[UUID, Content]:
    """Open records and leave one audit entry a site; whose key is gone or whose bytes were changed is absent.

    `again`: a screen that is open already refreshes itself (see `screens`).
    """
    if not found.records:
        return {}
    keys = work.resource(Keyring).open([record.key_id for record in found.records.values()])
    readable = {name: record for name, record in found.records.items() if record.key_id in keys}
    _audit(work, readable.values(), (work.actor.id, found.data_class, Purpose(purpose)), again=again)
    contents: dict[UUID, Content] = {}
    for name, record in readable.items():
        content = _content(work, record, keys[record.key_id])
        if content is not None:
            contents[name] = content
    return contents


@cache
def _statement(dialect: Dialect, named_by: NamedBy, *, of_sites: bool) -> tuple[Prepared, Sequence[Convert]]:
    """Put the statement together; its rows come oldest first."""
    of = PersonalRecord.__table__.c
    where = [
        among_given(dialect, of[named_by], "ids"),
        of.data_class == sa.bindparam("data_class", type_=Choice(DataClass)),
        in_time(sa.bindparam("now", type_=Instant())),
        of.restricted.is_(False),
    ]
    if of_sites:
        where.append(among_given(dialect, of.site_id, "sites"))
    query = sa.select(*_COLUMNS).where(*where).order_by(of.created_at, of.id)
    return Prepared(query, dialect), readers(_COLUMNS, dialect)


def _content(work: Work, record: SealedRecord, key: bytes) -> Content | None:
    """Unseal a record; one that was tampered with is absent, and the audit log says so."""
    place = vault.Place(record.id, record.data_class, record.site_id)
    try:
        return unpacked(record.data_class, vault.unseal(key, place, record.sealed))
    except vault.Damaged:
        kind = record.data_class.value
        audit(work, "people.damaged", site_id=record.site_id, subject_id=record.visit_id, detail=kind)
        return None


def _audit(work: Work, records: Iterable[SealedRecord], screen: screens.Screen, *, again: bool) -> None:
    """Write one entry a site; it names the visits, or else the persons, or else what the record belongs to."""
    at_site: dict[UUID, list[UUID]] = {}
    for record in records:
        subject = record.visit_id or record.person_id or record.subject_id or record.id
        at_site.setdefault(record.site_id, []).append(subject)
    _, data_class, purpose = screen
    shown = [subject for subjects in at_site.values() for subject in subjects]
    wanted = screens.to_record(work, screen, shown, again=again)
    for site_id, subjects in at_site.items():
        named = [subject for subject in dict.fromkeys(subjects) if subject in wanted]
        if not named:
            continue
        audit(
            work,
            "people.open",
            site_id=site_id,
            subject_id=named[0] if len(named) == 1 else None,
            subject_ids=named if 1 < len(named) <= SUBJECTS_NAMED else (),
            purpose=purpose.value,
            count=len(named) if again else len(subjects),
            detail=data_class.value,
        )

"""Opening sealed records, finding them, and telling what there is without opening it.

Opening needs the permission of the class at the record's site and a purpose, and leaves one audit entry a call and
site. A record is absent from the answer when its site is foreign, its time is over, it is restricted, its key is gone
or its bytes were tampered with: the answer is the same as if it had never been.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import sqlalchemy as sa

from visitor.core.classes import DataClass
from visitor.core.db import Instant
from visitor.core.keyring import Keyring
from visitor.core.permissions import Permission, Purpose
from visitor.core.prepared import Question, ask
from visitor.core.work import Work
from visitor.people import opening, tokens
from visitor.people.models import PersonalRecord, PersonToken
from visitor.people.opening import Openable, openable
from visitor.people.records import Contact, Content, IdDocument

CHUNK: Final = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordLine:
    """What is known of a record without opening it."""

    id: UUID
    site_id: UUID
    data_class: DataClass
    person_id: UUID | None
    visit_id: UUID | None
    subject_id: UUID | None
    due_at: datetime
    """When nobody sees it any more: what was decided, or the ceiling while nothing is."""
    decided: bool
    restricted: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Orphans:
    """Keys without a record, and records without a key."""

    key_ids: frozenset[UUID]
    record_ids: frozenset[UUID]


def in_time(work: Work) -> sa.ColumnElement[bool]:
    """Return the condition that a record's time is not over."""
    return opening.in_time(sa.literal(work.now, Instant()))


def open(  # noqa: A001  callers say people.queries.open
    work: Work, visit_ids: Collection[UUID], data_class: DataClass, purpose: Purpose, *, again: bool = False
) -> dict[UUID, Content]:
    """Open the newest record of a class of each visit: visit id to content.

    `again`: a screen that is open already refreshes itself (see `screens`).

    Raises:
        NotAllowed: the actor may open this class nowhere.
        RuntimeError: the transaction only reads, so the audit entry could not be kept.
    """
    return _open(work, openable(work, data_class, "visit_id", visit_ids), purpose, again=again)


def open_persons(
    work: Work, person_ids: Collection[UUID], data_class: DataClass, purpose: Purpose
) -> dict[UUID, Content]:
    """Open the newest record of a class of each person, of whichever visit: person id to content. Raises as `open`."""
    return _open(work, openable(work, data_class, "person_id", person_ids), purpose)


def open_records(
    work: Work, record_ids: Collection[UUID], data_class: DataClass, purpose: Purpose
) -> dict[UUID, Content]:
    """Open records by their own ids: record id to content. Raises as `open`."""
    return _open(work, openable(work, data_class, "id", record_ids), purpose)


def contacts(work: Work, visit_ids: Collection[UUID], purpose: Purpose, *, again: bool = False) -> dict[UUID, Contact]:
    """Open who the visitors are: visit id to contact. `again` and Raises as `open`."""
    return _of_type(open(work, visit_ids, DataClass.CONTACT, purpose, again=again), Contact)


def sealed_contacts(work: Work, visit_ids: Collection[UUID]) -> Question[Openable]:
    """Ask for what `opened_contacts` opens, on one journey with other questions. Raises as `open`."""
    return openable(work, DataClass.CONTACT, "visit_id", visit_ids)


def opened_contacts(work: Work, found: Openable, purpose: Purpose, *, again: bool = False) -> dict[UUID, Contact]:
    """Open what `sealed_contacts` has found, and record it, as `contacts` does."""
    return _of_type(opening.opened(work, found, purpose, again=again), Contact)


def photo(work: Work, visit_id: UUID, purpose: Purpose) -> bytes | None:
    """Open the photo of one visit. Raises as `open`."""
    return photos(work, [visit_id], purpose).get(visit_id)


def photos(work: Work, visit_ids: Collection[UUID], purpose: Purpose) -> dict[UUID, bytes]:
    """Open photos: visit id to JPEG. Raises as `open`."""
    return _of_type(open(work, visit_ids, DataClass.PHOTO, purpose), bytes)


def id_document(work: Work, visit_id: UUID, purpose: Purpose) -> IdDocument | None:
    """Open what was taken down of the ID document of one visit. Raises as `open`."""
    return _of_type(open(work, [visit_id], DataClass.ID_DOCUMENT, purpose), IdDocument).get(visit_id)


def stills(work: Work, record_ids: Collection[UUID], purpose: Purpose) -> dict[UUID, bytes]:
    """Open camera stills by their record ids (`still.record_id`): record id to JPEG. Raises as `open`."""
    return _of_type(open_records(work, record_ids, DataClass.CCTV_STILL, purpose), bytes)


def search(work: Work, site_ids: Collection[UUID] | None, text: str, limit: int = 50) -> list[UUID]:
    """Find visits by name, e-mail or phone without opening anything; newest first.

    Every word of `text` must be a whole word of the name or the first three letters of one (see `tokens`). Only sites
    count at which the actor may open contacts; `site_ids` None means all of those. The caller audits the search.
    """
    alternatives = tokens.searched(work.resource(Keyring).index_key, text)
    if not alternatives:
        return []
    record = PersonalRecord
    fits = sa.or_(*(sa.and_(*map(_has_token, wanted)) for wanted in alternatives))
    query = sa.select(record.visit_id).where(record.data_class == DataClass.CONTACT, record.visit_id.is_not(None), fits)
    query = query.where(in_time(work), record.restricted.is_(False))
    for allowed in (site_ids, work.actor.sites(Permission.OPEN_CONTACT)):
        if allowed is not None:
            query = query.where(record.site_id.in_(list(allowed)))
    newest = query.group_by(record.visit_id).order_by(sa.func.max(record.created_at).desc(), record.visit_id.desc())
    return [visit_id for visit_id in work.session.scalars(newest.limit(limit)) if visit_id is not None]


def records_of(work: Work, visit_id: UUID) -> list[RecordLine]:
    """Tell which records a visit has, without opening them; restricted and overdue ones are among them.

    The caller checks the permission at the visit's site.
    """
    query = sa.select(PersonalRecord).where(PersonalRecord.visit_id == visit_id)
    return [_line(row) for row in _rows(work, query.order_by(PersonalRecord.created_at, PersonalRecord.id))]


def lasting_records(work: Work, person_id: UUID | None) -> list[RecordLine]:
    """Tell which records a person has beside those of visits, as `records_of` does; none for nobody."""
    if person_id is None:
        return []
    where = (PersonalRecord.person_id == person_id, PersonalRecord.visit_id.is_(None))
    query = sa.select(PersonalRecord).where(*where).order_by(PersonalRecord.created_at, PersonalRecord.id)
    return [_line(row) for row in _rows(work, query)]


def due_records(work: Work, at: datetime, limit: int = CHUNK, after: RecordLine | None = None) -> list[RecordLine]:
    """Return records whose time is over by `at`, in the order of their ids; `after` continues behind a line.

    Restricted records are left out; holds are the caller's to check.
    """
    record = PersonalRecord
    over = sa.or_(record.due_at <= at, sa.and_(record.due_at.is_(None), record.latest_at <= at))
    query = sa.select(record).where(over, record.restricted.is_(False)).order_by(record.id).limit(limit)
    if after is not None:
        query = query.where(record.id > after.id)
    return [_line(row) for row in _rows(work, query)]


def orphans(work: Work) -> Orphans:
    """Return keys that seem to have no record and records that seem to have no key; may run beside sign-ins.

    A sign-in that is going on can look like an orphan here: only `operations.sweep_orphans` decides.
    """
    keys = work.resource(Keyring).key_ids()
    used: set[UUID] = set()
    unreadable: set[UUID] = set()
    columns = sa.select(PersonalRecord.id, PersonalRecord.key_id)
    for row in work.session.execute(columns.execution_options(yield_per=1_000)):
        used.add(row.key_id)
        if row.key_id not in keys:
            unreadable.add(row.id)
    return Orphans(frozenset(keys - used), frozenset(unreadable))


def _open(work: Work, asked: Question[Openable], purpose: Purpose, *, again: bool = False) -> dict[UUID, Content]:
    return opening.opened(work, ask(work.session.connection(), asked), purpose, again=again)


def _rows(work: Work, query: sa.Select[PersonalRecord]) -> Iterable[PersonalRecord]:
    """Run a query; what operations changed by statement is read anew."""
    return work.session.scalars(query.execution_options(populate_existing=True))


def _has_token(wanted: frozenset[bytes]) -> sa.ColumnElement[bool]:
    return PersonalRecord.id.in_(sa.select(PersonToken.record_id).where(PersonToken.token.in_(sorted(wanted))))


def _of_type(opened: dict[UUID, Content], kind: type[T]) -> dict[UUID, T]:
    return {named: content for named, content in opened.items() if isinstance(content, kind)}


def _line(row: PersonalRecord) -> RecordLine:
    return RecordLine(
        id=row.id,
        site_id=row.site_id,
        data_class=row.data_class,
        person_id=row.person_id,
        visit_id=row.visit_id,
        subject_id=row.subject_id,
        due_at=min(row.due_at, row.latest_at) if row.due_at else row.latest_at,
        decided=row.due_at is not None,
        restricted=row.restricted,
        created_at=row.created_at,
    )

"""Sealing, correcting, hiding and erasing personal data.

A key is durable before the record it seals and destroyed before that record is deleted. A crash in between leaves an
orphan key or an unreadable record: both are harmless, invisible, and swept (`sweep_orphans`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.core.classes import DataClass
from visitor.core.errors import Conflict, NotFound
from visitor.core.i18n import N_
from visitor.core.keyring import Keyring, RecordKey
from visitor.core.many import among
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people import queries, room, tokens, vault
from visitor.people.models import Person, PersonalRecord, PersonToken
from visitor.people.opening import permission_for
from visitor.people.records import Contact, Content, packed

CHUNK: Final = 500
SWEEP_LIMIT: Final = 1_000
"""More orphans than this in one sweep look like a restored or foreign database, not like crashes."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """Something to seal, and until when."""

    site_id: UUID
    data_class: DataClass
    content: Content
    latest_at: datetime
    """Ceiling: due then at the latest."""
    person_id: UUID | None = None
    visit_id: UUID | None = None
    subject_id: UUID | None = None
    """What else it belongs to: the access event of a still."""
    due_at: datetime | None = None
    """Null while it is not decided yet; never later than `latest_at`."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found and did."""

    keys: int
    """Keys without a record."""
    records: int
    """Records without a key."""
    refused: bool = False
    """Too many: nothing was touched, a person must look."""


def make_person(work: Work, site_id: UUID, *, remembered: bool = False) -> UUID:
    """Make a person without any word about who it is; return the id."""
    person_id = work.new_id()
    row = {"id": person_id, "site_id": site_id, "remembered": remembered, "created_at": work.now}
    work.session.execute(sa.insert(Person), [row])
    return person_id


def seal(work: Work, sealing: Sealing) -> UUID:
    """Seal one record; return its id."""
    return seal_all(work, [sealing])[0]


def seal_all(work: Work, sealings: Sequence[Sealing]) -> list[UUID]:
    """Seal records, all keys in one keyring transaction before the first row; return their ids in the same order.

    Raises:
        ValueError: a content is not of the shape of its class.
    """
    contents = [packed(sealing.data_class, sealing.content) for sealing in sealings]
    room.enter(work)
    if not sealings:
        return []
    keyring = work.resource(Keyring)
    keys = keyring.make(len(sealings))
    record_ids = [work.new_id() for _ in sealings]
    parts = zip(record_ids, sealings, contents, keys, strict=True)
    rows = [
        _row(sealing, record_id, key) | {"created_at": work.now, "sealed": _sealed(sealing, record_id, raw, key)}
        for record_id, sealing, raw, key in parts
    ]
    work.session.execute(sa.insert(PersonalRecord), rows)
    _index(work, {record_id: sealing.content for record_id, sealing in zip(record_ids, sealings, strict=True)})
    return record_ids


def set_due(work: Work, due: Mapping[UUID, datetime]) -> None:
    """Set from when records are due: record id to instant. A ceiling that comes earlier holds."""
    if not due:
        return
    given = sa.bindparam("given", type_=PersonalRecord.due_at.type)
    earlier = sa.case((PersonalRecord.latest_at < given, PersonalRecord.latest_at), else_=given)
    statement = sa.update(PersonalRecord).where(PersonalRecord.id == sa.bindparam("record_id")).values(due_at=earlier)
    work.session.connection().execute(statement, [{"record_id": key, "given": at} for key, at in due.items()])


def replace(work: Work, record_id: UUID, content: Content) -> None:
    """Correct a record (GDPR, Article 16). Whoever may open the class at the site may correct it; it is audited.

    The new content gets a new key. The old key becomes an orphan when this commits, and the next sweep destroys it: if
    it were destroyed here and the transaction rolled back, the record would be lost.

    Raises:
        NotFound: there is no such record, its time is over, or it is a foreign site's.
        NotAllowed: the actor may not open this class at the site.
        Conflict: the record is restricted.
    """
    room.enter(work)
    query = sa.select(PersonalRecord).where(PersonalRecord.id == record_id, queries.in_time(work)).with_for_update()
    row = work.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    work.require(permission_for(row.data_class), row.site_id)
    if row.restricted:
        raise Conflict(N_("This record is restricted. Lift the restriction before correcting it."))
    raw = packed(row.data_class, content)
    key = work.resource(Keyring).make()[0]
    row.sealed = vault.seal(key.key, vault.Place(row.id, row.data_class, row.site_id), raw)
    row.key_id = key.key_id
    work.session.flush()
    work.session.execute(sa.delete(PersonToken).where(PersonToken.record_id == row.id))
    _index(work, {row.id: content})
    subject = row.visit_id or row.person_id
    audit(work, "people.correct", site_id=row.site_id, subject_id=subject, detail=row.data_class.value)


def restrict(work: Work, visit_id: UUID, restricted: bool) -> int:  # noqa: FBT001  the two states of one switch
    """Hide all records of a visit without erasing them (GDPR, Article 18), or show them again; return how many.

    The caller checks the permission at the visit's site; the act is audited here.
    """
    room.require_writing(work)
    where = (PersonalRecord.visit_id == visit_id, PersonalRecord.restricted.is_not(restricted))
    sites = set(work.session.scalars(sa.select(PersonalRecord.site_id).where(*where)))
    changed = sa.update(PersonalRecord).where(*where).values(restricted=restricted)
    count = work.session.connection().execute(changed).rowcount
    for site_id in sites:
        action = "people.restrict" if restricted else "people.unrestrict"
        audit(work, action, site_id=site_id, subject_id=visit_id, count=count)
    return count


def erase(work: Work, record_ids: Collection[UUID]) -> int:
    """Erase records for good: keys at once, rows and tokens when this transaction commits; return how many.

    The caller has checked holds and restrictions in this very transaction and writes the ERASE entry. From the moment
    the keys are gone nobody reads the records, even if this transaction fails; repeating it finishes it.
    """
    keys = delete(work, record_ids)
    work.resource(Keyring).destroy(keys.values())
    return len(keys)


def delete(work: Work, record_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Delete records with their tokens in this transaction; return of each its key, which the caller destroys."""
    room.require_writing(work)
    work.session.flush()
    keys: dict[UUID, UUID] = {}
    for part in _chunks(list(dict.fromkeys(record_ids))):
        keys |= _delete_rows(work, part)
    return keys


def erase_persons(work: Work, person_ids: Collection[UUID]) -> int:
    """Delete persons of whom no record is left; return how many went."""
    gone = 0
    has_records = sa.exists().where(PersonalRecord.person_id == Person.id)
    for part in _chunks(list(dict.fromkeys(person_ids))):
        them = sa.delete(Person).where(among(work, Person.id, part), ~has_records)
        gone += work.session.connection().execute(them).rowcount
    return gone


def sweep_orphans(work: Work, seen: queries.Orphans | None = None, *, limit: int | None = SWEEP_LIMIT) -> Sweep:
    """Destroy keys without a record and delete records without a key.

    Runs alone in the room (see `room`), so it never takes the key of a sign-in that is going on. `seen` is what
    `queries.orphans` saw shortly before, without the lock: only that is looked at again, which keeps the lock short.
    `limit` None sweeps however many there are, after a person has made sure that both databases belong together.
    """
    room.enter_alone(work)
    suspects = queries.orphans(work) if seen is None else seen
    lost = _still_lost(work, suspects)
    if limit is not None and len(lost.key_ids) + len(lost.record_ids) > limit:
        return Sweep(len(lost.key_ids), len(lost.record_ids), refused=True)
    work.resource(Keyring).destroy(lost.key_ids)
    for part in _chunks(list(lost.record_ids)):
        _delete_rows(work, part)
    if lost.key_ids or lost.record_ids:
        audit(work, "people.sweep", count=len(lost.key_ids) + len(lost.record_ids))
    return Sweep(len(lost.key_ids), len(lost.record_ids))


def _still_lost(work: Work, suspects: queries.Orphans) -> queries.Orphans:
    """Look again at suspects, with the lock held."""
    used: set[UUID] = set()
    for part in _chunks(list(suspects.key_ids)):
        used.update(work.session.scalars(sa.select(PersonalRecord.key_id).where(PersonalRecord.key_id.in_(part))))
    keys_of: dict[UUID, UUID] = {}
    for part in _chunks(list(suspects.record_ids)):
        query = sa.select(PersonalRecord.id, PersonalRecord.key_id).where(PersonalRecord.id.in_(part))
        keys_of.update({row.id: row.key_id for row in work.session.execute(query)})
    present = work.resource(Keyring).open(keys_of.values())
    unreadable = frozenset(record_id for record_id, key_id in keys_of.items() if key_id not in present)
    return queries.Orphans(suspects.key_ids - used, unreadable)


def _row(sealing: Sealing, record_id: UUID, key: RecordKey) -> dict[str, object]:
    return {
        "id": record_id,
        "site_id": sealing.site_id,
        "person_id": sealing.person_id,
        "visit_id": sealing.visit_id,
        "subject_id": sealing.subject_id,
        "data_class": sealing.data_class,
        "key_id": key.key_id,
        "due_at": sealing.due_at and min(sealing.due_at, sealing.latest_at),
        "latest_at": sealing.latest_at,
        "restricted": False,
    }


def _sealed(sealing: Sealing, record_id: UUID, raw: bytes, key: RecordKey) -> bytes:
    return vault.seal(key.key, vault.Place(record_id, sealing.data_class, sealing.site_id), raw)


def _index(work: Work, contents: Mapping[UUID, Content]) -> None:
    """Keep the tokens under which contacts are found; other contents are not searched."""
    rows = [
        {"record_id": record_id, "token": token}
        for record_id, content in contents.items()
        if isinstance(content, Contact)
        for token in tokens.record_tokens(work.resource(Keyring).index_key, content)
    ]
    if rows:
        work.session.execute(sa.insert(PersonToken), rows)


def _delete_rows(work: Work, record_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Delete records and their tokens; return of each its key."""
    # The tokens are named, although the foreign key would take them: they are what a copy of the index would keep.
    connection = work.session.connection()
    connection.execute(sa.delete(PersonToken).where(among(work, PersonToken.record_id, record_ids)))
    them = sa.delete(PersonalRecord).where(among(work, PersonalRecord.id, record_ids))
    gone = connection.execute(them.returning(PersonalRecord.id, PersonalRecord.key_id)).all()
    return {row.id: row.key_id for row in gone}


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]

"""Visitors who asked to be remembered: one person over several visits, until they say otherwise or stay away.

Who somebody is stands in a sealed contact that belongs to the person and to no visit; it is due at its own time.
Forgetting makes it due at once: from then on nobody sees it, and the next purge erases it with its certificate.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from visitor.core.classes import DataClass
from visitor.core.ids import new_code, typed_code
from visitor.core.permissions import Purpose
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people import fingerprints, operations, queries
from visitor.people.models import Person, PersonalRecord, Remembrance
from visitor.people.records import Contact

CODE_LENGTH = 12
"""60 random bits: tries are counted, and the hash is keyed."""
CODE_PREFIX = "VP1:"
"""What the QR code of a visitor's code begins with."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody agreed to be remembered with."""

    site_id: UUID
    contact: Contact
    visit_type_id: UUID
    host_id: UUID | None
    language: str
    notice_version_id: UUID | None


def plain_code(text: str) -> str:
    """Return a scanned or typed code as it was issued."""
    return typed_code(text.strip().upper().removeprefix(CODE_PREFIX))


def spaced_code(code: str) -> str:
    """Return a code in groups of four, as people read it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def remember(work: Work, person_id: UUID, agreement: Agreement) -> Remembrance:
    """Keep who somebody is for the next visit. The personal code is made when its letter is written."""
    expires_at = work.now + _life(work)
    made = Remembrance(
        person_id=person_id,
        site_id=agreement.site_id,
        visit_type_id=agreement.visit_type_id,
        host_id=agreement.host_id,
        language=agreement.language,
        notice_version_id=agreement.notice_version_id,
        agreed_at=work.now,
        expires_at=expires_at,
    )
    work.session.execute(sa.update(Person).where(Person.id == person_id).values(remembered=True))
    work.session.add(made)
    work.session.flush()
    sealing = operations.Sealing(
        agreement.site_id,
        DataClass.CONTACT,
        agreement.contact,
        expires_at,
        person_id=person_id,
        due_at=expires_at,
    )
    operations.seal(work, sealing)
    audit(work, "people.remember", site_id=agreement.site_id, subject_id=person_id)
    return made


def make_code(work: Work, person_id: UUID) -> str | None:
    """Return a new personal code, the one before dies; None when the person is not remembered any more."""
    found = of_person(work, person_id)
    if found is None:
        return None
    code = new_code(CODE_LENGTH)
    found.code_hash = fingerprints.code_hash(work, code)
    return code


def by_code(work: Work, code: str) -> Remembrance | None:
    """Return who holds this code, as long as that is remembered."""
    where = (Remembrance.code_hash == fingerprints.code_hash(work, code), Remembrance.expires_at > work.now)
    found = work.session.scalar(sa.select(Remembrance).where(*where))
    return found if found is not None and _records(work, found.person_id) else None


def of_person(work: Work, person_id: UUID | None) -> Remembrance | None:
    """Return what is remembered of a person."""
    found = None if person_id is None else work.session.get(Remembrance, person_id)
    return found if found is not None and found.expires_at > work.now else None


def contact(work: Work, found: Remembrance, purpose: Purpose = Purpose.RECEPTION) -> Contact | None:
    """Open who it is; the opening is audited."""
    records = _records(work, found.person_id)
    opened = queries.open_records(work, records, DataClass.CONTACT, purpose)
    return next((content for content in opened.values() if isinstance(content, Contact)), None)


def correct(work: Work, found: Remembrance, was: Contact | None, corrected: Contact) -> None:
    """Correct who it is as at a visit, or the next one would begin with what was wrong.

    The personal code goes to the address that is kept here: another takes its place, none does not, and an address that
    `was` given for the visit alone has nothing to do with it.
    """
    kept = contact(work, found, Purpose.SUBJECT_REQUEST)
    if kept is None:
        return
    follows = corrected.email is not None and was is not None and was.email == kept.email
    same = {"email": corrected.email if follows else kept.email, "phone": kept.phone}
    for record_id in _records(work, found.person_id):
        operations.replace(work, record_id, corrected.model_copy(update=same))


def came_again(work: Work, found: Remembrance, host_id: UUID | None) -> None:
    """Begin the time anew, and keep whom the visit is to."""
    found.host_id, found.expires_at = host_id, work.now + _life(work)
    lasting = (PersonalRecord.person_id == found.person_id, PersonalRecord.visit_id.is_(None))
    times = {"due_at": found.expires_at, "latest_at": found.expires_at}
    work.session.execute(sa.update(PersonalRecord).where(*lasting).values(times))


def forget(work: Work, person_id: UUID) -> bool:
    """Remember somebody no longer, at once; tell whether there was anything to forget. Past visits live on by rule."""
    found = work.session.get(Remembrance, person_id)
    if found is None:
        return False
    lasting = (PersonalRecord.person_id == person_id, PersonalRecord.visit_id.is_(None))
    work.session.execute(sa.update(PersonalRecord).where(*lasting).values(due_at=work.now, latest_at=work.now))
    work.session.execute(sa.update(Person).where(Person.id == person_id).values(remembered=False))
    work.session.delete(found)
    work.session.flush()
    audit(work, "people.forget", site_id=found.site_id, subject_id=person_id)
    return True


def sweep(work: Work) -> int:
    """Delete what is remembered of nobody any more: its time is over, or its record was erased."""
    known = sa.exists().where(PersonalRecord.person_id == Remembrance.person_id, PersonalRecord.visit_id.is_(None))
    over = sa.or_(Remembrance.expires_at <= work.now, ~known)
    return work.session.connection().execute(sa.delete(Remembrance).where(over)).rowcount


def _records(work: Work, person_id: UUID) -> list[UUID]:
    """Return the records of the person that belong to no visit and are in time."""
    where = (PersonalRecord.person_id == person_id, PersonalRecord.visit_id.is_(None), queries.in_time(work))
    return list(work.session.scalars(sa.select(PersonalRecord.id).where(*where, PersonalRecord.restricted.is_(False))))


def _life(work: Work) -> timedelta:
    return timedelta(days=work.settings.kiosk.remember_days)

"""People for the tests of the locked room."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.classes import DataClass
from visitor.core.keyring import Keyring
from visitor.core.permissions import Permission
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import AuditFact, Log
from visitor.ledger.models import LedgerEntry
from visitor.people import operations
from visitor.people.models import PersonalRecord
from visitor.people.operations import Sealing
from visitor.people.records import Contact, Content

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
MAIRE = Contact(name="Máire Ní Bhriain", company="Northwind", email="maire@northwind.example", phone="+31 6 12345678")


class Killed(Exception):
    """The process died here."""


@contextmanager
def dying(runtime: Runtime) -> Iterator[Work]:
    """A transaction whose process dies before it commits."""
    with suppress(Killed), runtime.transaction(SYSTEM) as work:
        yield work
        raise Killed


def sealing(work: Work, content: Content = MAIRE, **values: Any) -> Sealing:
    """A contact of a new visit here, due in a day."""
    parts: dict[str, Any] = {
        "site_id": HERE,
        "data_class": DataClass.CONTACT,
        "content": content,
        "latest_at": work.now + timedelta(days=1),
        "visit_id": work.new_id(),
    } | values
    return Sealing(**parts)


def seal(work: Work, content: Content = MAIRE, **values: Any) -> tuple[UUID, UUID]:
    """Seal something; return the visit and the record."""
    wanted = sealing(work, content, **values)
    record_id = operations.seal(work, wanted)
    return wanted.visit_id or UUID(int=0), record_id


def named(work: Work, name: str, **values: Any) -> UUID:
    """Seal a contact of that name; return the visit."""
    return seal(work, Contact(name=name), **values)[0]


def staff(*permissions: Permission, at: UUID = HERE) -> Actor:
    return Actor(ActorKind.STAFF, UUID(int=99), at_site={at: frozenset(permissions)})


def as_actor(work: Work, actor: Actor) -> Work:
    """The same transaction in other hands."""
    return Work(work.session, work.now, actor, work.runtime)


def row(work: Work, record_id: UUID) -> PersonalRecord:
    return work.session.get_one(PersonalRecord, record_id, populate_existing=True)


def keyring(runtime: Runtime) -> Keyring:
    return runtime.resources.get(Keyring)


def audited(work: Work, action: str) -> list[AuditFact]:
    query = sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT).order_by(LedgerEntry.id)
    facts = [AuditFact.from_body(body) for body in work.session.scalars(query)]
    return [fact for fact in facts if fact.action == action]

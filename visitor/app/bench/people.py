"""Visitors with sealed records, in bulk."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.app.bench import stage
from visitor.app.bench.stage import Stage
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.work import Runtime, Work
from visitor.people import operations as people
from visitor.people.models import Person
from visitor.people.operations import Sealing
from visitor.people.records import Contact
from visitor.visits.models import Visit, VisitSource, VisitState

CHUNK: Final = 2_000
PHOTO_BYTES: Final = 14_000


def name_of(number: int) -> str:
    """Return a name that no other visitor has, and that is found by its second word."""
    return f"Ada {stage.badge_number(number)}"


def add(runtime: Runtime, at_stage: Stage, count: int, *, first: int = 0) -> list[UUID]:
    """Let visitors be on site, with contact; return their visits. The names are those from `first` on."""
    return _add(runtime, at_stage, range(first, first + count), None)


def add_gone(runtime: Runtime, at_stage: Stage, count: int, left_at: datetime) -> list[UUID]:
    """Let visitors have left then, with contact and photo, everything due for erasure."""
    return _add(runtime, at_stage, range(count), left_at)


def _add(runtime: Runtime, at_stage: Stage, many: range, left_at: datetime | None) -> list[UUID]:
    made: list[UUID] = []
    for start in range(0, len(many), CHUNK):
        with runtime.transaction(SYSTEM) as work:
            numbers = many[start : start + CHUNK]
            rows = [_visit(work, at_stage, left_at) for _ in numbers]
            persons = [
                {"id": row["person_id"], "site_id": at_stage.site_id, "remembered": False, "created_at": work.now}
                for row in rows
            ]
            work.session.connection().execute(sa.insert(Person), persons)
            work.session.connection().execute(sa.insert(Visit), rows)
            sealings = [_sealings(at_stage, row, number, left_at) for row, number in zip(rows, numbers, strict=True)]
            people.seal_all(work, [sealing for some in sealings for sealing in some])
            made += [UUID(str(row["id"])) for row in rows]
    return made


def _visit(work: Work, at_stage: Stage, left_at: datetime | None) -> dict[str, object]:
    row = stage.visit_row(at_stage, work.new_id(), work.now if left_at is None else left_at - timedelta(hours=2))
    row |= {"person_id": work.new_id(), "left_at": left_at}
    if left_at is not None:
        row |= {"state": VisitState.GONE, "source": VisitSource.DESK}
    return row


def _sealings(at_stage: Stage, row: dict[str, object], number: int, left_at: datetime | None) -> Sequence[Sealing]:
    contact = Contact(name=name_of(number), company="Example Engines", email=f"ada{number}@engines.example")
    begins = row["arrived_at"] if left_at is None else left_at
    assert isinstance(begins, datetime)
    contents: list[tuple[DataClass, Contact | bytes]] = [(DataClass.CONTACT, contact)]
    if left_at is not None:
        contents.append((DataClass.PHOTO, secrets.token_bytes(PHOTO_BYTES)))
    return [
        Sealing(
            site_id=at_stage.site_id,
            data_class=data_class,
            content=content,
            latest_at=begins + timedelta(days=30),
            person_id=UUID(str(row["person_id"])),
            visit_id=UUID(str(row["id"])),
            due_at=begins + timedelta(days=28),
        )
        for data_class, content in contents
    ]

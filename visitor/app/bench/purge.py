"""Erasing visits whose time is over, beside a bare DELETE of as many rows in commits of the same size."""

import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import sqlalchemy as sa

from visitor.app.bench import scratch, stage
from visitor.app.bench.rounds import Contest, Numbers, Size
from visitor.app.bench.timing import once
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.classes import DataClass
from visitor.core.clock import SystemClock
from visitor.core.permissions import Permission
from visitor.core.work import Runtime, Work
from visitor.people import operations as people
from visitor.people.operations import Sealing
from visitor.people.records import Contact
from visitor.privacy import operations as privacy
from visitor.privacy.purge import Refusal, run_purge
from visitor.visits.models import Visit, VisitSource, VisitState

PHOTO_BYTES: Final = 14_000
AGO: Final = timedelta(days=60)
OFFICER: Final = Actor(ActorKind.STAFF, UUID(int=1), everywhere=frozenset(Permission))
"""Approves purges that are larger than usual."""


class Purging:
    """An installation that is filled with visits again for each round."""

    def __init__(self, runtime: Runtime, size: Size) -> None:
        self._runtime, self._count = runtime, size.visits
        self._stage = stage.build(runtime)
        with runtime.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE bare_person (id BLOB PRIMARY KEY, name TEXT, photo BLOB)"))

    def product(self) -> Numbers:
        """Erase visits with contact and photo: keys, rows, ledger, files written anew, certificate."""
        self._fill()
        return once(self._purge, self._count)

    def bare(self) -> Numbers:
        """Delete as many rows."""
        rows = [
            {"id": uuid4().bytes, "name": "Ada", "photo": secrets.token_bytes(PHOTO_BYTES)} for _ in range(self._count)
        ]
        with self._runtime.engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO bare_person VALUES (:id, :name, :photo)"), rows)
        return once(self._delete, self._count)

    def _delete(self) -> None:
        with self._runtime.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM bare_person"))

    def _purge(self) -> None:
        outcome = run_purge(self._runtime)
        if outcome.refusal is Refusal.NEEDS_APPROVAL and outcome.run_id is not None:
            with self._runtime.transaction(OFFICER) as work:
                privacy.approve_purge(work, outcome.run_id)
            outcome = run_purge(self._runtime)
        assert outcome.refusal is None, outcome.refusal
        assert outcome.erased >= self._count, outcome

    def _fill(self) -> None:
        left_at = SystemClock().now() - AGO
        with self._runtime.transaction(SYSTEM) as work:
            sealings = [sealing for _ in range(self._count) for sealing in self._visit(work, left_at)]
            work.session.flush()
            people.seal_all(work, sealings)

    def _visit(self, work: Work, left_at: datetime) -> list[Sealing]:
        person_id, visit_id = people.make_person(work, self._stage.site_id), work.new_id()
        row = stage.visit_row(self._stage, visit_id, left_at - timedelta(hours=2))
        gone = {"person_id": person_id, "state": VisitState.GONE, "source": VisitSource.DESK, "left_at": left_at}
        work.session.add(Visit(**row | gone))
        contact = Contact(name="Ada Example", company="Example Engines", email="ada@engines.example")
        photo = secrets.token_bytes(PHOTO_BYTES)
        return [
            Sealing(
                site_id=self._stage.site_id,
                data_class=data_class,
                content=content,
                latest_at=left_at + timedelta(days=30),
                person_id=person_id,
                visit_id=visit_id,
                due_at=left_at + timedelta(days=28),
            )
            for data_class, content in ((DataClass.CONTACT, contact), (DataClass.PHOTO, photo))
        ]


@contextmanager
def prepare(size: Size) -> Generator[Sequence[Contest]]:
    """Make an empty installation."""
    with scratch.folder() as at, scratch.installation(at) as runtime:
        purging = Purging(runtime, size)
        yield [
            Contest(
                f"Visits erased with certificate, {size.visits:,} at once",
                purging.product,
                purging.bare,
                "DELETE of as many rows, one COMMIT, no key, ledger or scan",
            )
        ]

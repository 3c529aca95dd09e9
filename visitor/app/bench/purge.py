"""Erasing what is due: visits with photos, a mass of them, the access log, and what doors feel of it meanwhile."""

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import sqlalchemy as sa

from visitor.app.bench import people, scratch, stage
from visitor.app.bench.doors import Doors
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import P50, P99, PRODUCT, RATE, Beside, Contest, Numbers, Size
from visitor.app.bench.stage import Stage
from visitor.app.bench.timing import once
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.clock import SystemClock
from visitor.core.permissions import Permission
from visitor.core.work import Runtime
from visitor.privacy import operations as privacy
from visitor.privacy import planning
from visitor.privacy.models import PurgeRun, PurgeState
from visitor.privacy.purge import Outcome, Refusal, run_purge
from visitor.visits.models import Visit

AGO: Final = timedelta(days=60)
BATCH: Final = 500
"""Rows that are put in at once, and photo files between two flushes, as many as the product erases in a commit."""
PLANNER: Final = Actor(ActorKind.STAFF, UUID(int=2), everywhere=frozenset(Permission))
OFFICER: Final = Actor(ActorKind.STAFF, UUID(int=1), everywhere=frozenset(Permission))
"""Approves purges that are larger than usual."""
DELETE: Final = "DELETE of as many rows with name and photo, one COMMIT; names stay in backups"
UNLINK: Final = "DELETE of as many visits and persons, one COMMIT, and unlinking as many photo files, each on disk"
TOGETHER: Final = f"the same, photo files on disk only each {BATCH}"
IDLE: Final = "the same doors without a purge"
PURGE_SECONDS: Final = 300.0
BEGUN: Final = (PurgeState.RUNNING, PurgeState.DONE)

metadata = sa.MetaData()
visit: Final = sa.Table(
    "bare_visit",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("person_id", sa.String(40)),
    sa.Column("left_at", sa.String(40)),
)
person: Final = sa.Table(
    "bare_person",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("company", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("photo", sa.LargeBinary),
)


class Purging:
    """An installation that is filled with visits again for each round."""

    def __init__(self, runtime: Runtime, at_stage: Stage, at: Path) -> None:
        self.runtime, self._stage, self._at = runtime, at_stage, at
        self._left_at = SystemClock().now() - AGO
        metadata.create_all(runtime.engine)

    def product(self, count: int) -> Numbers:
        """Erase visits with contact and photo: keys, rows, ledger, gaps of the files, certificate."""
        self.fill(count)
        return once(partial(self._purge, count), count)

    def delete(self, count: int) -> Numbers:
        """Delete as many rows, photos in them."""
        self._insert(count, people.PHOTO_BYTES)
        return once(self._delete, count)

    def unlink(self, count: int, at_once: int) -> Numbers:
        """Delete as many rows, and as many files; their folder is flushed after each `at_once` of them."""
        self._insert(count, 0)
        folder = self._at / "photos"
        folder.mkdir(exist_ok=True)
        files = [folder / f"{number}.jpg" for number in range(count)]
        for file in files:
            file.write_bytes(secrets.token_bytes(people.PHOTO_BYTES))
        # What is erased lies on the disk, on both sides: else the flushes would wait for the photos themselves.
        os.sync()

        def erase() -> None:
            self._delete()
            _unlink(folder, files, at_once)

        return once(erase, count)

    def doors_meanwhile(self, doors: Doors, count: int) -> Numbers:
        """Let doors scan while the server, or its worker, erases visits."""
        self.fill(count)
        return self.meanwhile(doors)

    def meanwhile(self, doors: Doors) -> Numbers:
        """Let doors scan while the server, or its worker, erases what is due."""
        run_id = self.begin()
        found = doors.send(8)
        self.await_end(run_id)
        return found

    def await_end(self, run_id: UUID) -> None:
        """Wait until a purge has ended."""
        end = time.monotonic() + PURGE_SECONDS
        while self._state(run_id) is not PurgeState.DONE:
            if time.monotonic() > end:
                raise RuntimeError("the purge does not end")
            time.sleep(0.2)

    def begin(self) -> UUID:
        """Start a purge as two privacy officers do, and wait until it works."""
        run_id = privacy.plan_purge(self.runtime, PLANNER).id
        with self.runtime.transaction(OFFICER) as work:
            if work.session.get_one(PurgeRun, run_id).state is PurgeState.NEEDS_APPROVAL:
                privacy.approve_purge(work, run_id)
        end = time.monotonic() + PURGE_SECONDS
        while self._state(run_id) not in BEGUN:
            if time.monotonic() > end:
                raise RuntimeError("the purge was not seen to work")
            time.sleep(0.02)
        return run_id

    def _state(self, run_id: UUID) -> PurgeState:
        with self.runtime.reading(SYSTEM) as work:
            return work.session.get_one(PurgeRun, run_id).state

    def carry_out(self) -> Outcome:
        """Erase what is due, approved where that is needed."""
        outcome = run_purge(self.runtime)
        if outcome.refusal is Refusal.NEEDS_APPROVAL and outcome.run_id is not None:
            with self.runtime.transaction(OFFICER) as work:
                privacy.approve_purge(work, outcome.run_id)
            outcome = run_purge(self.runtime)
        assert outcome.refusal is None, outcome.refusal
        return outcome

    def _purge(self, count: int) -> None:
        """Erase until nothing is left: a plan takes so many rows of a kind, and the next one the rest."""
        erased, left = 0, count
        while left:
            outcome = self.carry_out()
            assert outcome.erased, outcome
            erased += outcome.erased
            with self.runtime.reading(SYSTEM) as work:
                left = work.session.scalar(sa.select(sa.func.count()).where(Visit.left_at <= self._left_at)) or 0
        assert erased >= 3 * count, "visits, contacts and photos"

    def fill(self, count: int) -> None:
        """Let visits be due for erasure."""
        with self.runtime.reading(SYSTEM) as work:
            assert planning.unfinished(work) is None
        self._left_at = SystemClock().now() - AGO
        people.add_gone(self.runtime, self._stage, count, self._left_at)

    def _insert(self, count: int, photo_bytes: int) -> None:
        for first in range(0, count, BATCH):
            many = range(min(BATCH, count - first))
            ids = [str(uuid4()) for _ in many]
            contact = {"name": "Ada Example", "company": "Example Engines", "email": "ada@engines.example"}
            persons = [{"id": one, "photo": secrets.token_bytes(photo_bytes)} | contact for one in ids]
            visits = [{"id": str(uuid4()), "person_id": one, "left_at": self._left_at.isoformat()} for one in ids]
            with self.runtime.engine.begin() as connection:
                connection.execute(sa.insert(person), persons)
                connection.execute(sa.insert(visit), visits)

    def _delete(self) -> None:
        with self.runtime.engine.begin() as connection:
            connection.execute(sa.delete(visit))
            connection.execute(sa.delete(person))


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Erase visits in rounds, a mass of them once, and some while doors scan."""
    with ExitStack() as opened:
        at = opened.enter_context(scratch.folder())
        runtime = opened.enter_context(scratch.installation(place, at))
        doors = Doors(runtime, at, 1_000, size.seconds)
        purging = Purging(runtime, doors.stage, at)
        yield _erasing(purging, "purge.visits", size.visits, None)
        opened.enter_context(scratch.product(place, at, doors.port))
        doors.send(8)
        title = f"Scans while {size.visits:,} visits are erased, 8 connections"
        yield Contest(
            {PRODUCT: partial(purging.doors_meanwhile, doors, size.visits), IDLE: partial(doors.send, 8)},
            [Beside("purge.doors", title, IDLE, (RATE, P50, P99))],
        )
    if size.mass > size.visits:
        with scratch.folder() as at, scratch.installation(place, at) as runtime:
            purging = Purging(runtime, stage.build(runtime), at)
            yield _erasing(purging, "purge.mass", size.mass, 1)


def _erasing(purging: Purging, key: str, count: int, rounds: int | None) -> Contest:
    sides: Mapping[str, partial[Numbers]] = {
        PRODUCT: partial(purging.product, count),
        DELETE: partial(purging.delete, count),
        UNLINK: partial(purging.unlink, count, 1),
        TOGETHER: partial(purging.unlink, count, BATCH),
    }
    title = f"Visits erased with certificate, {count:,} at once"
    pairs = [Beside(key, title, DELETE), Beside(f"{key}.files", title, UNLINK), Beside(f"{key}.batch", title, TOGETHER)]
    return Contest(sides, pairs, rounds)


def _unlink(folder: Path, files: list[Path], at_once: int) -> None:
    """Unlink files; so many are made durable together by flushing the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        for number, file in enumerate(files, 1):
            file.unlink()
            if number % at_once == 0:
                os.fsync(handle)
        os.fsync(handle)
    finally:
        os.close(handle)

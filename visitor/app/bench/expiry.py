"""The access log's oldest month expires: dropped by the product, deleted in batches by hand, and doors meanwhile."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.access.models import AccessEvent
from visitor.app.bench import people, scratch
from visitor.app.bench.doors import Doors
from visitor.app.bench.events import COLUMNS, Log
from visitor.app.bench.places import Place
from visitor.app.bench.purge import IDLE, Purging
from visitor.app.bench.rounds import P99, PRODUCT, RATE, WORST, Beside, Contest, Numbers, Size
from visitor.app.bench.timing import once
from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock, SystemClock
from visitor.core.partitions import Month
from visitor.core.work import Runtime, Work
from visitor.ledger import operations as ledger
from visitor.ledger import sequencer
from visitor.ledger.entries import AccessFact
from visitor.ledger.models import LedgerEntry
from visitor.privacy import months

MONTHS_AGO: Final = 14
VISITORS: Final = 50
LIFE: Final = timedelta(days=30)
CHUNK: Final = 5_000
BATCH: Final = 10_000
ROUNDS: Final = 3
DELETE: Final = f"DELETE of as many events, {BATCH:,} a commit, then VACUUM; no ledger"


class Expiring:
    """A log whose only events are long over, put back for each round."""

    def __init__(self, purging: Purging, doors: Doors, count: int) -> None:
        self._purging, self._count = purging, count
        self._runtime: Runtime = purging.runtime
        self._month = Month.of(SystemClock().now()).after(-MONTHS_AGO)
        self._make_month()
        visits = people.add(self._runtime, doors.stage, VISITORS)
        Log(self._runtime, doors.stage, visits, self._month.begins_at + timedelta(hours=1)).grow(count)
        self._carry_out(
            f"CREATE TABLE bench_events AS SELECT {COLUMNS} FROM access_event",  # noqa: S608  a constant of ours
            "DELETE FROM access_event",
        )

    def product(self) -> Numbers:
        """Let the product's purge erase them."""
        self.put_back()
        found = once(self._purging.carry_out, self._count)
        with self._runtime.reading(SYSTEM) as work:
            assert work.session.scalar(sa.select(sa.func.count()).select_from(AccessEvent).where(self._old())) == 0
        return found

    def delete(self) -> Numbers:
        """Delete them by hand, in batches in the order of time."""
        self._carry_out(
            "DROP TABLE IF EXISTS bench_log",
            "CREATE TABLE bench_log AS SELECT * FROM bench_events",
            "CREATE INDEX bench_log_at ON bench_log (scanned_at)",
        )
        return once(self._delete, self._count)

    def meanwhile(self, doors: Doors) -> Numbers:
        """Let doors scan while the server, or its worker, erases them."""
        self.put_back()
        return self._purging.meanwhile(doors)

    def put_back(self) -> None:
        """Let the log hold them again, with their entries in the ledger."""
        self._make_month()
        self._carry_out(f"INSERT INTO access_event ({COLUMNS}) SELECT {COLUMNS} FROM bench_events")  # noqa: S608  ours
        with self._runtime.reading(SYSTEM) as work:
            ids = list(work.session.scalars(sa.select(AccessEvent.id).where(self._old())))
        for first in range(0, len(ids), CHUNK):
            with self._runtime.transaction(SYSTEM) as work:
                rows = _entries(work, ids[first : first + CHUNK])
                work.session.connection().execute(sa.insert(LedgerEntry), rows)
        numbered = sequencer.BATCH
        while numbered >= sequencer.BATCH:
            with self._runtime.transaction(SYSTEM) as work:
                numbered = ledger.sequence(work)

    def _old(self) -> sa.ColumnElement[bool]:
        return AccessEvent.scanned_at < self._month.ends_at

    def _make_month(self) -> None:
        """Make the month as a worker of that time did."""
        then = self._month.after(-1).begins_at + timedelta(days=1)
        past = open_runtime(self._runtime.settings, clock=FixedClock(then))
        months.make_ahead(past)
        past.close()

    def _delete(self) -> None:
        left = True
        oldest = f"SELECT scanned_at FROM bench_log ORDER BY scanned_at LIMIT 1 OFFSET {BATCH - 1}"  # noqa: S608  ours
        while left:
            with self._runtime.engine.begin() as connection:
                until = connection.exec_driver_sql(oldest).scalar()
                left = until is not None
                where = f"WHERE scanned_at <= ({oldest})" if left else ""
                connection.exec_driver_sql(f"DELETE FROM bench_log {where}")  # noqa: S608  ours
        with self._runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM" if self._runtime.embedded else "VACUUM bench_log")

    def _carry_out(self, *statements: str) -> None:
        with self._runtime.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Erase the old events in rounds; then let doors scan meanwhile."""
    with ExitStack() as opened:
        at: Path = opened.enter_context(scratch.folder())
        runtime = opened.enter_context(scratch.installation(place, at))
        doors = Doors(runtime, at, 1_000, size.seconds)
        expiring = Expiring(Purging(runtime, doors.stage, at), doors, size.expired)
        title = f"{size.expired:,} expired events and their ledger entries erased"
        sides = {PRODUCT: expiring.product, DELETE: expiring.delete}
        yield Contest(sides, [Beside("expiry.log", title, DELETE, (RATE,))], ROUNDS)
        opened.enter_context(scratch.product(place, at, doors.port))
        doors.send(8)
        title = f"Scans while {size.expired:,} expired events are erased, 8 connections"
        sides = {PRODUCT: partial(expiring.meanwhile, doors), IDLE: partial(doors.send, 8)}
        yield Contest(sides, [Beside("expiry.stall", title, IDLE, (RATE, P99, WORST))], ROUNDS)


def _entries(work: Work, event_ids: list[UUID]) -> list[dict[str, object]]:
    events = work.session.scalars(sa.select(AccessEvent).where(AccessEvent.id.in_(event_ids)))
    return [ledger.access_entry(_fact(event), (event.scanned_at + LIFE).date()) for event in events]


def _fact(event: AccessEvent) -> AccessFact:
    return AccessFact(
        event_id=event.id,
        site_id=event.site_id,
        access_point_id=event.access_point_id,
        reason=event.reason.value,
        granted=event.granted,
        scanned_at=event.scanned_at,
        received_at=event.received_at,
        device_id=event.device_id,
        badge_id=None if event.badge_id is None else UUID(int=event.badge_id),
        visit_id=event.visit_id,
    )

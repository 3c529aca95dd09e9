"""The access log's oldest month expires: dropped by the product, deleted in batches by hand, and doors meanwhile."""

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.access.models import AccessEvent, KnownScan
from visitor.app.bench import people, scratch
from visitor.app.bench.doors import Doors
from visitor.app.bench.events import Log
from visitor.app.bench.places import Place
from visitor.app.bench.purge import IDLE, Purging
from visitor.app.bench.rounds import P99, PRODUCT, RATE, WORST, Beside, Contest, Numbers, Size
from visitor.app.bench.timing import once
from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock, SystemClock
from visitor.core.db import Model
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
STALLED: Final = 100_000
"""At most so many expire while doors scan."""
HEAD_SECONDS: Final = 0.5
"""Doors are at work when the purge begins to plan."""
LONGER: Final = 4
"""Doors scan so many times as long as elsewhere: from before the plan until after the certificate."""
TABLES: Final = ("access_event", "ledger_entry", "known_scan")
"""What a scan leaves behind: the event, what the ledger says of it, and the key that lets it happen once."""
DELETE: Final = (
    f"DELETE of the same events, ledger entries and keys from plain tables with the same indexes, {BATCH:,} a commit, "
    "then VACUUM of these tables; no journal, no certificate"
)


def _named(model: type[Model], name: str) -> sa.Table:
    """Return a table of the product under another name."""
    return Model.metadata.tables[model.__tablename__].to_metadata(sa.MetaData(), name=name)


EVENT: Final = _named(AccessEvent, "bare_access_event")
BODY: Final = _named(LedgerEntry, "bare_ledger_entry")
KEY: Final = _named(KnownScan, "bare_known_scan")


class Expiring:
    """A log whose only events are long over, put back for each round."""

    def __init__(self, purging: Purging, doors: Doors, count: int) -> None:
        self._purging, self._count, self._site_id = purging, count, doors.stage.site_id
        self._runtime: Runtime = purging.runtime
        self._month = Month.of(SystemClock().now()).after(-MONTHS_AGO)
        self._make_month()
        visits = people.add(self._runtime, doors.stage, VISITORS)
        Log(self._runtime, doors.stage, visits, self._month.begins_at + timedelta(hours=1)).grow(count)
        self._keep()

    def product(self) -> Numbers:
        """Let the product's purge erase them."""
        self.put_back()
        found = once(self._purging.carry_out, self._count)
        old = {AccessEvent: AccessEvent.scanned_at, KnownScan: KnownScan.scanned_at}
        with self._runtime.reading(SYSTEM) as work:
            for table, at in old.items():
                left = sa.select(sa.func.count()).select_from(table).where(at < self._month.ends_at)
                assert work.session.scalar(left) == 0
        return found

    def delete(self) -> Numbers:
        """Delete them by hand, in batches in the order of time."""
        with self._runtime.engine.begin() as connection:
            for table in TABLES:
                _make_like(connection, table)
                connection.exec_driver_sql(f"INSERT INTO bare_{table} SELECT * FROM kept_{table}")  # noqa: S608  ours
        self._tidy()
        return once(self._delete, self._count)

    def meanwhile(self, doors: Doors) -> Numbers:
        """Let doors scan while the server, or its worker, erases them: from its plan to its certificate."""
        self.put_back()
        with ThreadPoolExecutor(1) as beside:
            sending = beside.submit(doors.send, 8)
            time.sleep(HEAD_SECONDS)
            self._purging.await_end(self._purging.begin())
            return sending.result()

    def put_back(self) -> None:
        """Let the log hold them again, with their keys, and their entries in the ledger."""
        self._make_month()
        self._carry_out(*(f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in TABLES))  # noqa: S608  ours
        numbered = sequencer.BATCH
        while numbered >= sequencer.BATCH:
            with self._runtime.transaction(SYSTEM) as work:
                numbered = ledger.sequence(work)
        self._tidy()

    def _keep(self) -> None:
        """Set aside what is put back each time."""
        self._carry_out(
            "CREATE TABLE kept_access_event AS SELECT * FROM access_event",
            "INSERT INTO known_scan (access_point_id, scan_id, event_id, scanned_at)"
            " SELECT access_point_id, scan_id, id, scanned_at FROM access_event ORDER BY scanned_at",
            "CREATE TABLE kept_known_scan AS SELECT * FROM known_scan",
            "CREATE TABLE kept_ledger_entry AS SELECT * FROM ledger_entry WHERE log = 0",
        )
        kept = _named(LedgerEntry, "kept_ledger_entry")
        with self._runtime.reading(SYSTEM) as work:
            ids = list(work.session.scalars(sa.select(AccessEvent.id)))
        for first in range(0, len(ids), CHUNK):
            with self._runtime.transaction(SYSTEM) as work:
                rows = _entries(work, ids[first : first + CHUNK])
                work.session.connection().execute(sa.insert(kept), rows)
        self._carry_out("DELETE FROM known_scan", "DELETE FROM access_event")

    def _make_month(self) -> None:
        """Make the month as a worker of that time did."""
        then = self._month.after(-1).begins_at + timedelta(days=1)
        past = open_runtime(self._runtime.settings, clock=FixedClock(then))
        months.make_ahead(past)
        past.close()

    def _delete(self) -> None:
        after, end = self._month.begins_at, self._month.ends_at
        at = EVENT.c.scanned_at
        while after < end:
            with self._runtime.engine.begin() as connection:
                some = (EVENT.c.site_id == self._site_id, at > after)
                last = sa.select(at).where(*some).order_by(at).limit(1).offset(BATCH - 1)
                until = connection.scalar(last) or end
                connection.execute(sa.delete(KEY).where(self._keys(after, until)))
                events = sa.delete(EVENT).where(*some, at <= until).returning(EVENT.c.id)
                ids = connection.scalars(events).all()
                connection.execute(sa.delete(BODY).where(self._bodies(ids)))
            after = until
        self._vacuum("VACUUM" if self._runtime.embedded else f"VACUUM {EVENT}, {BODY}, {KEY}")

    def _keys(self, after: datetime, until: datetime) -> sa.ColumnElement[bool]:
        """Find keys as fast as each database can: PostgreSQL has an index of their times."""
        if not self._runtime.embedded:
            return sa.and_(KEY.c.scanned_at > after, KEY.c.scanned_at <= until)
        mine = (EVENT.c.site_id == self._site_id, EVENT.c.scanned_at > after, EVENT.c.scanned_at <= until)
        keys = sa.select(EVENT.c.access_point_id, EVENT.c.scan_id).where(*mine)
        return sa.tuple_(KEY.c.access_point_id, KEY.c.scan_id).in_(keys)

    def _bodies(self, ids: Sequence[UUID]) -> sa.ColumnElement[bool]:
        if self._runtime.embedded:
            return BODY.c.id.in_(ids)
        return BODY.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid())))

    def _tidy(self) -> None:
        """Leave nothing to do that filling the tables has left, for neither side."""
        self._vacuum("ANALYZE" if self._runtime.embedded else "VACUUM ANALYZE")

    def _vacuum(self, statement: str) -> None:
        with self._runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)

    def _carry_out(self, *statements: str) -> None:
        with self._runtime.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Erase the old events in rounds; then let doors scan meanwhile."""
    with _prepared(place, size, size.expired) as (expiring, _doors, _at):
        title = f"{size.expired:,} expired events, their ledger entries and keys erased"
        sides = {PRODUCT: expiring.product, DELETE: expiring.delete}
        yield Contest(sides, [Beside("expiry.log", title, DELETE, (RATE,))], ROUNDS)
    count = min(size.expired, STALLED)
    with _prepared(place, size, count) as (expiring, doors, at), scratch.product(place, at, doors.port):
        doors.send(8)
        title = f"Scans while {count:,} expired events are erased, 8 connections"
        sides = {PRODUCT: partial(expiring.meanwhile, doors), IDLE: partial(doors.send, 8)}
        yield Contest(sides, [Beside("expiry.stall", title, IDLE, (RATE, P99, WORST))], ROUNDS)


@contextmanager
def _prepared(place: Place, size: Size, count: int) -> Generator[tuple[Expiring, Doors, Path]]:
    with ExitStack() as opened:
        at: Path = opened.enter_context(scratch.folder())
        runtime = opened.enter_context(scratch.installation(place, at))
        doors = Doors(runtime, at, 1_000, LONGER * size.seconds)
        yield Expiring(Purging(runtime, doors.stage, at), doors, count), doors, at


def _make_like(connection: sa.Connection, table: str) -> None:
    """Make an empty table with the columns, the key and the indexes of one of the product's, in one piece."""
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS bare_{table}")
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        return
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,))
    for statement in made.scalars().all():
        connection.exec_driver_sql(statement.replace(table, f"bare_{table}"))


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

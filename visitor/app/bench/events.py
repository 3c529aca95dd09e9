"""Filling an access log by the million: the database makes the rows itself, and its indexes afterwards."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from visitor.access.models import AccessEvent
from visitor.access.reasons import Reason
from visitor.app.bench.stage import Stage
from visitor.core.db import from_microseconds, microseconds
from visitor.core.ids import new_id
from visitor.core.work import Runtime

SPACING: Final = timedelta(milliseconds=500)
"""Between two events."""
REFUSED_EACH: Final = 25
COLUMNS: Final = (
    "id, site_id, access_point_id, scan_id, device_id, from_zone_id, to_zone_id, badge_id, badge_copy, visit_id,"
    " granted, reason, offline, offline_granted, scanned_at, received_at, camera_ids, clip_from_at, clip_until_at"
)
POSTGRESQL: Final = f"""
    INSERT INTO access_event ({COLUMNS})
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0')
            || '8' || lpad(to_hex(n), 15, '0'))::uuid,
        :site, :point, lpad(to_hex(n), 32, '0')::uuid, :device, NULL, :zone, n % :visits + 1, 1,
        (:ids)[n % :visits + 1], n % {REFUSED_EACH} <> 0,
        CASE WHEN n % {REFUSED_EACH} = 0 THEN :refused ELSE :granted END,
        FALSE, NULL, at, at, :cameras, at - interval '10 seconds', at + interval '20 seconds'
    FROM (SELECT n, :begins + n * :spacing AS at
          FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n) AS numbered
"""  # noqa: S608  constants of this file
SQLITE: Final = f"""
    WITH RECURSIVE numbered(n, at) AS (
        SELECT :first, :begins + :first * :spacing
        UNION ALL SELECT n + 1, at + :spacing FROM numbered WHERE n < :last)
    INSERT INTO access_event ({COLUMNS})
    SELECT bench_id(at), :site, :point, bench_scan(n), :device, NULL, :zone, n % :visits + 1, 1,
        (SELECT id FROM bench_visit WHERE rowid = n % :visits + 1), n % {REFUSED_EACH} <> 0,
        CASE WHEN n % {REFUSED_EACH} = 0 THEN :refused ELSE :granted END,
        0, NULL, at, at, :cameras, at - 10000000, at + 20000000
    FROM numbered
"""  # noqa: S608  constants of this file


@dataclass(slots=True)
class Log:
    """A site's log that grows: event `n` happens `n` times `SPACING` after its beginning."""

    runtime: Runtime
    stage: Stage
    visit_ids: list[UUID]
    begins_at: datetime
    count: int = 0

    @property
    def ends_at(self) -> datetime:
        """After the last event."""
        return self.begins_at + self.count * SPACING

    def grow(self, count: int) -> None:
        """Add events until there are so many."""
        if count <= self.count:
            return
        with _without_indexes(self.runtime.engine) as connection:
            fill = _sqlite if self.runtime.embedded else _postgresql
            fill(self, connection, count - 1)
        with self.runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE" if self.runtime.embedded else "VACUUM ANALYZE access_event")
        self.count = count

    def given(self, last: int) -> dict[str, object]:
        """Return what both statements need."""
        return {
            "first": self.count,
            "last": last,
            "visits": len(self.visit_ids),
            "granted": Reason.GRANTED.value,
            "refused": Reason.EXPIRED.value,
            "cameras": f'["{self.stage.camera_id}"]',
        }


def _postgresql(log: Log, connection: sa.Connection, last: int) -> None:
    ids = {
        "site": log.stage.site_id,
        "point": log.stage.point_id,
        "device": log.stage.kiosk_id,
        "zone": log.stage.zone_id,
    }
    types: list[sa.BindParameter[Any]] = [sa.bindparam(name, type_=sa.Uuid()) for name in ids]
    types += [
        sa.bindparam("ids", type_=sa.ARRAY(sa.Uuid())),
        sa.bindparam("cameras", type_=sa.Text()),
        sa.bindparam("begins", type_=sa.DateTime(timezone=True)),
        sa.bindparam("spacing", type_=sa.Interval()),
        sa.bindparam("refused", type_=sa.Text()),
        sa.bindparam("granted", type_=sa.Text()),
    ]
    statement = sa.text(POSTGRESQL.replace(":cameras", "CAST(:cameras AS json)")).bindparams(*types)
    more = {"ids": log.visit_ids, "begins": log.begins_at, "spacing": SPACING}
    connection.execute(statement, log.given(last) | ids | more)


def _sqlite(log: Log, connection: sa.Connection, last: int) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.create_function("bench_id", 1, lambda at: new_id(from_microseconds(at)).bytes)
    driver.create_function("bench_scan", 1, lambda number: number.to_bytes(16, "big"))
    connection.exec_driver_sql("CREATE TEMP TABLE IF NOT EXISTS bench_visit (id BLOB)")
    connection.exec_driver_sql("DELETE FROM bench_visit")
    connection.execute(sa.text("INSERT INTO bench_visit VALUES (:id)"), [{"id": one.bytes} for one in log.visit_ids])
    ids = {
        "site": log.stage.site_id.bytes,
        "point": log.stage.point_id.bytes,
        "device": log.stage.kiosk_id.bytes,
        "zone": log.stage.zone_id.bytes,
    }
    more = {"begins": microseconds(log.begins_at), "spacing": SPACING // timedelta(microseconds=1)}
    connection.execute(sa.text(SQLITE), log.given(last) | ids | more)


@contextmanager
def _without_indexes(engine: sa.Engine) -> Generator[sa.Connection]:
    """Drop the log's plain indexes, and make them anew at the end: sorting once is faster than a million look-ups."""
    indexes = sorted(AccessEvent.metadata.tables[AccessEvent.__tablename__].indexes, key=lambda index: str(index.name))
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
        yield connection
        for index in indexes:
            index.create(connection)

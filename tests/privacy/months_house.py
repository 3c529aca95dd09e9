"""An installation on a PostgreSQL of its own, with scans and audit entries in months that are over."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from tests import factories, samples
from tests.real.postgres import PostgresCluster
from visitor.access.models import AccessEvent, KnownScan
from visitor.access.reasons import Reason
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.settings import load_settings
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import AccessFact
from visitor.ledger.operations import audit, record_access
from visitor.privacy import months
from visitor.sites.models import Site

FEBRUARY = datetime(2041, 2, 10, 12, 0, tzinfo=UTC)
MARCH = datetime(2041, 3, 10, 12, 0, tzinfo=UTC)
JULY = datetime(2041, 7, 15, 3, 0, tzinfo=UTC)
LIFE = timedelta(days=28)


def opened(config: Path, at: datetime, *, check_tables: bool = True) -> OpenRuntime:
    return open_runtime(load_settings(config), clock=FixedClock(at), check_tables=check_tables)


def founded(cluster: PostgresCluster, folder: Path) -> Path:
    """Make an installation in February with its months from March to May; return its settings file."""
    name = f"m{uuid4().hex}"
    cluster.create_database(samples.keyring_name(name))
    config = samples.write_settings(folder, database_url=cluster.create_database(name))
    with house(config, FEBRUARY, check_tables=False) as runtime:
        migrations.upgrade(runtime.engine)
        assert months.make_ahead(runtime) == 9
    return config


@contextmanager
def house(config: Path, at: datetime, *, check_tables: bool = True) -> Iterator[OpenRuntime]:
    runtime = opened(config, at, check_tables=check_tables)
    try:
        yield runtime
    finally:
        runtime.close()


def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


def scan(
    work: Work,
    at: Site,
    scanned_at: datetime,
    *,
    received_at: datetime | None = None,
    life: timedelta = LIFE,
    **values: object,
) -> UUID:
    """Store one scan as the door does."""
    came = received_at or scanned_at
    fact = AccessFact(work.new_id(), at.id, uuid4(), "granted", True, scanned_at, came)
    event = {
        "id": fact.event_id,
        "site_id": at.id,
        "access_point_id": fact.access_point_id,
        "scan_id": uuid4(),
        "device_id": UUID(int=9),
        "granted": True,
        "reason": Reason.GRANTED,
        "offline": False,
        "scanned_at": scanned_at,
        "received_at": came,
        "camera_ids": [],
    }
    work.session.execute(sa.insert(AccessEvent), event | values)
    known = {name: event[name] for name in ("access_point_id", "scan_id", "scanned_at")}
    work.session.execute(sa.insert(KnownScan), known | {"event_id": fact.event_id})
    record_access(work, fact, (scanned_at + life).date())
    return fact.event_id


def scans(runtime: Runtime, at: Site, instants: list[datetime]) -> list[UUID]:
    with runtime.transaction(SYSTEM) as work:
        return [scan(work, at, instant) for instant in instants]


def audits(runtime: Runtime, at: Site, count: int) -> None:
    with runtime.transaction(SYSTEM) as work:
        for _ in range(count):
            audit(work, "test.act", site_id=at.id)


def tables(runtime: Runtime) -> set[str]:
    with runtime.engine.connect() as connection:
        return set(connection.scalars(sa.text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")))


def count(runtime: Runtime, table: str) -> int:
    with runtime.engine.connect() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0

"""Columns that mean the same on SQLite and PostgreSQL, and connections that keep what was promised."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from tests import factories
from visitor.core.db import Choice, Id, Instant, from_microseconds, microseconds, reading, truncate_log
from visitor.core.work import Runtime, Work
from visitor.sites.models import Site, SiteMode
from visitor.visits.models import VisitState

DIALECTS: tuple[sa.Dialect, ...] = (sqlite.dialect(), postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy's
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "temp_store": 2}
only_sqlite = pytest.mark.sqlite_only(reason="SQLite's own settings")
instants = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001  as above
    timezones=st.timezones(),
    allow_imaginary=False,
)
utc = instants.map(lambda at: at.astimezone(UTC))
"""Python compares local times of one zone by the wall clock, which shows an hour twice in autumn."""


@only_sqlite
@pytest.mark.parametrize("pragma", PRAGMAS)
def test_every_connection_is_durable_and_erases(runtime: Runtime, pragma: str) -> None:
    with reading(runtime.engine) as first, reading(runtime.engine) as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == PRAGMAS[pragma]


@only_sqlite
def test_keyring_connections_are_durable_and_erase_too(runtime: Runtime) -> None:
    engine = runtime.keyring_engine  # type: ignore[attr-defined]  # the fixture's open runtime
    with engine.connect() as connection:
        found = {pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for pragma in PRAGMAS}
    assert found == PRAGMAS


@only_sqlite
def test_pages_kept_by_all_connections_together_stay_within_twenty_megabytes(runtime: Runtime) -> None:
    most = 2 * runtime.settings.database.pool_size
    with reading(runtime.engine) as connection:
        kibibytes = -connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    assert 0 < kibibytes * most <= 20 * 1024


@only_sqlite
def test_the_connection_that_was_used_last_is_used_next(runtime: Runtime) -> None:
    with runtime.engine.connect() as first, runtime.engine.connect() as second:
        known = {first.connection.dbapi_connection, second.connection.dbapi_connection}
    assert len(known) == 2
    used = set()
    for _ in range(4):
        with runtime.engine.connect() as connection:
            used.add(connection.connection.dbapi_connection)
    assert len(used) == 1


@given(instants)
def test_instant_keeps_its_microsecond_on_both_databases(at: datetime) -> None:
    for dialect in DIALECTS:
        stored = Instant().process_bind_param(at, dialect)
        back = Instant().process_result_value(stored, dialect)
        assert back == at.astimezone(UTC)
        assert back is not None
        assert back.tzinfo is UTC


@given(st.integers(-(10**15), 10**16))
def test_microseconds_are_exact(value: int) -> None:
    assert microseconds(from_microseconds(value)) == value


@given(utc, utc)
def test_later_instants_are_stored_as_larger_numbers(first: datetime, second: datetime) -> None:
    assert (microseconds(first) < microseconds(second)) is (first < second)


def test_instant_without_a_time_zone_is_refused(work: Work) -> None:
    with pytest.raises(sa.exc.StatementError):
        factories.site(work, created_at=datetime(2026, 3, 2))  # noqa: DTZ001  the mistake


def test_row_comes_back_as_it_was_written(work: Work) -> None:
    at = datetime(2026, 3, 29, 3, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    site = factories.site(work, mode=SiteMode.LOCKDOWN, mode_since_at=at)
    work.session.expire_all()

    found = work.session.scalars(sa.select(Site).where(Site.id == site.id)).one()

    assert found.mode_since_at == at
    assert found.mode_since_at is not None
    assert found.mode_since_at.utcoffset() == timedelta()
    assert found.mode is SiteMode.LOCKDOWN
    assert work.session.scalar(sa.select(sa.literal_column("mode")).select_from(Site).where(Site.id == site.id)) == (
        "lockdown"
    )


def test_choice_stores_values_of_its_set_alone() -> None:
    column, dialect = Choice(VisitState), sqlite.dialect()
    assert column.process_bind_param(VisitState.ON_SITE, dialect) == "on_site"
    assert column.process_result_value("on_site", dialect) is VisitState.ON_SITE
    assert column.process_bind_param(None, dialect) is None
    for foreign in ("ON_SITE", "somewhere", SiteMode.NORMAL):
        with pytest.raises(ValueError, match="is not a valid"):
            column.process_bind_param(foreign, dialect)  # type: ignore[arg-type]  # the mistake


@given(st.uuids())
def test_id_is_sixteen_bytes_or_a_uuid(value: object) -> None:
    for dialect in DIALECTS:
        stored = Id().process_bind_param(value, dialect)  # type: ignore[arg-type]  # a UUID
        assert Id().process_result_value(stored, dialect) == value


@only_sqlite
def test_reading_connection_cannot_wait_for_the_write_lock(runtime: Runtime) -> None:
    with runtime.engine.begin() as writer, reading(runtime.engine) as reader:
        writer.exec_driver_sql("DELETE FROM throttle")
        assert reader.exec_driver_sql("SELECT count(*) FROM throttle").scalar_one() == 0


@only_sqlite
def test_log_is_emptied_into_the_file(runtime: Runtime) -> None:
    log = Path(runtime.settings.database.url.removeprefix("sqlite:///") + "-wal")
    with runtime.engine.begin() as writer:
        writer.exec_driver_sql("CREATE TABLE scratch (word TEXT)")
    assert log.stat().st_size > 0

    assert truncate_log(runtime.engine)

    assert log.stat().st_size == 0

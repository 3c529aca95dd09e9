"""A page deep in the log costs what the first one costs."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests import samples
from tests.conftest import MONDAY
from visitor.access import queries
from visitor.access.models import AccessEvent
from visitor.access.reasons import Reason
from visitor.access.searching import EventFilter, LoggedEvent
from visitor.app.runtime import open_runtime
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.db import open_engine
from visitor.core.ids import new_id
from visitor.core.paging import Cursor, Page
from visitor.core.settings import load_settings
from visitor.core.work import Runtime

EVENTS = 4_000
STEPS = 10
"""SQLite counts in steps of so many of its machine's instructions."""
SITE = uuid4()
WANTED = EventFilter(SITE, MONDAY - timedelta(days=30), MONDAY)


@pytest.fixture(scope="module")
def full_log(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    folder = tmp_path_factory.mktemp("log")
    url = f"sqlite:///{folder / 'visitor.db'}"
    _migrate(url)
    opened = open_runtime(
        load_settings(samples.write_settings(Path(folder), database_url=url)), clock=FixedClock(MONDAY)
    )
    with opened.engine.begin() as connection:
        connection.execute(sa.insert(AccessEvent), [_event(number) for number in range(EVENTS)])
    return opened


def _migrate(url: str) -> None:
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()


def _event(number: int) -> dict[str, object]:
    at = MONDAY - timedelta(minutes=EVENTS - number)
    return {
        "id": new_id(at),
        "site_id": SITE,
        "access_point_id": UUID(int=number % 3),
        "scan_id": uuid4(),
        "device_id": UUID(int=1),
        "granted": True,
        "reason": Reason.GRANTED,
        "offline": False,
        "scanned_at": at,
        "received_at": at,
        "camera_ids": [],
    }


def _cost(runtime: Runtime, read: Callable[[Runtime], object]) -> int:
    """Return how many steps SQLite needed."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    def listen(connection: sa.Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(count, STEPS)

    sa.event.listen(runtime.engine, "begin", listen)
    try:
        read(runtime)
    finally:
        sa.event.remove(runtime.engine, "begin", listen)
        runtime.engine.dispose()
    return steps


def _page(runtime: Runtime, cursor: Cursor | None, *, newer: bool = False) -> Page[LoggedEvent]:
    with runtime.reading(SYSTEM) as work:
        return queries.search(work, WANTED, cursor, newer=newer)


@pytest.mark.parametrize("newer", [False, True])
def test_a_page_deep_in_the_log_costs_what_the_first_one_costs(full_log: Runtime, newer: bool) -> None:
    deep = Cursor(MONDAY - timedelta(minutes=EVENTS // 2), new_id(MONDAY))

    first = _cost(full_log, lambda runtime: _page(runtime, None))
    far = _cost(full_log, lambda runtime: _page(runtime, deep, newer=newer))

    assert first > 0
    assert far < 2 * first


def test_pages_follow_one_another_without_a_gap_or_repetition(full_log: Runtime) -> None:
    seen: list[UUID] = []
    cursor: Cursor | None = None
    while True:
        page = _page(full_log, cursor)
        seen += [event.id for event in page.rows]
        if page.older is None:
            break
        cursor = page.older

    assert len(seen) == len(set(seen)) == EVENTS

"""What every test may ask for: a really migrated database, a runtime on it, a clock that can be moved."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings as settings_profile
from sqlalchemy.orm import Session

from tests import samples
from tests.real import postgres
from tests.real.lending import Lender
from visitor.app.runtime import open_runtime
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.db import open_engine
from visitor.core.settings import Settings, load_settings
from visitor.core.work import Runtime, Work

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When tests happen unless they move the clock."""

TEMPLATE = "template_visitor"
ON_POSTGRES = os.environ.get("VISITOR_TESTS_DATABASE") == "postgresql"


settings_profile.register_profile("suite", deadline=None)
settings_profile.load_profile("suite")
"""No test is judged by its time: the machine may be busy with others."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other database alone and, on PostgreSQL, what uses no database of these fixtures.

    The latter is the same on both: pure rules, pages' scripts, installations that a test founds itself.
    """
    foreign = "sqlite_only" if ON_POSTGRES else "postgres_only"
    here = [item for item in items if item.get_closest_marker(foreign) is None]
    if ON_POSTGRES:
        here = [item for item in here if "template" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in here])
    items[:] = here


@pytest.fixture(scope="session")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender | None]:
    """Databases to borrow, where the tests run on PostgreSQL."""
    if not ON_POSTGRES:
        yield None
        return
    with postgres.cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        _migrate(cluster.create_database(TEMPLATE))
        yield Lender(cluster, TEMPLATE)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, lender: Lender | None) -> Callable[[Path], str]:
    """Make migrated databases quickly: a migrated one is made once and copied for each test."""
    if lender is not None:
        return lambda _target: lender.lend()
    source = tmp_path_factory.mktemp("template") / "visitor.db"
    _migrate(f"sqlite:///{source}")
    return lambda target: f"sqlite:///{shutil.copy(source, target / 'visitor.db')}"


def _migrate(url: str) -> None:
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
def settings(tmp_path: Path, template: Callable[[Path], str], lender: Lender | None) -> Iterator[Settings]:
    url = template(tmp_path)
    yield load_settings(samples.write_settings(tmp_path, database_url=url))
    if lender is not None:
        lender.take_back(url)


@pytest.fixture
def runtime(settings: Settings, clock: FixedClock) -> Iterator[Runtime]:
    """A runtime on a fresh database of its own, for tests that commit: pages, API, jobs."""
    opened = open_runtime(settings, clock=clock)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_runtime(tmp_path_factory: pytest.TempPathFactory, template: Callable[[Path], str]) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("shared")
    settings = load_settings(samples.write_settings(folder, database_url=template(folder)))
    opened = open_runtime(settings, clock=FixedClock(MONDAY))
    yield opened
    opened.close()


@pytest.fixture
def work(shared_runtime: Runtime) -> Iterator[Work]:
    """A transaction that is rolled back after the test; commits inside it are savepoints."""
    with shared_runtime.engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield Work(session, MONDAY, SYSTEM, shared_runtime)
        outer.rollback()


@pytest.fixture
def statements(shared_runtime: Runtime) -> Iterator[list[str]]:
    """The SQL statements that ran on the shared runtime during the test."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(shared_runtime.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(shared_runtime.engine, "before_cursor_execute", note)

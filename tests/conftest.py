"""What every test may ask for: a really migrated database, a runtime on it, a clock that can be moved."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import samples
from tests.real import postgres
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


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Make migrated databases quickly: a migrated one is made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    if ON_POSTGRES:
        with postgres.cluster(folder) as cluster:
            _migrate(cluster.create_database(TEMPLATE))
            yield lambda _folder: _copied(cluster)
        return
    _migrate(f"sqlite:///{folder / 'visitor.db'}")
    yield lambda target: f"sqlite:///{shutil.copy(folder / 'visitor.db', target / 'visitor.db')}"


def _copied(cluster: postgres.PostgresCluster) -> str:
    """Copy the migrated database and make a keyring beside it, where `samples.write_settings` looks for it."""
    name = f"t{uuid.uuid4().hex}"
    cluster.create_database(samples.keyring_name(name))
    return cluster.create_database(name, template=TEMPLATE)


def _migrate(url: str) -> None:
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
def settings(tmp_path: Path, template: Callable[[Path], str]) -> Settings:
    return load_settings(samples.write_settings(tmp_path, database_url=template(tmp_path)))


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

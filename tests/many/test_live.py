"""Open pages follow what other processes change."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from tests import samples
from tests.many.places import ROOT, Place
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core import migrations, neighbours
from visitor.core.actors import SYSTEM
from visitor.core.db import open_engine
from visitor.core.live import Changes, event_stream
from visitor.core.models import SiteChange
from visitor.core.neighbours import CHANNEL
from visitor.core.settings import load_settings

pytestmark = pytest.mark.real
SECONDS = 20.0


def changed_elsewhere(config: Path, site_id: UUID) -> None:
    """Change the site in a process of its own."""
    command = [sys.executable, "-m", "tests.many.changing", str(config), str(site_id)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)


@pytest.fixture
def server(place: Place) -> Iterator[OpenRuntime]:
    runtime = place.open()
    runtime.changes.serving = True
    yield runtime
    runtime.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[OpenRuntime]:
    """A server on SQLite."""
    url = f"sqlite:///{tmp_path / 'visitor.db'}"
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()
    runtime = open_runtime(load_settings(samples.write_settings(tmp_path, database_url=url)))
    runtime.changes.serving = True
    yield runtime
    runtime.close()


def test_page_hears_of_another_process(place: Place, server: OpenRuntime) -> None:
    site_id, changes = uuid4(), server.changes
    with changes.watching():
        seen = changes.count(site_id)

        changed_elsewhere(place.config, site_id)

        assert changes.wait(site_id, seen, SECONDS) == seen + 1


def test_own_change_is_heard_once(place: Place, server: OpenRuntime) -> None:
    own, other, changes = uuid4(), uuid4(), server.changes
    with changes.watching():
        seen, seen_other = changes.count(own), changes.count(other)
        with server.transaction(SYSTEM) as work:
            work.changed_sites.add(own)

        changed_elsewhere(place.config, other)  # notices come in order: after this one the own has come as well

        assert changes.wait(other, seen_other, SECONDS) == seen_other + 1
        assert changes.count(own) == seen + 1


def test_listener_that_lost_its_connection_wakes_the_pages_and_hears_again(place: Place, server: OpenRuntime) -> None:
    site_id, changes = uuid4(), server.changes
    with changes.watching():
        seen = changes.count(site_id)
        with server.engine.connect() as connection:
            ended = connection.exec_driver_sql(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN {CHANNEL}'"
            )
            assert ended.scalars().all() == [True]

        woken = changes.wait(site_id, seen, SECONDS)
        assert woken == seen + 1  # what happened meanwhile is not known
        changed_elsewhere(place.config, site_id)
        assert changes.wait(site_id, woken, SECONDS) == woken + 1


def test_many_changes_are_told_together(place: Place, server: OpenRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "TOGETHER_SECONDS", SECONDS)  # however slow the machine is
    sites, last = [uuid4() for _ in range(250)], uuid4()
    url = sa.make_url(place.database_url)
    conninfo = f"host={url.query['host']} user=postgres dbname={url.database}"
    with psycopg.connect(conninfo, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        with server.transaction(SYSTEM) as work:
            work.changed_sites.update(sites)
        for _ in range(50):
            with server.transaction(SYSTEM) as work:
                work.changed_sites.add(sites[0])
        with server.transaction(SYSTEM) as work:
            work.changed_sites.add(last)
        told = []
        server.close()  # tells what is still to be told
        for notice in listener.notifies(timeout=SECONDS):
            told.append({UUID(hex=word) for word in notice.payload.split()[1:]})
            if set().union(*told) == {*sites, last}:
                break

    assert set().union(*told) == {*sites, last}
    assert len(told) < 50


def test_page_on_sqlite_hears_of_a_command_beside_the_server(tmp_path: Path, embedded: OpenRuntime) -> None:
    site_id, bystander, changes = uuid4(), uuid4(), embedded.changes
    with changes.watching():
        seen = changes.count(site_id)
        for turn in (1, 2):
            changed_elsewhere(tmp_path / "config.toml", site_id)
            assert changes.wait(site_id, seen + turn - 1, SECONDS) == seen + turn
        assert changes.count(bystander) == 0


def test_server_on_sqlite_leaves_no_word_for_itself(embedded: OpenRuntime) -> None:
    with embedded.transaction(SYSTEM) as work:
        work.changed_sites.add(uuid4())

    with embedded.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(SiteChange.site_id)).all() == []


def test_page_that_hears_nothing_looks_once_a_minute() -> None:
    stream = event_stream(Changes(), uuid4(), beats=5, beat_seconds=0.001)

    told = [part.split("\n")[0] for part in stream][1:]

    assert told == [": still here", ": still here", ": still here", "event: changed", ": still here"]

"""Scans while something else holds the database: told in time or stored, and never twice."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests import factories
from tests.access import scenes
from tests.access.scenes import TOKEN, Door
from visitor.access.models import AccessEvent, KnownScan
from visitor.badges import queries as badges
from visitor.core.actors import SYSTEM
from visitor.core.settings import Settings, load_settings
from visitor.core.work import Runtime
from visitor.ledger.models import LedgerEntry

READERS = 8
NOW = "2026-03-02T09:00:00Z"
PATIENCE_SECONDS = 120.0
READER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def lock_seconds() -> float:
    """How long a request waits for locks."""
    return 1.0


@pytest.fixture
def settings(settings: Settings, tmp_path: Path, lock_seconds: float) -> Settings:
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("\n[keys]", f"lock_timeout_seconds = {lock_seconds}\n\n[keys]"))
    return load_settings(config)


class Readers:
    """A reader for each badge; all report at once."""

    def __init__(self, app: Flask, runtime: Runtime, at: Door) -> None:
        self._app, self._runtime, self._at = app, runtime, at
        with runtime.transaction(SYSTEM) as work:
            made = [scenes.add_badge(work, at.site, factories.visit(work, at.site), flags=0) for _ in range(READERS)]
            self.visit_ids = [badge.visit_id for badge in made]
            tokens = [badges.token_of(work, badge, at.site.number) for badge in made]
        # Two readers see each badge.
        self.scans = {str(uuid4()): token for token in (*tokens, *tokens)}
        self.answers: dict[str, tuple[int, str | None]] = {}
        self._threads: list[threading.Thread] = []

    def _report(self, scan_id: str) -> None:
        body = {"scan_id": scan_id, "access_point_id": str(self._at.point.id), "scanned_at": NOW}
        body["credential"] = self.scans[scan_id]
        answer = self._app.test_client().post("/api/v1/scans", json=body, headers=READER)
        self.answers[scan_id] = (answer.status_code, answer.get_json().get("event_id"))

    def begin(self) -> None:
        self.answers.clear()
        self._threads = [threading.Thread(target=self._report, args=(scan_id,)) for scan_id in self.scans]
        for thread in self._threads:
            thread.start()

    def await_answers(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), "somebody was never answered"

    def statuses(self) -> set[int]:
        return {status for status, _event_id in self.answers.values()}

    def stored(self) -> dict[str, str]:
        """Scan to event: as told, and as they stand in each table."""
        told = {scan_id: str(event_id) for scan_id, (status, event_id) in self.answers.items() if status == 201}
        with self._runtime.reading(SYSTEM) as work:
            events = work.session.execute(sa.select(AccessEvent.scan_id, AccessEvent.id)).all()
            known = work.session.execute(sa.select(KnownScan.scan_id, KnownScan.event_id)).all()
            entries = list(work.session.scalars(sa.select(LedgerEntry.id).where(LedgerEntry.log == 1)))
        assert sorted((str(scan_id), str(event_id)) for scan_id, event_id in events) == sorted(told.items())
        assert sorted(known) == sorted(events)
        assert sorted(entries) == sorted(event_id for _scan_id, event_id in events)
        return told


@pytest.fixture
def readers(app: Flask, runtime: Runtime, at: Door) -> Iterator[Readers]:
    made = Readers(app, runtime, at)
    yield made
    made.await_answers()


@contextmanager
def held(runtime: Runtime, statement: str = "LOCK TABLE presence IN EXCLUSIVE MODE") -> Iterator[None]:
    """Hold a lock as a stuck program does: of the whole file on SQLite."""
    if runtime.embedded:
        with closing(sqlite3.connect(str(runtime.engine.url.database), isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(runtime.settings.database.url.replace("+psycopg", "")) as other:
        other.execute(statement.encode())
        yield
        other.rollback()


def until(what: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.01)):
        if what():
            return
        pause.wait(0.01)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("lock_seconds", [60.0])
def test_scans_whose_lock_is_freed_in_time_are_each_stored_once(runtime: Runtime, readers: Readers) -> None:
    with held(runtime):
        readers.begin()
        until(lambda: waits(runtime))
        assert readers.answers == {}
    readers.await_answers()

    assert readers.statuses() == {201}
    assert len(readers.stored()) == 2 * READERS


def waits(runtime: Runtime) -> bool:
    """Tell whether a scan waits for the database."""
    if runtime.embedded:
        return not runtime.writers._free
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with runtime.reading(SYSTEM) as work:
        return bool(work.session.scalar(waiting))


def test_scans_that_are_told_of_a_held_lock_are_not_stored_and_sent_again_are_stored_once(
    runtime: Runtime, readers: Readers
) -> None:
    with held(runtime):
        readers.begin()
        readers.await_answers()
        assert readers.statuses() == {503}
        assert readers.stored() == {}

    sent_again = []
    for _ in range(2):
        readers.begin()
        readers.await_answers()
        assert readers.statuses() == {201}
        sent_again.append(readers.stored())
    assert sent_again[0] == sent_again[1]
    assert len(sent_again[0]) == 2 * READERS


def test_scans_whose_lock_is_freed_when_some_were_told_are_stored_or_told_and_never_both(
    runtime: Runtime, readers: Readers
) -> None:
    with held(runtime):
        readers.begin()
        until(lambda: runtime.busy)
    readers.await_answers()

    assert readers.statuses() <= {201, 503}
    first = readers.stored()
    readers.begin()
    readers.await_answers()
    assert readers.statuses() == {201}
    assert first.items() <= readers.stored().items()


@pytest.mark.postgres_only(reason="SQLite has one lock for all")
def test_a_visitor_whose_row_is_held_holds_up_no_other(runtime: Runtime, readers: Readers) -> None:
    readers.begin()
    readers.await_answers()  # from now on it is known where they are
    first = readers.stored()
    stuck = UUID(str(readers.visit_ids[0]))
    tokens = list(readers.scans.values())
    readers.scans = {str(uuid4()): token for token in tokens}

    with held(runtime, f"SELECT 1 FROM presence WHERE visit_id = '{stuck}' FOR UPDATE"):
        readers.begin()
        readers.await_answers()

    told = {readers.scans[scan_id] for scan_id, (status, _event) in readers.answers.items() if status == 503}
    assert told == {tokens[0]}
    assert readers.statuses() == {201, 503}
    assert sum(status == 503 for status, _event in readers.answers.values()) == 2
    with runtime.reading(SYSTEM) as work:
        count = work.session.scalar(sa.select(sa.func.count()).select_from(AccessEvent))
    assert count == len(first) + 2 * READERS - 2

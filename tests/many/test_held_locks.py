"""A lock that somebody else holds for half a minute: whoever comes is told, and what they repeat happens once."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from tests import samples
from tests.crash.house import House
from tests.crash.test_sign_in_crash import once_each
from tests.many import held, places
from tests.many.held import Said, Scene
from tests.real.postgres import PostgresCluster
from tests.real.programs import free_port
from visitor.access.models import AccessEvent
from visitor.badges.models import Badge
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.db import open_engine
from visitor.core.errors import Unavailable
from visitor.core.i18n import translate
from visitor.core.permissions import Purpose
from visitor.ledger.entries import AuditFact, Log
from visitor.ledger.models import LedgerEntry
from visitor.notices.models import Acknowledgement
from visitor.people import queries as people
from visitor.people.models import PersonalRecord
from visitor.visits.models import Visit, VisitState

pytestmark = pytest.mark.real
HELD_SECONDS = 30.0
LOCK_TIMEOUT = "lock_timeout_seconds = 9.0\n\n[keys]"
"""Longer than usual: a server that keeps no thread free for /healthz would not answer within `HEALTH_SECONDS`."""
HEALTH_SECONDS = 8.0
SCANS = 80
"""More than there are threads."""
WRITTEN = "visit, presence, access_event, ledger_entry"
HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def sentence(language: str) -> str:
    said = translate(language, Unavailable.message)
    assert (said == Unavailable.message) == (language == "en")
    return said


@contextlib.contextmanager
def for_half_a_minute() -> Iterator[None]:
    """Leave no earlier; whoever was answered inside was answered while the lock was held."""
    begin = time.monotonic()
    yield
    time.sleep(max(0.0, begin + HELD_SECONDS - time.monotonic()))


@contextlib.contextmanager
def sqlite_held(path: Path) -> Iterator[None]:
    """Let another process hold the write lock."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            with for_half_a_minute():
                yield
        finally:
            holder.communicate("")


@contextlib.contextmanager
def postgres_held(url: str, *statements: str) -> Iterator[None]:
    """Hold locks on another connection, as a stuck administrator does."""
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        for statement in statements:
            other.execute(statement.encode())
        with for_half_a_minute():
            yield
        other.rollback()


def assert_told(said: Said, language: str) -> None:
    assert said.status == 503, said.text
    assert int(said.headers["Retry-After"]) > 0
    assert sentence(language) in (said.sentence() if said.text.startswith("{") else said.text)


class Crowding:
    """Everybody at once while the lock is held: more doors than threads, a kiosk, a receptionist."""

    def __init__(self, at: Scene) -> None:
        self.at = at
        self.scan_ids = held.new_scans(SCANS)
        self.client_id = at.kiosk.write(1)
        self.answers: list[Said] = []
        self._thread = threading.Thread(target=self._come)

    def _come(self) -> None:
        scans = [lambda scan_id=scan_id: self.at.scan(scan_id) for scan_id in self.scan_ids]
        self.answers = held.at_once(lambda: self.at.sign_in(self.client_id), self.at.sign_out, *scans)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._thread.join(held.PATIENCE_SECONDS * 2)

    def look_on(self) -> None:
        """While they wait, the server says that it lives."""
        looked = 0
        while self._thread.is_alive():
            said = held.ask(self.at.house.port, "GET", "/healthz", {}, patience_seconds=HEALTH_SECONDS)
            assert said.status == 200
            looked += 1
            time.sleep(0.1)
        assert looked > 0

    def assert_told(self) -> None:
        """Each was told in their own language."""
        for said, language in zip(self.answers, ("fr", "de", *["de"] * SCANS), strict=True):
            assert_told(said, language)

    def assert_repeated_once(self) -> None:
        """Send all of it again, twice, as kiosks and doors do; it is stored once."""
        signed_in = [self.at.sign_in(self.client_id) for _ in range(2)]
        assert [said.status for said in signed_in] == [201, 201], signed_in
        visit_ids = {said.json()["visit_id"] for said in signed_in}
        assert len(visit_ids) == 1
        self.at.kiosk.acknowledged[self.client_id] = visit_ids.pop()
        assert [self.at.sign_out().status for _ in range(2)] == [302, 302]
        first, second = ([self.at.scan(scan_id) for scan_id in self.scan_ids[:5]] for _ in range(2))
        assert {said.status for said in (*first, *second)} == {201}
        assert [said.json()["event_id"] for said in first] == [said.json()["event_id"] for said in second]


def read_on(at: Scene) -> None:
    """Pages that only read are there, whoever else waits to write."""
    for path in ("/desk/expect", "/account/password", "/sign-in"):
        assert at.reception.ask("GET", path).status in {200, 302}, path
    ready = held.ask(at.house.port, "GET", "/readyz", {"Accept": "application/json"})
    assert ready.status == 200, ready.text


def assert_nothing_is_half_written(at: Scene, crowd: Crowding) -> None:
    runtime = at.house.open()
    with runtime.reading(SYSTEM) as work:
        events = list(map(str, work.session.scalars(sa.select(AccessEvent.scan_id))))
        assert sorted(events) == sorted(crowd.scan_ids[:5])
        left = work.session.get_one(Visit, at.visit_id)
        assert left.state is VisitState.GONE
        bodies = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT))
        actions = [AuditFact.from_body(body).action for body in bodies if body]
        assert actions.count("visit.sign_out") == 1
    with runtime.transaction(SYSTEM) as work:
        from_kiosk = work.session.scalars(sa.select(Visit).where(Visit.id.not_in([door.visit.id for door in at.doors])))
        assert {str(visit.client_id): str(visit.id) for visit in from_kiosk} == at.kiosk.acknowledged
        ids = {UUID(visit_id) for visit_id in at.kiosk.acknowledged.values()}
        records = work.session.execute(sa.select(PersonalRecord.visit_id, PersonalRecord.data_class)).all()
        assert sorted(map(tuple, records)) == sorted(
            (visit_id, kind) for visit_id in ids for kind in (DataClass.CONTACT, DataClass.PHOTO)
        )
        assert once_each(work, Acknowledgement.visit_id) == ids
        assert once_each(work, Badge.visit_id) >= ids
        assert len(people.contacts(work, list(ids), Purpose.SECURITY_REVIEW)) == len(ids)
        assert not people.orphans(work).record_ids
    runtime.close()


def patient(config: Path) -> None:
    config.write_text(config.read_text().replace("\n[keys]", LOCK_TIMEOUT, 1))


def on_sqlite(folder: Path) -> House:
    url = f"sqlite:///{folder / 'visitor.db'}"
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()
    port = free_port()
    house = House(samples.write_settings(folder, database_url=url, port=port), port, folder / "serve.log")
    patient(house.config)
    return house


def on_postgres(cluster: PostgresCluster, folder: Path) -> tuple[House, str]:
    name = f"l{uuid4().hex}"
    cluster.create_database(samples.keyring_name(name))
    url = cluster.create_database(name, template=places.MIGRATED)
    folder.mkdir()
    port = free_port()
    house = House(samples.write_settings(folder, database_url=url, port=port), port, folder / "serve.log")
    patient(house.config)
    return house, url


def assert_all_are_told_and_nothing_is_lost(house: House, holding: contextlib.AbstractContextManager[None]) -> None:
    at = held.scene(house)
    with house.serving():
        held.arrive(at)
        with holding:
            with Crowding(at) as crowd:
                crowd.look_on()
            crowd.assert_told()
            read_on(at)
        crowd.assert_repeated_once()
    assert_nothing_is_half_written(at, crowd)


def test_sqlite_that_another_process_holds_for_half_a_minute(tmp_path: Path) -> None:
    assert_all_are_told_and_nothing_is_lost(on_sqlite(tmp_path), sqlite_held(tmp_path / "visitor.db"))


def test_postgresql_whose_tables_are_held_for_half_a_minute(cluster: PostgresCluster, tmp_path: Path) -> None:
    house, url = on_postgres(cluster, tmp_path / "house")
    assert_all_are_told_and_nothing_is_lost(house, postgres_held(url, f"LOCK TABLE {WRITTEN} IN EXCLUSIVE MODE"))


def test_postgresql_some_rows_of_which_are_held_for_half_a_minute(cluster: PostgresCluster, tmp_path: Path) -> None:
    house, url = on_postgres(cluster, tmp_path / "house")
    at = held.scene(house, doors=2)
    client_id, (scan_id, *elsewhere) = at.kiosk.write(1), held.new_scans(4)
    with house.serving():
        held.arrive(at)
        assert at.scan(held.new_scans(1)[0]).status == 201  # from now on it is known where the badge is
        with postgres_held(url, *rows(at)):
            told = held.at_once(
                lambda: at.sign_in(client_id), at.sign_out, lambda: at.scan(scan_id), lambda: at.scan(elsewhere[0], 1)
            )
            for said, language in zip(told, ("fr", "de", "de"), strict=False):
                assert_told(said, language)
            assert told[3].status == 201, "it shared a group with a scan that was held up"
            assert at.scan(elsewhere[1], 1).status == 201
            read_on(at)
        assert at.sign_in(client_id).status == 201
        assert at.sign_out().status == 302
        assert at.scan(scan_id).status == 201


def rows(at: Scene) -> tuple[str, ...]:
    """Rows that a scan, a sign-out and a sign-in change or refer to."""
    return (
        f"SELECT 1 FROM presence WHERE visit_id = '{at.visit_id}' FOR UPDATE",
        f"SELECT 1 FROM visit WHERE id = '{at.visit_id}' FOR UPDATE",
        f"SELECT 1 FROM visit_type WHERE id = '{at.kiosk.blank['visit_type_id']}' FOR UPDATE",
    )

"""The database goes, stalls or is full of guests: a clear answer, nothing lost, and no restart needed."""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.access import scenes
from tests.access.scenes import TOKEN, Door
from tests.many import places
from tests.many.places import Place
from tests.many.test_two_servers import report
from tests.real import postgres
from tests.real.postgres import PostgresCluster
from tests.real.programs import free_port, wait_until
from visitor.access.models import AccessEvent
from visitor.core.actors import SYSTEM

pytestmark = pytest.mark.real
LOCK_SECONDS = 2.0
SENTENCE = "The system cannot do this just now. Nothing was lost."


@pytest.fixture
def own_cluster() -> Iterator[PostgresCluster]:
    """A PostgreSQL that may be stopped: nobody else has it."""
    with postgres.cluster(durable=True) as started:
        places.migrate(started)
        yield started


def with_door(place: Place) -> Door:
    runtime = place.open()
    with runtime.transaction(SYSTEM) as work:
        door = scenes.door(work)
        scenes.add_device(work, door.site, TOKEN)
    runtime.close()
    return door


def page(port: int, path: str) -> tuple[int, str]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", path, headers={"Accept": "text/html"})
    answer = line.getresponse()
    content = answer.read().decode()
    line.close()
    return answer.status, content


@contextmanager
def locked(place: Place, table: str) -> Iterator[None]:
    """Hold a table as a stuck administrator does."""
    engine = sa.create_engine(place.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    engine.dispose()


def events(place: Place) -> set[str]:
    runtime = place.open()
    with runtime.reading(SYSTEM) as work:
        found = {str(scan_id) for scan_id in work.session.scalars(sa.select(AccessEvent.scan_id))}
    runtime.close()
    return found


@pytest.mark.parametrize("how", ["immediate", "fast"])
def test_server_answers_while_the_database_is_gone_and_works_again_without_a_restart(
    how: str, own_cluster: PostgresCluster, tmp_path: Path
) -> None:
    place = places.found(own_cluster, tmp_path, lock_seconds=LOCK_SECONDS)
    door, acknowledged = with_door(place), set()
    with place.serving("") as port, place.working():
        stop = threading.Event()
        faults: list[str] = []

        def keep_scanning() -> None:
            while not stop.is_set():
                scan_id = str(uuid4())
                status, said = report(port, door, scan_id)
                if status == 201:
                    acknowledged.add(scan_id)
                elif status != 503 or SENTENCE not in said:
                    faults.append(f"{status} {said}")

        scanning = threading.Thread(target=keep_scanning)
        scanning.start()
        wait_until(lambda: len(acknowledged) >= 20, "twenty scans")
        own_cluster.stop(how)
        status, _body = page(port, "/sign-in")
        assert status in {200, 503}  # the form itself needs no database
        ready, _body = page(port, "/readyz")
        assert ready == 503
        before = len(acknowledged)

        own_cluster.start()
        wait_until(lambda: len(acknowledged) >= before + 20, "twenty more scans")
        wait_until(lambda: page(port, "/readyz")[0] == 200, "the server and its worker")
        stop.set()
        scanning.join(60)

    assert faults == []
    assert acknowledged <= events(place)


def test_lock_that_is_held_too_long_is_answered_and_the_scan_can_be_sent_again(
    cluster: PostgresCluster, tmp_path: Path
) -> None:
    place = places.found(cluster, tmp_path, lock_seconds=LOCK_SECONDS)
    door, scan_id = with_door(place), str(uuid4())
    with place.serving() as port:
        with locked(place, "presence"):
            begin = time.monotonic()
            status, said = report(port, door, scan_id)
            waited = time.monotonic() - begin
        assert (status, SENTENCE in said) == (503, True)
        assert waited >= 0.95 * LOCK_SECONDS  # it did wait for the time the settings name

        assert report(port, door, scan_id)[0] == 201
    assert events(place) == {scan_id}


def test_more_requests_than_connections_are_answered(cluster: PostgresCluster, tmp_path: Path) -> None:
    place = places.found(cluster, tmp_path, pool_size=1, lock_seconds=LOCK_SECONDS)
    door = with_door(place)
    with place.serving() as port:
        answers: list[tuple[int, str]] = []
        with locked(place, "presence"):
            senders = [
                threading.Thread(target=lambda: answers.append(report(port, door, str(uuid4())))) for _ in range(8)
            ]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join(60)
        assert {status for status, _said in answers} == {503}
        assert all(SENTENCE in said for _status, said in answers)

        assert report(port, door, str(uuid4()))[0] == 201


def test_readers_who_find_no_connection_are_told(cluster: PostgresCluster, tmp_path: Path) -> None:
    place = places.found(cluster, tmp_path, pool_size=1, lock_seconds=LOCK_SECONDS)
    with_door(place)
    with place.serving() as port:
        answers: list[tuple[int, str]] = []
        with locked(place, "device_token"):
            readers = [threading.Thread(target=lambda: answers.append(status_list(port))) for _ in range(8)]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join(60)
        assert [status for status, _said in answers] == [503] * 8
        assert all(SENTENCE in said for _status, said in answers)

        assert status_list(port)[0] == 200
    # Not only the lock was waited for.
    assert "TimeoutError" in "".join(path.read_text() for path in tmp_path.glob("serve-*.log")), (
        "the pool was not empty"
    )


def status_list(port: int) -> tuple[int, str]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", "/api/v1/status-list", headers={"Authorization": f"Bearer {TOKEN}"})
    answer = line.getresponse()
    content = answer.read()
    line.close()
    return answer.status, content.decode(errors="replace")


STARTS = (["visitor.cli", "serve"], ["visitor.cli", "worker"], ["visitor.worker"])


@pytest.mark.parametrize("words", STARTS, ids=" ".join)
def test_start_without_a_database_is_one_sentence(
    words: list[str], own_cluster: PostgresCluster, tmp_path: Path
) -> None:
    place = places.found(own_cluster, tmp_path, lock_seconds=LOCK_SECONDS)
    place.config.write_text(place.config.read_text().replace("port = 8443", f"port = {free_port()}"))
    own_cluster.stop("fast")

    done = started(place, words)
    place.config.write_text(place.config.read_text() + '\n[logs]\nformat = "json"\n')
    as_json = started(place, words)
    own_cluster.start()

    assert done.returncode == as_json.returncode == 1
    assert re.fullmatch(r"The database does not answer: [^\n]+\n", done.stderr)
    line = json.loads(as_json.stderr)  # one object, and nothing beside it
    assert (line["event"], line["level"], f"{line['reason']}\n") == ("refused", "error", done.stderr)


def started(place: Place, words: list[str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"VISITOR_CONFIG": str(place.config)}
    arguments = [sys.executable, "-m", *words]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, check=False)

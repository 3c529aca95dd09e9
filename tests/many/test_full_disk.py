"""A disk that is full: a sentence that says so, nothing acknowledged is lost, and no restart is needed."""

import contextlib
import http.client
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

from tests import samples
from tests.crash.house import House, Kiosk
from tests.kiosk_client import API
from tests.many import places
from tests.many.test_faults import page
from tests.real.postgres import PostgresCluster
from tests.real.programs import absent, free_port, wait_until
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.db import open_engine
from visitor.visits.models import Visit

pytestmark = pytest.mark.real
SENTENCE = "The server cannot write to its disk, which may be full, so this was not saved."
DISK_MEGABYTES = 400
LEFT_BYTES = 200_000
"""Not full to the last byte: the next growth of a file must fail, not the first look at it."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of a few hundred megabytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        absent("mounting a disk needs root")
    try:
        yield folder
    finally:
        # Lazily: a database that ends may hold it a moment longer.
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Take all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - LEFT_BYTES)
    yield
    ballast.unlink()


def signed_in(kiosk: Kiosk, client_id: str) -> tuple[int, str]:
    """Send one sign-in as a kiosk does; return what was said."""
    path, body = f"{API}/sign-ins", kiosk.sent[client_id]
    headers = kiosk.key.headers("POST", path, int(SystemClock().now().timestamp() * 1000), body)
    line = http.client.HTTPConnection("127.0.0.1", kiosk.port, timeout=60)
    line.request("POST", path, body, headers | {"Content-Type": "application/json"})
    answer = line.getresponse()
    content = json.loads(answer.read())
    line.close()
    if answer.status == 201:
        kiosk.acknowledged[client_id] = content["visit_id"]
        return 201, ""
    return answer.status, content["error"]["message"]


def refused(kiosk: Kiosk) -> tuple[int, str]:
    """Sign visitors in until the disk refuses; files have some room inside."""
    for number in range(5_000):
        status, said = signed_in(kiosk, kiosk.write(number))
        if status != 201:
            return status, said
    pytest.fail("the disk never filled up")


def assert_refuses_and_recovers(
    house: House, kiosk: Kiosk, full: Callable[[], contextlib.AbstractContextManager[None]]
) -> None:
    """Sign in, fill the disk, be told, make room, and send again what was not taken."""
    assert signed_in(kiosk, kiosk.write(0))[0] == 201
    with full():
        status, said = refused(kiosk)
        assert (status, SENTENCE in said) == (503, True), said
        status, body = page(kiosk.port, "/readyz")
        assert (status, json.loads(body)["checks"]["disk"]["state"]) == (503, "fault")
        assert page(kiosk.port, "/sign-in")[0] == 200  # reading goes on

    wait_until(lambda: all(signed_in(kiosk, one)[0] == 201 for one in kiosk.waiting()), "the visitors that wait")
    wait_until(lambda: page(kiosk.port, "/readyz")[0] == 200, "the server")
    runtime = house.open()
    with runtime.reading(SYSTEM) as work:
        there = {str(row.client_id): str(row.id) for row in work.session.scalars(sa.select(Visit))}
    runtime.close()
    assert there == kiosk.acknowledged


def on_sqlite(folder: Path) -> House:
    url = f"sqlite:///{folder / 'visitor.db'}"
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()
    port = free_port()
    return House(samples.write_settings(folder, database_url=url, port=port), port, folder / "serve.log")


def test_full_disk_under_sqlite(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        house = on_sqlite(disk)
        kiosk = house.kiosk()
        with house.serving():
            assert_refuses_and_recovers(house, kiosk, lambda: filled(disk))


def test_file_that_may_not_grow_under_sqlite(tmp_path: Path) -> None:
    house = on_sqlite(tmp_path)
    kiosk = house.kiosk()
    with house.serving():
        servers = descendants(os.getpid(), str(house.config))

        @contextlib.contextmanager
        def limited() -> Iterator[None]:
            before = [(pid, resource.prlimit(pid, resource.RLIMIT_FSIZE)) for pid in servers]
            for pid, (_soft, hard) in before:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (1_000_000, hard))
            yield
            for pid, limits in before:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

        assert_refuses_and_recovers(house, kiosk, limited)


def descendants(parent: int, word: str) -> list[int]:
    """Return the processes below `parent` that began with that word in their command, and theirs."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(stat[1]), []).append(int(folder.name))
    found = [pid for pid in children.get(parent, []) if word in Path(f"/proc/{pid}/cmdline").read_text()]
    for pid in found:
        found += children.get(pid, [])
    return found


def test_full_disk_under_postgresql(cluster: PostgresCluster, tmp_path: Path) -> None:
    name = f"full{uuid4().hex}"
    with small_disk(cluster.socket_folder / name) as disk:
        shutil.chown(disk, "postgres", "postgres")
        with psycopg.connect(
            f"host={cluster.socket_folder} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}'".encode())
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {places.MIGRATED} TABLESPACE {name}".encode())
        cluster.create_database(samples.keyring_name(name))
        port = free_port()
        config = samples.write_settings(tmp_path, database_url=cluster.url(name), port=port)
        house = House(config, port, tmp_path / "serve.log")
        kiosk = house.kiosk()
        try:
            with house.serving():
                assert_refuses_and_recovers(house, kiosk, lambda: filled(disk))
        finally:
            cluster.drop_database(name)
            with psycopg.connect(
                f"host={cluster.socket_folder} user=postgres dbname=postgres", autocommit=True
            ) as connection:
                connection.execute(f"DROP TABLESPACE {name}".encode())

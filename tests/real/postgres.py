"""A real PostgreSQL in a scratch folder: a Unix socket only, no network, ended with its postmaster."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.real.programs import START_SECONDS, absent, program

LOCALE = ("-E", "UTF8", "--locale=C.UTF-8")
DEBIAN = Path("/usr/lib/postgresql")
OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c full_page_writes=off"
    " -c max_connections=60 -c shared_buffers=64MB -c timezone=UTC"
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class PostgresCluster:
    """A running server; databases are made in it by name."""

    socket_folder: Path
    binaries: Path
    durable: bool = False
    """What was committed outlives a crash of the server (not of the machine)."""

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        commit = "on" if self.durable else "off"
        options = f"{OPTIONS} -c synchronous_commit={commit} -c unix_socket_directories={self.socket_folder}"
        log = str(self.socket_folder / "server.log")
        _run([*self._control(), "-t", f"{START_SECONDS:.0f}", "-l", log, "-o", options], "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop the server: `immediate` as a crash does, `fast` as an administrator does."""
        _run([*self._control(), "-m", how], "stop")

    def _control(self) -> list[str]:
        return [str(self.binaries / "pg_ctl"), "-s", "-w", "-D", str(self.socket_folder / "cluster")]

    def replay(self, *, paused: bool) -> None:
        """Let a standby stand still, or go on."""
        function = "pg_wal_replay_pause" if paused else "pg_wal_replay_resume"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("SELECT {}()").format(sql.Identifier(function)))

    @contextlib.contextmanager
    def standby(self) -> Iterator[PostgresCluster]:
        """Start a standby that follows this server by streaming; it ends with the test."""
        with _home() as home:
            base = [str(self.binaries / "pg_basebackup"), "-h", str(self.socket_folder), "-U", "postgres", "-c", "fast"]
            _run([*base, "-X", "stream", "-R", "-D"], str(home / "cluster"))
            made = PostgresCluster(home, self.binaries, durable=True)
            made.start()
            try:
                yield made
            finally:
                made.stop()

    def create_database(self, name: str, *, template: str = "template0") -> str:
        """Make a database and return its SQLAlchemy URL; copying a `template` needs it to be unused."""
        if not _NAME.fullmatch(name):
            raise ValueError("a database's name is lower case")
        statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE {}")
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and whatever is connected to it."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.format(sql.Identifier(name)))

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.socket_folder}"

    def _conninfo(self, name: str) -> str:
        return f"host={self.socket_folder} user=postgres dbname={name}"


@contextlib.contextmanager
def cluster(folder: Path | None = None, *, durable: bool = False) -> Iterator[PostgresCluster]:
    """Start a server of its own, and end it; call it once per test process and make databases in it.

    The server's files are in a short temporary folder, because a Unix socket's path has at most 107 bytes and the
    unprivileged user must be able to reach it; `folder` receives the log.
    """
    binaries = _binaries()
    with _home() as home:
        cluster_folder = home / "cluster"
        _run(
            [str(binaries / "initdb"), "-D", str(cluster_folder), "-A", "trust", "-U", "postgres", *LOCALE], "--no-sync"
        )
        made = PostgresCluster(home, binaries, durable)
        made.start()
        try:
            yield made
        finally:
            made.stop()
            if folder is not None:
                shutil.copy(home / "server.log", folder / "postgres.log")


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binaries() -> Path:
    """Return the folder of the newest installed server, or skip."""
    versions = sorted(DEBIAN.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("pg_ctl")
    return Path(found).parent if found else absent("PostgreSQL is missing: apt-get install postgresql")


def _run(command: list[str], last: str) -> None:
    """Run a server program as an unprivileged user: as root it would refuse."""
    as_postgres = [program("runuser", "util-linux"), "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # pg_ctl's child keeps inherited pipes open, so the output goes to a file.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*as_postgres, *command, last],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", timeout=START_SECONDS * 2, check=False,
        )  # fmt: skip
        output.seek(0)
        said = output.read().decode(errors="replace")
    if done.returncode != 0:
        pytest.fail(f"{command[0]} {last} failed as {getpass.getuser()}: {said}", pytrace=False)

"""The databases that a bench runs on: SQLite in a folder, and PostgreSQL, given or started from Debian's programs."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import make_url

DEBIAN: Final = Path("/usr/lib/postgresql")
START_SECONDS: Final = 60
LOCALE: Final = ("-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-U", "postgres", "--no-sync")
OPTIONS: Final = (
    "-c listen_addresses='' -c max_connections=300 -c shared_buffers=512MB -c maintenance_work_mem=512MB"
    " -c max_wal_size=8GB -c checkpoint_timeout=30min -c timezone=UTC"
)
"""Commits are durable as the server's own defaults have it."""


class NoServer(RuntimeError):
    """There is no PostgreSQL to measure on."""


class Place(Protocol):
    """A kind of database."""

    @property
    def name(self) -> str:
        """As figures name it."""

    @property
    def embedded(self) -> bool:
        """SQLite: one process serves and works."""

    def version(self) -> str:
        """Name and version."""

    def new_url(self, folder: Path, label: str) -> str:
        """Make an empty database, and return its URL."""

    def forget(self) -> None:
        """Drop what was made since the last time."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    """Files in the folder of the installation; they go with it."""

    name: str = "SQLite"
    embedded: bool = True

    def version(self) -> str:
        """Name and version."""
        return f"SQLite {sqlite3.sqlite_version}"

    def new_url(self, folder: Path, label: str) -> str:
        """Name a file; it is made when it is opened."""
        return f"sqlite:///{folder / label}.db"

    def forget(self) -> None:
        """Nothing stays."""


@dataclass(slots=True)
class Postgresql:
    """A server on which databases can be made."""

    server_url: str
    """Of a database on it whose user may make others."""
    name: str = "PostgreSQL"
    embedded: bool = False
    _made: list[str] = field(default_factory=list)

    def version(self) -> str:
        """Name and version."""
        engine = sa.create_engine(self.server_url)
        with engine.connect() as connection:
            number = connection.scalar(sa.text("SHOW server_version"))
        engine.dispose()
        return f"PostgreSQL {str(number).split(' ', 1)[0]}"

    def new_url(self, folder: Path, label: str) -> str:  # noqa: ARG002  SQLite's are in the folder
        """Make a database."""
        name = f"visitor_bench_{label}_{uuid4().hex[:12]}"
        self._administer(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
        self._made.append(name)
        return make_url(self.server_url).set(database=name).render_as_string(hide_password=False)

    def forget(self) -> None:
        """Drop the databases that were made."""
        while self._made:
            self._administer(f'DROP DATABASE IF EXISTS "{self._made.pop()}" WITH (FORCE)')

    def _administer(self, statement: str) -> None:
        engine = sa.create_engine(self.server_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@contextlib.contextmanager
def postgresql(server_url: str | None = None) -> Iterator[Postgresql]:
    """Use the server that is named, or start one of its own for the time being: a Unix socket only, no network.

    Raises:
        NoServer: none is named and PostgreSQL's programs are not installed, or they fail.
    """
    if server_url is not None:
        place = Postgresql(server_url)
        try:
            yield place
        finally:
            place.forget()
        return
    binaries = _binaries()
    # Short, because a Unix socket's path has at most 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="visitor-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        _run([str(binaries / "initdb"), "-D", str(home / "cluster"), *LOCALE])
        control = [str(binaries / "pg_ctl"), "-s", "-w", "-D", str(home / "cluster")]
        options = f"{OPTIONS} -c unix_socket_directories={home}"
        _run([*control, "-t", str(START_SECONDS), "-l", str(home / "server.log"), "-o", options, "start"])
        try:
            yield Postgresql(f"postgresql+psycopg://postgres@/postgres?host={home}")
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binaries() -> Path:
    versions = sorted(DEBIAN.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("pg_ctl")
    if found is None:
        raise NoServer("PostgreSQL's programs were not found. Install them, or name a server with --postgresql.")
    return Path(found).parent


def _run(command: list[str]) -> None:
    """Run a server program as an unprivileged user: as root it would refuse."""
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # The server keeps inherited pipes open, so what pg_ctl says goes to a file.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(  # noqa: S603  Debian's own programs
            [*as_postgres, *command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd="/",
            timeout=2 * START_SECONDS,
            check=False,
        )
        said.seek(0)
        if done.returncode != 0:
            raise NoServer(f"{command[0]} failed: {said.read().decode(errors='replace').strip()}")


Open = Callable[[], contextlib.AbstractContextManager[Place]]
"""Opens a place when its turn comes."""

"""Hearing of changes that other processes make, for open pages.

On PostgreSQL every process tells the others by NOTIFY. Not in the business transaction: a commit that notifies holds a
lock of the whole database while it waits for the disk, so commits would queue one behind the other (measured with eight
connections: 400 commits a second instead of 1,100). Each process therefore has one thread that tells, right after the
commit and many changes at once. A process killed in between leaves pages behind for a minute at most (see `live`).

On SQLite one process shows pages. Commands beside it leave word in a table, inside their transaction; the server looks
each second whether the file was changed, and only while a page is open.
"""

import secrets
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy import Engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from visitor.core.live import Changes, Neighbours
from visitor.core.models import SiteChange

CHANNEL: Final = "visitor_changed"
SITES_IN_ONE: Final = 100
"""PostgreSQL takes 8,000 bytes at most."""
TOGETHER_SECONDS: Final = 0.1
"""Changes within this time are told together; the first one at once."""
LISTEN_SECONDS: Final = 1.0
ALIVE_EVERY: Final = 10
"""After so many quiet turns the connection is tried: a broken one is silent too."""
RETRY_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 1.0
START_SECONDS: Final = 3.0
END_SECONDS: Final = 2.0

log = structlog.get_logger()


def neighbours(engine: Engine, changes: Changes) -> Neighbours:
    """Return the way to the other processes on this database."""
    if engine.dialect.name == "sqlite":
        return SqliteNeighbours(engine, changes)
    return PostgresNeighbours(engine, changes)


class _Follower:
    """A thread that listens, started when the first page opens."""

    def __init__(self, engine: Engine, changes: Changes) -> None:
        self._engine = engine
        self._changes = changes
        self._ended = threading.Event()
        self._hears = threading.Event()
        self._guard = threading.Lock()
        self._listener: threading.Thread | None = None

    def follow(self) -> None:
        """Begin to hear of the others' changes."""
        with self._guard:
            if self._listener is None and not self._ended.is_set():
                self._listener = threading.Thread(target=self._stay, name="live-follow", daemon=True)
                self._listener.start()
        self._hears.wait(START_SECONDS)

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._listener is not None:
            self._listener.join(END_SECONDS)

    def _stay(self) -> None:
        """Listen, and after a fault listen again."""
        while not self._ended.is_set():
            try:
                self._listen()
            except Exception as fault:  # noqa: BLE001  whatever it was, the pages need the next try
                log.warning("live.interrupted", fault=type(fault).__name__)
                self._hears.clear()
                self._ended.wait(RETRY_SECONDS)

    def _listen(self) -> None:
        raise NotImplementedError

    @contextmanager
    def _own_connection(self) -> Iterator[sa.Connection]:
        """Open a connection outside the pool and outside transactions."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.detach()
            yield connection


class PostgresNeighbours(_Follower):
    """LISTEN on a connection of its own; NOTIFY by a thread of its own."""

    def __init__(self, engine: Engine, changes: Changes) -> None:
        super().__init__(engine, changes)
        self._origin = secrets.token_hex(8)
        """Marks what this process tells: it has heard it already."""
        self._untold: set[UUID] = set()
        self._more = threading.Condition()
        self._teller: threading.Thread | None = None

    def note(self, session: Session, site_ids: Collection[UUID]) -> None:
        """Do nothing: the others are told after the commit."""

    def tell(self, site_ids: Collection[UUID]) -> None:
        """Hand the sites to the thread that tells."""
        with self._more:
            self._untold.update(site_ids)
            if self._teller is None and not self._ended.is_set():
                self._teller = threading.Thread(target=self._keep_telling, name="live-tell", daemon=True)
                self._teller.start()
            self._more.notify()

    def close(self) -> None:
        """Tell what was not told yet, and end."""
        self._ended.set()
        with self._more:
            self._more.notify_all()
        if self._teller is not None:
            self._teller.join(END_SECONDS)
        super().close()

    def _keep_telling(self) -> None:
        while True:
            with self._more:
                self._more.wait_for(lambda: self._untold or self._ended.is_set())
                site_ids, self._untold = self._untold, set()
            if not site_ids:
                return
            try:
                self._notify(sorted(site_ids))
            except sa.exc.SQLAlchemyError as fault:
                log.warning("live.untold", fault=type(fault).__name__)
                with self._more:
                    self._untold |= site_ids
                if self._ended.wait(RETRY_SECONDS):
                    return
            self._ended.wait(TOGETHER_SECONDS)

    def _notify(self, site_ids: list[UUID]) -> None:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for start in range(0, len(site_ids), SITES_IN_ONE):
                part = " ".join(site_id.hex for site_id in site_ids[start : start + SITES_IN_ONE])
                connection.execute(sa.select(sa.func.pg_notify(CHANNEL, f"{self._origin} {part}")))

    def _listen(self) -> None:
        with self._own_connection() as connection:
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            self._changes.heard_anything()  # whatever happened while nobody listened
            self._hears.set()
            driver: Any = connection.connection.dbapi_connection  # psycopg's own
            quiet = 0
            while not self._ended.is_set():
                told = list(driver.notifies(timeout=LISTEN_SECONDS, stop_after=1))
                for notice in told:
                    self._take(notice.payload)
                quiet = 0 if told else quiet + 1
                if quiet >= ALIVE_EVERY:
                    connection.exec_driver_sql("SELECT 1")
                    quiet = 0

    def _take(self, payload: str) -> None:
        origin, _space, listed = payload.partition(" ")
        if origin != self._origin:
            self._changes.heard([UUID(hex=word) for word in listed.split()])


class SqliteNeighbours(_Follower):
    """A table where commands leave word, and a look at the file's version each second."""

    def note(self, session: Session, site_ids: Collection[UUID]) -> None:
        """Leave word in the table, unless this process is the one that shows the pages."""
        if self._changes.serving:
            return
        more = sqlite.insert(SiteChange).on_conflict_do_update(
            index_elements=["site_id"], set_={"number": SiteChange.number + 1}
        )
        session.connection().execute(more, [{"site_id": site_id, "number": 1} for site_id in sorted(site_ids)])

    def tell(self, site_ids: Collection[UUID]) -> None:
        """Do nothing: word was left in the transaction."""

    def _listen(self) -> None:
        with self._own_connection() as connection:
            version, known = self._version(connection), self._numbers(connection)
            self._hears.set()
            while not self._ended.wait(LOOK_SECONDS):
                if not self._changes.watched:
                    continue
                now = self._version(connection)
                if now != version:
                    version, before, known = now, known, self._numbers(connection)
                    self._changes.heard([site_id for site_id, number in known.items() if before.get(site_id) != number])

    def _version(self, connection: sa.Connection) -> int:
        """Return a number that differs after another connection wrote; reads no page."""
        return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def _numbers(self, connection: sa.Connection) -> dict[UUID, int]:
        rows = connection.execute(sa.select(SiteChange.site_id, SiteChange.number)).all()
        return {row.site_id: row.number for row in rows}

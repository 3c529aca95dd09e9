"""Where a copy comes from and where it goes: a source that stands still, a target that is there whole or not at all.

On PostgreSQL a target is filled in one transaction. On SQLite it is a file `….part` that gets its name when it is
complete. So a copy that is killed leaves nothing that could be taken for an installation, and is simply begun again.
"""

import os
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from visitor.app import moved
from visitor.app.backup import is_sqlite, sqlite_path
from visitor.core import databases, migrations
from visitor.core.db import Instant, Model, open_engine, truncate_log
from visitor.core.errors import SetupFault
from visitor.core.partitions import Cut, Month
from visitor.core.settings import DatabaseSettings
from visitor.privacy.journal import sync_folder

SIDE_FILES: Final = ("", "-wal", "-shm", "-journal")
MOST_MONTHS: Final = 240
"""Rows of a clock that was wrong by decades go where rows without a month go."""
LEAVING_SECONDS: Final = 3.0
"""So long the list still holds connections that were closed just now, also those of this command."""
_OTHERS: Final = sa.text(
    "SELECT coalesce(nullif(application_name, ''), 'a program')"
    " || CASE WHEN client_addr IS NULL THEN '' ELSE ' at ' || host(client_addr) END"
    " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    # Of other roles only names are shown to a role without special rights.
    " AND (backend_type = 'client backend' OR backend_type IS NULL AND usesysid IS NOT NULL) ORDER BY 1"
)


class Target(Protocol):
    """A database that is being filled."""

    engine: Engine
    connection: sa.Connection

    def finish(self) -> None:
        """Keep what was written. What is not finished leaves no trace."""


def same(first: str, second: str) -> bool:
    """Tell whether two URLs lead to one database."""
    if is_sqlite(first) and is_sqlite(second):
        return sqlite_path(first).resolve() == sqlite_path(second).resolve()
    return make_url(first) == make_url(second)


@contextmanager
def standing_still(url: str, settings: DatabaseSettings, tables: Sequence[str]) -> Generator[sa.Connection]:
    """Read one state of a database that nobody can write to meanwhile.

    Raises:
        SetupFault: others are connected.
    """
    engine = open_engine(url, settings)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                moved.keep_servers_out(connection)
                refuse_others(connection)
                connection.rollback()
                connection.execution_options(isolation_level="REPEATABLE READ")
                listed = ", ".join(f'"{name}"' for name in tables)
                # Before the first query, so that the state that is read is of after the lock.
                connection.exec_driver_sql(f"LOCK TABLE {listed} IN SHARE MODE")
            else:
                connection.exec_driver_sql("SELECT 1")  # begins as a writer: the write lock is held until the end
            yield connection
    except sa.exc.OperationalError as fault:
        reason = str(fault.orig).splitlines()[0]
        raise SetupFault(
            f"The database {databases.shown(url)} cannot be held still: {reason}. Stop the server first."
        ) from None
    finally:
        engine.dispose()


def refuse_others(connection: sa.Connection) -> None:
    """Refuse while other programs are connected to this PostgreSQL database.

    Raises:
        SetupFault: says how many, and which.
    """
    until = time.monotonic() + LEAVING_SECONDS
    while others := _others(connection):
        if time.monotonic() > until:
            count = f"{len(others)} other connection{'s are' if len(others) > 1 else ' is'}"
            raise SetupFault(
                f"{count} open to the database ({', '.join(dict.fromkeys(others))}). "
                "Stop all servers, workers and other programs that use it; kiosks go on and send later."
            )
        time.sleep(0.1)


def _others(connection: sa.Connection) -> Sequence[str]:
    # Within a transaction the list would stay as it was when it was first read.
    connection.execute(sa.text("SELECT pg_stat_clear_snapshot()"))
    return connection.scalars(_OTHERS).all()


@contextmanager
def target(url: str, settings: DatabaseSettings, *, replace: bool = False) -> Generator[Target]:
    """Open a target to fill. Without `finish` everything is as before.

    Args:
        url: where it is.
        settings: pool and time-outs.
        replace: a file that is there already may be replaced; its content was looked at.

    Raises:
        SetupFault: it does not answer, or a file is there already.
    """
    opened = _SqliteTarget(url, settings, replace=replace) if is_sqlite(url) else _PostgresTarget(url, settings)
    try:
        yield opened
    finally:
        opened.close()


class _PostgresTarget:
    """One transaction."""

    def __init__(self, url: str, settings: DatabaseSettings) -> None:
        self.engine = open_engine(url, settings)
        try:
            self.connection = self.engine.connect()
        except sa.exc.OperationalError as fault:
            self.engine.dispose()
            reason = str(fault.orig).splitlines()[0]
            raise SetupFault(
                f"The database {databases.shown(url)} does not answer: {reason}. Nothing was changed."
            ) from None

    def finish(self) -> None:
        """Commit, and let PostgreSQL count what it has, so that it finds good ways from the first query on."""
        self.connection.commit()
        self.connection.close()
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")

    def close(self) -> None:
        """Roll back what was not finished."""
        self.connection.close()
        self.engine.dispose()


class _SqliteTarget:
    """A file beside its later place."""

    def __init__(self, url: str, settings: DatabaseSettings, *, replace: bool) -> None:
        self._path = sqlite_path(url)
        self._part = self._path.with_name(self._path.name + ".part")
        if self._path.exists() and self._path.stat().st_size and not replace:
            raise SetupFault(f"{self._path} exists already. Name a new file; nothing was changed.")
        try:
            _remove(self._part)
            os.close(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as fault:
            raise SetupFault(f"{self._part} cannot be written: {fault.strerror}. Nothing was changed.") from None
        self.engine = open_engine(f"sqlite:///{self._part}", settings)
        self.connection = self.engine.connect()
        driver = self.connection.connection.driver_connection
        assert driver is not None
        # Nobody reads the file before it is complete, so it needs no journal; tables may refer forward meanwhile.
        for setting in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF"):
            driver.execute(f"PRAGMA {setting}")
        self._finished = False

    def finish(self) -> None:
        """Look whether all references lead somewhere, and give the file its name."""
        dangling = self.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()
        if dangling is not None:
            raise SetupFault(f"Rows of {dangling[0]} refer to rows of {dangling[2]} that are not there.")
        self.connection.commit()
        self.connection.close()
        truncate_log(self.engine)
        self.engine.dispose()
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
        _remove(self._path)
        self._part.rename(self._path)
        sync_folder(self._path.parent)  # the old database may be deleted as soon as this is said to be done
        self._finished = True

    def close(self) -> None:
        """Remove what was not finished."""
        self.connection.close()
        self.engine.dispose()
        if not self._finished:
            _remove(self._part)


def _remove(path: Path) -> None:
    for ending in SIDE_FILES:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def make_tables(connection: sa.Connection, tables: Sequence[sa.Table], url: str) -> None:
    """Bring an empty target to this version's tables.

    Raises:
        SetupFault: it holds other tables, another version's, or rows.
    """
    held = set(sa.inspect(connection).get_table_names())
    if not held:
        migrations.upgrade_within(connection)
        return
    have, need = migrations.current_within(connection), migrations.newest()
    if have != need:
        raise SetupFault(
            f"The database {databases.shown(url)} holds tables, and is at migration {have or 'none'}, not {need}. "
            "Name an empty database; nothing was changed."
        )
    full = [table.name for table in tables if has_rows(connection, table)]
    if full:
        raise SetupFault(
            f"The database {databases.shown(url)} holds rows ({full[0]}). Name an empty one; nothing was changed."
        )


def make_months(source: sa.Connection, connection: sa.Connection, cuts: Sequence[Cut]) -> None:
    """Make the months in which the source has rows, while the target's tables are empty; only PostgreSQL has them."""
    if connection.dialect.name != "postgresql":
        return
    for cut in cuts:
        table = next(table for table in Model.metadata.tables.values() if cut.table.startswith(table.name))
        begun = source.scalar(sa.select(sa.func.min(table.c[cut.column], type_=Instant())))
        present = Month.of(connection.execute(sa.select(sa.func.now())).scalar_one())
        first = max(present.after(-MOST_MONTHS), Month.of(begun)) if begun else present
        held = set(sa.inspect(connection).get_table_names())
        for month in _months(first, present):
            if (name := month.within(cut.table)) not in held:
                bounds = f"FROM ('{month.begins_at.isoformat()}') TO ('{month.ends_at.isoformat()}')"
                connection.exec_driver_sql(f"CREATE TABLE {name} PARTITION OF {cut.table} FOR VALUES {bounds}")


def _months(first: Month, last: Month) -> Generator[Month]:
    while first <= last:
        yield first
        first = first.after(1)


def has_rows(connection: sa.Connection, table: sa.Table) -> bool:
    """Tell whether a table holds anything."""
    return connection.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)) is not None

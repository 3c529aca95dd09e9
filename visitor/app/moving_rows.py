"""Rows on their way from one database to another: streamed, in one common form, counted and added up.

The common form of a row is what SQLite keeps: ids are 16 bytes, instants microseconds since 1970, days `2026-03-02`,
yes and no 1 and 0, JSON its own text. PostgreSQL makes it and takes it, so rows pass through here almost untouched.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from visitor.core.db import Choice, Id, Instant, from_microseconds

BATCH: Final = 2_000
"""Rows that are fetched at a time, at most."""
BATCH_BYTES: Final = 8_000_000
"""Fewer where they are large: pictures from cameras have hundreds of kilobytes."""
_MODULUS: Final = 1 << 128

Row = Sequence[Any]
"""Values in the common form, in the order of the table's columns."""
Write = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows a table has and what they add up to, in whichever order they come."""

    rows: int
    digest: int


def names(table: sa.Table) -> list[str]:
    """Return the names of a table's columns in their order."""
    return [column.name for column in table.columns]


def read(connection: sa.Connection, table: sa.Table) -> Iterator[Row]:
    """Yield all rows of a table; the transaction decides which state that is."""
    batch = _rows_at_a_time(connection, table)
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"SELECT {_listed(table)} FROM {_quoted(table.name)}")  # noqa: S608  names of our own tables
    else:
        driver: Any = connection.connection.driver_connection  # psycopg's own
        cursor = driver.cursor(name="moving")
        columns = ", ".join(_read_from_postgres(column) for column in table.columns)
        cursor.execute(f"SELECT {columns} FROM {_quoted(table.name)}")  # noqa: S608  names of our own tables
    try:
        while rows := cursor.fetchmany(batch):
            yield from rows
    finally:
        cursor.close()


def _rows_at_a_time(connection: sa.Connection, table: sa.Table) -> int:
    """Return how many rows may be in memory at once, by the largest there is; neither database reads them for that."""
    large = [column for column in table.columns if isinstance(column.type, sa.LargeBinary)]
    if not large:
        return BATCH
    sizes = sa.select(*(sa.func.coalesce(sa.func.max(sa.func.length(column)), 0) for column in large))
    return max(1, min(BATCH, BATCH_BYTES // max(1, sum(connection.execute(sizes).one()))))


def write(connection: sa.Connection, table: sa.Table, rows: Iterable[Row]) -> None:
    """Insert rows in the connection's transaction; raises the driver's own errors."""
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {_quoted(table.name)} ({_listed(table)}) VALUES ({places})"  # noqa: S608  as above
        embedded: Any = connection.connection.driver_connection  # sqlite3's own, which takes one row after the other
        embedded.executemany(statement, rows)
        return
    driver: Any = connection.connection.driver_connection  # psycopg's own
    writers = [(place, change) for place, c in enumerate(table.columns) if (change := _postgres_writer(c))]
    with driver.cursor() as cursor, cursor.copy(f"COPY {_quoted(table.name)} ({_listed(table)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(_changed(row, writers))


class Adding:
    """Adds rows up while they pass."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0
        self._digest = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            # A plain sum: databases give rows in different orders, and keep the same row twice as two.
            digest = hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).digest()
            self._digest = (self._digest + int.from_bytes(digest)) % _MODULUS
            self.count += 1
            yield row

    @property
    def sum(self) -> Sum:
        """What has passed."""
        return Sum(self.count, self._digest)


def added(rows: Iterable[Row]) -> Sum:
    """Add rows up and let them go."""
    adding = Adding(rows)
    for _row in adding:
        pass
    return adding.sum


def _changed(row: Row, writers: Sequence[tuple[int, Write]]) -> list[object]:
    values = list(row)
    for place, change in writers:
        if values[place] is not None:
            values[place] = change(values[place])
    return values


def _postgres_writer(column: sa.Column[Any]) -> Write | None:
    """Return what makes a value of the common form one that COPY takes; None: it does as it is."""
    if isinstance(column.type, Id):
        return bytes.hex
    if isinstance(column.type, Instant):
        return from_microseconds
    if isinstance(column.type, sa.Boolean):
        return bool
    _require_known(column)
    return None


def _read_from_postgres(column: sa.Column[Any]) -> str:
    """Return the expression that gives a column in the common form."""
    name = _quoted(column.name)
    if isinstance(column.type, Id):
        return f"uuid_send({name})"
    if isinstance(column.type, Instant):
        return f"(extract(epoch FROM {name}) * 1000000)::bigint"
    if isinstance(column.type, sa.Boolean):
        return f"{name}::int"
    if isinstance(column.type, sa.JSON):
        return f"{name}::text"
    if isinstance(column.type, sa.Date):
        return f"to_char({name}, 'YYYY-MM-DD')"
    _require_known(column)
    return name


def _require_known(column: sa.Column[Any]) -> None:
    """Make sure that a new sort of column is thought of here before it is moved."""
    known = (Choice, sa.String, sa.Integer, sa.Float, sa.LargeBinary, sa.JSON, sa.Date)
    if not isinstance(column.type, known):
        raise TypeError(f"{column.table.name}.{column.name} has a type that cannot be moved yet")


def _listed(table: sa.Table) -> str:
    return ", ".join(_quoted(name) for name in names(table))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

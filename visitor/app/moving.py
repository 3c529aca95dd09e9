"""Moving house: an installation is carried from one database to another, SQLite or PostgreSQL, and compared.

The source stands still meanwhile and is only read; when all is done, it says where the house went. The keyring goes
first and the database second: as long as the second is not there, the first is of use to nobody, and the next try
replaces it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from visitor.app import moved, rooms  # noqa: F401  `rooms` brings every room's tables
from visitor.app import moving_ends as ends
from visitor.app import moving_rows as rows
from visitor.app.backup import is_sqlite, sqlite_path
from visitor.app.exclusive import only_process
from visitor.app.runtime import open_runtime
from visitor.core import databases
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.db import Model, open_engine
from visitor.core.errors import SetupFault
from visitor.core.keyring import Keyring, load_master_key, named_key
from visitor.core.keyring import metadata as keyring_metadata
from visitor.core.settings import DatabaseSettings, Settings
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerHead
from visitor.ledger.operations import audit, checkpoint
from visitor.people import vault
from visitor.people.models import PersonalRecord
from visitor.privacy import months

SAMPLE: Final = 25
"""Records of each kind that are opened on both sides."""
TELL_EVERY: Final = 100_000
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to."""

    rows: int
    opened: int
    """Records that were opened on both sides and held the same."""
    sizes: tuple[tuple[str, int], ...]
    """Of both logs: equal on both sides, like the edges of their trees."""


@dataclass(frozen=True, slots=True)
class _Sides:
    """Where records and keys of both sides are read for the sample."""

    source: sa.Connection
    target: sa.Connection
    source_keys: Keyring
    target_keys: Keyring


def tables() -> Sequence[sa.Table]:
    """Return all tables in an order in which rows refer only to rows before them."""
    return Model.metadata.sorted_tables


def copy(settings: Settings, to: str, keyring_to: str | None, say: Say = lambda _line: None) -> Copied:
    """Copy the installation that the settings name into an empty database; a killed copy is begun again.

    Raises:
        SetupFault: the source is in use, the target is not empty, or what arrived is not what left.
    """
    lock = only_process(settings)
    try:
        _note(settings, to)
        database = settings.database
        with (
            ends.standing_still(database.url, database, [table.name for table in tables()]) as source,
            ends.target(to, database) as target,
        ):
            ends.make_tables(target.connection, tables(), to)
            ends.make_months(source, target.connection, months.CUTS)
            if keyring_to is not None:
                _copy_keyring(settings, keyring_to, say)
            say("Copying the database …")
            count = _carry(source, target.connection, tables(), say)
            sizes = _compare_heads(source, target.connection)
            opened = _compare_records(settings, keyring_to or database.keyring_url, (source, target.connection))
            moved.forget(target.connection)  # of an earlier copy
            target.finish()
            moved.note(source, to)
            source.commit()
    finally:
        lock.close()
    return Copied(count, opened, sizes)


def _note(settings: Settings, to: str) -> None:
    """Say in the audit log that a copy is made, and sign both logs: what is carried ends with that."""
    runtime = open_runtime(settings)
    try:
        with runtime.transaction(SYSTEM) as work:
            audit(work, "database.copy", detail="sqlite" if is_sqlite(to) else "postgresql")
            checkpoint(work)
    finally:
        runtime.close()


def _copy_keyring(settings: Settings, to: str, say: Say) -> None:
    database = settings.database
    say("Copying the keyring …")
    with ends.standing_still(database.keyring_url, database, list(keyring_metadata.tables)) as source:
        left_over = _is_copy(source, to, database)
        with ends.target(to, database, replace=left_over) as target:
            keyring_metadata.create_all(target.connection)
            for table in reversed(keyring_metadata.sorted_tables):
                target.connection.execute(sa.delete(table))
            _carry(source, target.connection, keyring_metadata.sorted_tables, say)
            target.finish()


def _is_copy(source: sa.Connection, to: str, settings: DatabaseSettings) -> bool:
    """Tell whether an earlier try left a copy of this keyring there, which may be replaced.

    Raises:
        SetupFault: it is another keyring, or another database.
    """
    if is_sqlite(to) and not sqlite_path(to).exists():
        return False
    engine = open_engine(to, settings)
    try:
        with engine.connect() as connection:
            held = set(sa.inspect(connection).get_table_names())
            if not held:
                return False
            own = held == set(keyring_metadata.tables)
            if own and not any(ends.has_rows(connection, table) for table in keyring_metadata.sorted_tables):
                return True
            if own and _named(connection) and _named(connection) <= _named(source):
                return True
    except sa.exc.OperationalError as fault:
        reason = str(fault.orig).splitlines()[0]
        raise SetupFault(
            f"The database {databases.shown(to)} does not answer: {reason}. Nothing was changed."
        ) from None
    finally:
        engine.dispose()
    raise SetupFault(f"The database {databases.shown(to)} is not empty. Name an empty one; nothing was changed.")


def _named(connection: sa.Connection) -> set[tuple[str, bytes]]:
    """Return the wrapped named keys: wrapped twice, a key looks different, so equal ones are copies."""
    return {(row.name, row.wrapped_key) for row in connection.execute(sa.select(named_key))}


def _carry(source: sa.Connection, target: sa.Connection, some: Sequence[sa.Table], say: Say) -> int:
    """Copy tables and compare each, row for row; return how many rows there were.

    Raises:
        SetupFault: a row could not be written, or what arrived differs.
    """
    total = 0
    for table in some:
        left = rows.Adding(rows.read(source, table))
        try:
            rows.write(target, table, _told(left, table, say))
        except Exception as fault:
            # The driver's own text may hold the row.
            raise SetupFault(f"A row of {table.name} could not be written ({type(fault).__name__}).") from fault
        arrived = rows.added(rows.read(target, table))
        if arrived != left.sum:
            raise SetupFault(
                f"{table.name} differs after the copy ({left.sum.rows:,} rows left, {arrived.rows:,} arrived). "
                "Nothing was kept; look at both databases' logs, then try again."
            )
        total += arrived.rows
        if arrived.rows:
            say(f"  {table.name}: {arrived.rows:,}, the same on both sides")
    return total


def _told(left: Iterable[rows.Row], table: sa.Table, say: Say) -> Iterator[rows.Row]:
    for number, row in enumerate(left, start=1):
        if number % TELL_EVERY == 0:
            say(f"  {table.name}: {number:,} so far")
        yield row


def _compare_heads(source: sa.Connection, target: sa.Connection) -> tuple[tuple[str, int], ...]:
    query = sa.select(LedgerHead.log, LedgerHead.size, LedgerHead.frontier).order_by(LedgerHead.log)
    before, after = source.execute(query).all(), target.execute(query).all()
    if before != after:
        raise SetupFault("The ledger's heads differ after the copy. Nothing was kept.")
    return tuple((Log(row.log).label, row.size) for row in after)


def _compare_records(settings: Settings, keyring_url: str, sides: tuple[sa.Connection, sa.Connection]) -> int:
    """Open a sample of records of each kind on both sides; return how many could be read.

    Raises:
        SetupFault: one reads differently.
    """
    master = load_master_key(settings.keys)
    engines = [open_engine(url, settings.database) for url in (settings.database.keyring_url, keyring_url)]
    try:
        keyrings = [Keyring(engine, master) for engine in engines]
        both = _Sides(*sides, *keyrings)
        return sum(_same_content(both, data_class) for data_class in DataClass)
    finally:
        _dispose(engines)


def _same_content(sides: _Sides, data_class: DataClass) -> int:
    some = sa.select(PersonalRecord.id).where(PersonalRecord.data_class == data_class)
    chosen = list(sides.source.scalars(some.order_by(sa.func.random()).limit(SAMPLE)))
    before = _opened(sides.source, sides.source_keys, chosen)
    after = _opened(sides.target, sides.target_keys, chosen)
    if before != after:
        raise SetupFault(f"Records of the kind {data_class.value} read differently after the copy. Nothing was kept.")
    return sum(content is not None for content in after.values())


def _opened(side: sa.Connection, keyring: Keyring, ids: Sequence[UUID]) -> dict[UUID, bytes | None]:
    """Return what the records hold; None for one that cannot be read. Nobody is shown anything."""
    table = PersonalRecord.__table__
    found = side.execute(sa.select(table).where(PersonalRecord.id.in_(ids))).all()
    keys = keyring.open(row.key_id for row in found)
    contents: dict[UUID, bytes | None] = {}
    for row in found:
        place = vault.Place(row.id, row.data_class, row.site_id)
        try:
            contents[row.id] = vault.unseal(keys[row.key_id], place, row.sealed)
        except (KeyError, vault.Damaged):
            contents[row.id] = None
    return contents


def _dispose(engines: Iterable[Engine]) -> None:
    for engine in engines:
        engine.dispose()

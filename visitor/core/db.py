"""Tables and engines: the same models on SQLite and PostgreSQL."""

import sqlite3
import time
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.engine import Dialect, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from visitor.core import patience
from visitor.core.classes import DataClass
from visitor.core.settings import DatabaseSettings

APPLICATION: Final = "visitor"
"""What PostgreSQL calls this product's connections in its lists."""
TRIED_AFTER_SECONDS: Final = 2.0
_MOST: Final = "most patience"
_PATIENCE: Final = "patience"
"""How many seconds a connection waits for a lock: usually, and now."""
ONLY_READS: Final = "what only reads cannot be used to write"
_RESTS_SINCE: Final = "rests since"
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Id(TypeDecorator[uuid.UUID]):
    """A UUID: 16 bytes on SQLite, `uuid` on PostgreSQL."""

    impl = sa.LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Return the native type where there is one."""
        return dialect.type_descriptor(sa.Uuid() if dialect.name == "postgresql" else sa.LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> object:
        """Store the value's 16 bytes on SQLite."""
        return value if dialect.name == "postgresql" else _id_bytes(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:  # noqa: ANN401  driver's type
        """Return a UUID on both databases."""
        return value if dialect.name == "postgresql" else _id_of(value)

    def bind_processor(self, dialect: Dialect) -> Any:  # noqa: ANN401  the library's type of a function
        """Return the above as one function: SQLAlchemy's own way calls three for each value of each row."""
        return None if dialect.name == "postgresql" else _id_bytes

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ANN401, ARG002  as above
        """Return the above as one function."""
        return None if dialect.name == "postgresql" else _id_of


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: microseconds since 1970 on SQLite, `timestamptz` on PostgreSQL."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Return the native type where there is one."""
        native = sa.DateTime(timezone=True) if dialect.name == "postgresql" else sa.BigInteger()
        return dialect.type_descriptor(native)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Refuse instants without a time zone."""
        return _utc(value) if dialect.name == "postgresql" else _instant_number(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401  driver's type
        """Return the instant in UTC."""
        return _utc(value) if dialect.name == "postgresql" else _instant_of(value)

    def bind_processor(self, dialect: Dialect) -> Any:  # noqa: ANN401  the library's type of a function
        """Return the above as one function: SQLAlchemy's own way calls three for each value of each row."""
        return _utc if dialect.name == "postgresql" else _instant_number

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ANN401, ARG002  as above
        """Return the above as one function."""
        return _utc if dialect.name == "postgresql" else _instant_of


class Choice(TypeDecorator[StrEnum]):
    """A member of a closed set, stored as its value."""

    impl = sa.String(40)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002  signature
        """Store the value."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002  signature
        """Return the member."""
        return None if value is None else self.kind(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ANN401, ARG002  the library's type
        """Return the above as one look into a table."""
        members: dict[str | None, StrEnum | None] = {None: None, **{member.value: member for member in self.kind}}
        return members.__getitem__


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ZONE: Final = "an instant needs a time zone"


def microseconds(at: datetime) -> int:
    """Return the microseconds from 1970-01-01 UTC to `at`."""
    span = at - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def from_microseconds(value: int) -> datetime:
    """Return the instant that many microseconds after 1970-01-01 UTC."""
    return _EPOCH + timedelta(0, 0, value)


def _id_bytes(value: uuid.UUID | None) -> bytes | None:
    return None if value is None else value.bytes


@lru_cache(maxsize=8_192)
def _id_of(value: bytes | None) -> uuid.UUID | None:
    """Return the id. A page names the same site, doors and zones on each row, and making ids is most of reading it."""
    return None if value is None else uuid.UUID(bytes=value)


def _utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError(_NO_ZONE)
    return value.astimezone(UTC)


def _instant_number(value: datetime | None) -> int | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(_NO_ZONE)
    return microseconds(value)


def _instant_of(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(0, 0, value)


class Model(orm.DeclarativeBase):
    """Base of every table.

    Every column says by `info={"holds": DataClass...}` what kind of data it holds: use `holds()`.
    """

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        uuid.UUID: Id(),
        datetime: Instant(),
        date: sa.Date(),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        int: sa.BigInteger(),
        dict[str, Any]: sa.JSON(none_as_null=True),
        list[str]: sa.JSON(),
    }


def column(holds: DataClass = DataClass.NONE, /, *args: Any, **options: Any) -> orm.MappedColumn[Any]:
    """Return a mapped column that declares what kind of data it holds."""
    return orm.mapped_column(*args, info={"holds": holds}, **options)


def choice(kind: type[StrEnum], holds: DataClass = DataClass.NONE, /, **options: Any) -> orm.MappedColumn[Any]:
    """Return a mapped column for a member of the closed set `kind`."""
    return orm.mapped_column(Choice(kind), info={"holds": holds}, **options)


def open_engine(url: str, settings: DatabaseSettings) -> Engine:
    """Return an engine for `url` with durable, erasing settings on each connection."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url, settings)
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_timeout=settings.lock_timeout_seconds,
        pool_use_lifo=True,  # the server's plans and caches are each connection's own: few are warm, not all cold
        connect_args={
            "options": f"-c lock_timeout={int(settings.lock_timeout_seconds * 1000)} -c timezone=UTC",
            "connect_timeout": 10,
            "client_encoding": "utf8",  # whatever the environment or the server says
            "application_name": APPLICATION,
            # A database host that vanished is noticed within a minute, not after hours.
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 60_000,
        },
    )
    _try_before_use(engine)
    _hurry_in_time(engine, settings.lock_timeout_seconds)
    _keep_from_writing(engine)
    return engine


def _keep_from_writing(engine: Engine) -> None:
    """Refuse to write where statements that read run by themselves: outside a transaction PostgreSQL would not."""

    @event.listens_for(engine, "before_execute")
    def refuse(connection: sa.Connection, statement: sa.Executable, *_given: object) -> None:
        options = connection.get_execution_options()
        if statement.is_dml and options.get("isolation_level") == "AUTOCOMMIT" and not options.get("writes", True):
            raise RuntimeError(ONLY_READS)


def _hurry_in_time(engine: Engine, most_seconds: float) -> None:
    """Look before each statement whether the request may still wait for as long as the connection would.

    Not at the beginning only: who has waited for one lock would wait for the next one as long again.
    """

    @event.listens_for(engine, "connect")
    def prepare(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_MOST] = most_seconds

    @event.listens_for(engine, "begin")
    @event.listens_for(engine, "rollback_savepoint")  # which takes back what was set since
    def begin(connection: sa.Connection, *_savepoint: object) -> None:
        connection.info[_PATIENCE] = most_seconds

    @event.listens_for(engine, "before_cursor_execute")
    def hurry(connection: sa.Connection, *_statement: object) -> None:
        statement = hurrying(connection)
        if statement is not None:
            connection.exec_driver_sql(statement)


def hurrying(connection: sa.Connection) -> str | None:
    """Return what to say to PostgreSQL before the next statement of the transaction; None: nothing has changed."""
    known: dict[str, float] = connection.info
    seconds = patience.left(known[_MOST])
    if seconds >= known.get(_PATIENCE, 0.0) or not _listens(connection):
        return None
    known[_PATIENCE] = seconds
    return f"SET LOCAL lock_timeout = {int(seconds * 1000)}"


def _listens(connection: sa.Connection) -> bool:
    """Tell whether the transaction has begun, or begins with the next statement, and has not failed."""
    driver: Any = connection.connection.driver_connection  # psycopg's own
    state = driver.info.transaction_status.name
    return state != "INERROR" and not (driver.autocommit and state == "IDLE")


def _try_before_use(engine: Engine) -> None:
    """Try a connection that has rested for a while before it is used: the server may have been started anew meanwhile.

    Trying each time would cost each request one more journey to the server.
    """

    @event.listens_for(engine, "checkin")
    def rest(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_RESTS_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def wake(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get(_RESTS_SINCE, time.monotonic()) < TRIED_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as fault:
            raise sa.exc.DisconnectionError from fault


def _sqlite_engine(url: str, settings: DatabaseSettings) -> Engine:
    engine = sa.create_engine(
        url,
        hide_parameters=True,  # an error's text must not carry a name into a log
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_timeout=settings.lock_timeout_seconds,
        pool_use_lifo=True,  # each connection's statements and pages are its own: few are warm, not all half so
        connect_args={"check_same_thread": False, "timeout": settings.lock_timeout_seconds},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: begin_sqlite does, at once as a writer where one is meant.
        connection.isolation_level = None
        for statement in SQLITE_PRAGMAS:
            connection.execute(statement)

    def wait_at_most(connection: sa.Connection, seconds: float) -> None:
        if connection.info.get(_PATIENCE, settings.lock_timeout_seconds) != seconds:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            connection.info[_PATIENCE] = seconds

    @event.listens_for(engine, "begin")
    def begin_sqlite(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        wait_at_most(connection, patience.left(settings.lock_timeout_seconds))
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", True) else "BEGIN")

    return engine


@contextmanager
def reading(engine: Engine) -> Generator[sa.Connection]:
    """Open a connection that only reads, so that on SQLite it waits for no writer."""
    with engine.connect().execution_options(writes=False) as connection:
        yield connection


def truncate_log(engine: Engine) -> bool:
    """Move SQLite's write-ahead log into the file and empty it; nothing to do on PostgreSQL.

    Returns:
        False when a reader was in the way and pages of deleted rows may remain in the log.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        busy, _pages, _moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return int(busy) == 0


def free(engine: Engine, tables: Sequence[str]) -> None:
    """Free the space of dead rows of these tables (PostgreSQL); nobody waits."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")


SQLITE_PRAGMAS: Sequence[str] = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # an acknowledged sign-in survives a power cut
    "PRAGMA secure_delete=ON",  # freed bytes are overwritten; FAST leaves names behind
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",  # no temporary file outlives a crash with names in it
    "PRAGMA cache_size=-512",  # KB for each connection, of which there are many; the system keeps the file anyway
)
"""Set on every connection and asserted by tests."""

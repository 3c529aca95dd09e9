"""Core statements put together once and run many times with plain values, where each hundredth of a millisecond counts.

SQLAlchemy looks a statement up, makes a context and describes the result anew at each execution; where the database is
a function call away that costs more than the work itself. Statement, types, pool and transaction stay SQLAlchemy's own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from visitor.core import patience
from visitor.core.db import ONLY_READS, hurrying
from visitor.core.wire import wire

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Row = Sequence[Any]
"""As the driver gives it."""
Given = Mapping[str, Any]
"""The values of a statement's places."""
Convert = Callable[[Any], Any] | None
"""From a value to the driver's, or back; None: it stays as it is."""


class Prepared:
    """One statement for one kind of database."""

    def __init__(self, statement: sa.ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=_with_numbers(dialect))
        assert isinstance(compiled, SQLCompiler)
        self.text: Final = str(compiled)
        self._answers = not statement.is_dml or bool(compiled.effective_returning)
        self._writes = statement.is_dml
        names = compiled.positiontup or ()
        self._places = [
            (name, binder(compiled.binds[name].type, dialect), compiled.binds[name].value) for name in names
        ]

    def send(self, connection: sa.Connection, values: Given) -> Any:  # noqa: ANN401  the driver's own cursor, or an `Answer`
        """Run in the connection's transaction and return its cursor. Call it within `round_trip`.

        Raises:
            RuntimeError: it writes, and the transaction only reads.
        """
        if self._writes and not connection.get_execution_options().get("writes", True):
            raise RuntimeError(ONLY_READS)
        given = [
            value if value is None or convert is None else convert(value)
            for value, convert in [(values.get(name, kept), convert) for name, convert, kept in self._places]
        ]
        if connection.dialect.name == "postgresql":
            return wire(connection).ask(self.text, given)
        return connection.connection.cursor().execute(self.text, given)

    def run(self, connection: sa.Connection, values: Given) -> Sequence[Row]:
        """Run in the connection's transaction; return the rows as the driver gives them.

        What answers nothing is not waited for where it travels with others.

        Raises:
            DBAPIError: as SQLAlchemy raises it, without values in its text.
        """
        with round_trip(connection):
            cursor = self.send(connection, values)
            rows: Sequence[Row] = cursor.fetchall() if self._answers else ()
            cursor.close()
        return rows


@dataclass(frozen=True, slots=True)
class Question(Generic[T_co]):
    """Something to ask the database, by itself or on one journey with the questions of other rooms."""

    statement: Prepared
    given: Given
    read: Callable[[Sequence[Row]], T_co]
    """From the rows to the answer."""


def ask(connection: sa.Connection, question: Question[T]) -> T:
    """Return the answer to one question. Raises as `Prepared.run`."""
    return question.read(question.statement.run(connection, question.given))


def asked(connection: sa.Connection, question: Question[T]) -> Callable[[], T]:
    """Send a question within `round_trip`, and return what gives its answer: to be called once, when all are sent."""
    cursor = question.statement.send(connection, question.given)
    return lambda: question.read(cursor.fetchall())


def glance(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """Open a connection that only reads: on PostgreSQL each statement by itself, as BEGIN and COMMIT are journeys too.

    Nothing is lost with them: between two statements of a transaction, too, PostgreSQL shows what others commit. But
    only a transaction can be told to wait for locks for a moment, so a request that is late gets one.
    """
    in_transaction = engine.dialect.name == "sqlite" or patience.is_over()
    options = {"writes": False} if in_transaction else {"writes": False, "isolation_level": "AUTOCOMMIT"}
    return engine.connect().execution_options(**options)


@contextmanager
def round_trip(connection: sa.Connection, *, several: bool = False) -> Iterator[None]:
    """Speak to the driver itself. Several statements travel together on PostgreSQL; fetch their results afterwards.

    Raises:
        DBAPIError: as SQLAlchemy raises it, without values in its text.
    """
    known = connection.dialect.loaded_dbapi.Error
    together = several and connection.dialect.name == "postgresql" and not wire(connection).travels
    try:
        with wire(connection).together() if together else nullcontext():
            yield
    except known as fault:
        raise sa.exc.DBAPIError.instance(None, None, fault, known, hide_parameters=True) from fault


def begin_with_first(session: orm.Session) -> None:
    """Let BEGIN travel with the first `round_trip` that calls `begin`: by itself the driver waits for its answer.

    For a transaction that has said nothing yet, and whose first words are such a round trip. Nothing else changes:
    SQLAlchemy commits and rolls back as ever. On SQLite, where nothing travels, it does nothing.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})


def begin(connection: sa.Connection) -> None:
    """Begin the transaction with what is sent within `round_trip`, unless it has begun or the driver does so itself."""
    wire(connection).begin_usual()
    hurry(connection)


def hurry(connection: sa.Connection) -> None:
    """Tell the database within `round_trip` how long the transaction may still wait for locks, where that is less."""
    statement = hurrying(connection) if connection.dialect.name == "postgresql" else None
    if statement is not None:
        wire(connection).say(statement)


def commit(connection: sa.Connection) -> None:
    """Let the commit travel with what was sent within `round_trip`; where that fails, PostgreSQL passes over it.

    SQLAlchemy commits afterwards as ever, and then the driver finds nothing left to do.
    """
    wire(connection).say("COMMIT")  # the driver's own commit would wait twice


@dataclass(slots=True)
class Journeys:
    """A transaction whose words travel together."""

    meanwhile: Callable[[], object] = lambda: None
    """What to do while the commit is under way. It asks the database nothing, and its outcome counts only after that.
    On SQLite, where others wait for the end of the transaction, it is not called."""


@contextmanager
def few_journeys(session: orm.Session) -> Iterator[Journeys]:
    """Let all that a transaction says travel together, with its BEGIN before and its COMMIT behind it.

    It waits where an answer is read, and at the end for the commit. For a transaction that has said nothing yet and
    says nothing afterwards; within it only what is `Prepared` may speak. On SQLite, where nothing travels, it does
    nothing.

    Raises:
        DBAPIError: as SQLAlchemy raises it; nothing was committed then.
    """
    begin_with_first(session)
    connection = session.connection()
    journeys = Journeys()
    if connection.dialect.name == "sqlite":
        yield journeys
        return
    with round_trip(connection, several=True):
        begin(connection)
        yield journeys
        commit(connection)
        wire(connection).depart()
        journeys.meanwhile()


def _with_numbers(dialect: Dialect) -> Dialect:
    """Return a dialect whose parameters are told by their place."""
    return type(dialect)(paramstyle="numeric_dollar") if dialect.name == "postgresql" else dialect  # type: ignore[call-arg]  # each takes it


def binder(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    """Return what turns a value of that type into the driver's."""
    return kind.dialect_impl(dialect).bind_processor(dialect)


def reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    """Return what turns the driver's value into one of that type."""
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def readers(columns: Iterable[sa.SQLColumnExpression[Any]], dialect: Dialect) -> tuple[Convert, ...]:
    """Return what turns the driver's values of these columns into their types'."""
    return tuple(reader(sa.inspect(column).type, dialect) for column in columns)


def converted(values: Sequence[Any], converts: Sequence[Convert]) -> list[Any]:
    """Return the values of a row in their types."""
    return [value if convert is None else convert(value) for value, convert in zip(values, converts, strict=True)]

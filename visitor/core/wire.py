"""Speaking to PostgreSQL through the driver's own library, for what is `Prepared` and for what travels together.

The driver's cursors look up types, places and statements anew at each execution and wake after each word that is sent;
a page says a dozen things. Connection, transaction, types and errors stay the driver's.
"""

import select
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Final

import sqlalchemy as sa

_KEPT: Final = "wire"
MOST_PREPARED: Final = 200
"""Statements that one connection keeps prepared; there are far fewer kinds."""
_Key = tuple[str, tuple[int, ...]]


class Answer:
    """What the server says to one statement; what was sent with others comes when it is first asked for."""

    def __init__(self, wire: "Wire", preparing: _Key | None = None) -> None:
        self._wire = wire
        self.preparing = preparing
        """What the statement prepares, if that is all that it does."""
        self.result: Any = None  # psycopg's own

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """Return all rows.

        Raises:
            Error: the driver's; this statement failed, or one that was sent before it.
        """
        return self._wire.rows(self)

    def close(self) -> None:
        """Be done with it, as a cursor is."""


class Wire:
    """One connection as the driver's library sees it."""

    def __init__(self, connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection  # psycopg's own
        self._driver = driver
        self._of: Any = connection.dialect.loaded_dbapi
        self._library = driver.pgconn
        self._types: Any = self._of.adapt.Transformer(driver)
        self._names: dict[_Key, bytes] = {}
        self._numbers = count()
        self._most = MOST_PREPARED if self._forgets_with_driver() else 0
        self._sent: deque[Answer] | None = None
        self._begun = self._departed = False
        self._readable = select.poll()
        self._readable.register(self._library.socket, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._library.socket, select.POLLIN | select.POLLOUT)

    @property
    def travels(self) -> bool:
        """Tell whether what is sent now travels with more."""
        return self._sent is not None

    @contextmanager
    def together(self) -> Generator[None]:
        """Let what is sent inside travel together; at the end all has been answered.

        Raises:
            Error: the driver's; a statement failed, and those behind it were passed over.
        """
        self._library.enter_pipeline_mode()
        self._sent, self._begun, self._departed = deque(), False, False
        try:
            yield
        except BaseException:
            with suppress(self._of.Error):  # it would be told after the first fault, and because of it
                self._drain()
            raise
        else:
            fault = self._drain()
            if fault is not None:
                raise fault
        finally:
            self._sent, self._begun = None, False
            if self._library.status == self._of.pq.ConnStatus.OK:
                self._library.exit_pipeline_mode()

    def depart(self) -> None:
        """Send what has been said together, without waiting for an answer; nothing follows on this journey."""
        self._library.pipeline_sync()
        self._departed = True

    def say(self, text: str) -> None:
        """Say something without values that is not answered by rows."""
        if self._sent is None:
            self._checked(self._library.exec_(text.encode()))
        else:
            self._library.send_query_params(text.encode(), None)
            self._sent.append(Answer(self))

    def begin(self) -> None:
        """Begin the transaction that the driver would begin with what is said next, unless it has begun."""
        if not self._driver.autocommit and not self._begun and self._idle:
            self._begin(self._driver.isolation_level, read_only=self._driver.read_only)

    def begin_usual(self) -> None:
        """Begin a transaction on a connection that by itself has none, unless it has begun."""
        if self._driver.autocommit and not self._begun and self._idle:
            self._begin(self._of.IsolationLevel.READ_COMMITTED, read_only=None)

    def ask(self, text: str, given: Sequence[Any]) -> Answer:
        """Run a statement with its values, prepared; alone it is waited for.

        Raises:
            Error: the driver's.
        """
        self.begin()
        automatic = self._of.adapt.PyFormat.AUTO
        values = self._types.dump_sequence(given, [automatic] * len(given))
        types, formats = self._types.types or (), self._types.formats or ()
        answer = Answer(self)
        name = self._prepared(text, types)
        if self._sent is None:
            answer.result = self._checked(self._library.exec_prepared(name, values, formats, self._of.pq.Format.BINARY))
        else:
            self._library.send_query_prepared(name, values, formats, self._of.pq.Format.BINARY)
            self._sent.append(answer)
        return answer

    def rows(self, answer: Answer) -> Sequence[Sequence[Any]]:
        """Return the rows of an answer; those sent before it are read on the way. Raises as `Answer.fetchall`."""
        if answer.result is None and self._sent is not None:
            self._library.send_flush_request()
            while self._sent and answer.result is None:
                self._read()
        self._checked(answer.result)
        self._types.set_pgresult(answer.result)
        rows: Sequence[Sequence[Any]] = self._types.load_rows(0, answer.result.ntuples, tuple)
        return rows

    @property
    def _idle(self) -> bool:
        return bool(self._library.transaction_status == self._of.pq.TransactionStatus.IDLE)

    def _begin(self, level: Any, *, read_only: bool | None) -> None:  # noqa: ANN401  the driver's kind
        words = ["BEGIN"]
        if level is not None:
            words.append(f"ISOLATION LEVEL {level.name.replace('_', ' ')}")
        if read_only is not None:
            words.append("READ ONLY" if read_only else "READ WRITE")
        self._begun = self._sent is not None
        self.say(" ".join(words))

    def _forgets_with_driver(self) -> bool:
        """See to it that our names go when the driver lets the server forget all, as it does after a rollback.

        False: this driver does not let itself be listened to, so nothing is kept prepared.
        """
        kept = getattr(self._driver, "_prepared", None)
        clear = getattr(kept, "clear", None)
        if kept is None or clear is None:
            return False

        def forget() -> bool:
            forgotten = bool(clear())
            if forgotten:
                self._names.clear()
            return forgotten

        kept.clear = forget
        return True

    def _prepared(self, text: str, types: Sequence[int]) -> bytes:
        key = (text, tuple(types))
        name = self._names.get(key)
        if name is not None:
            return name
        # The one without a name holds until the next is prepared.
        name = b"" if len(self._names) >= self._most else f"visitor_{next(self._numbers)}".encode()
        if self._sent is None:
            self._checked(self._library.prepare(name, text.encode(), types))
        else:
            self._library.send_prepare(name, text.encode(), types)
            self._sent.append(Answer(self, preparing=key))
        if name:
            self._names[key] = name
        return name

    def _drain(self) -> Exception | None:
        """Read all answers and come to the end of the journey; return the first fault."""
        assert self._sent is not None
        first: Exception | None = None
        if not self._departed:
            self._library.pipeline_sync()
        while self._sent:
            try:
                self._read()
            except self._of.Error as fault:
                first = first or fault
        self._await()
        self._library.get_result()  # the end itself
        return first

    def _read(self) -> None:
        """Read the answer to what was sent first."""
        assert self._sent is not None
        answer = self._sent.popleft()
        try:
            self._await()
            answer.result = self._library.get_result()
            self._await()
            self._library.get_result()  # nothing: the end of this answer
            self._checked(answer.result)
        except self._of.Error:
            if answer.preparing is not None:
                self._names.pop(answer.preparing, None)
            raise

    def _await(self) -> None:
        """Wait until an answer can be read, and let other threads run meanwhile: reading it would not."""
        library = self._library
        while library.flush():
            self._both.poll()
            library.consume_input()
        while library.is_busy():
            self._readable.poll()
            library.consume_input()

    def _checked(self, result: Any) -> Any:  # noqa: ANN401  psycopg's own
        known = self._of.pq.ExecStatus
        if result is not None and result.status in (known.TUPLES_OK, known.COMMAND_OK):
            return result
        if result is None or self._library.status != self._of.pq.ConnStatus.OK:
            raise self._of.OperationalError("the connection was lost")
        if result.status == known.PIPELINE_ABORTED:
            raise self._of.errors.PipelineAborted("what was sent before has failed")
        raise self._of.errors.error_from_result(result)


def wire(connection: sa.Connection) -> Wire:
    """Return the wire of a connection to PostgreSQL; it lasts as long as the driver's connection."""
    known: dict[Any, Any] = connection.info
    found = known.get(_KEPT)
    if found is None:
        found = known[_KEPT] = Wire(connection)
    assert isinstance(found, Wire)
    return found

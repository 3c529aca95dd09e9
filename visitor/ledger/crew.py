"""Processes that check the parts of a log side by side, each in a transaction of its own that sees the same state."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Final, Self

import sqlalchemy as sa

from visitor.core.work import Work
from visitor.ledger import rows, stream
from visitor.ledger.parts import Part, PartReport
from visitor.ledger.wishes import Database, Fault, Look

END_SECONDS: Final = 5.0
_COMMAND: Final = ("-P", "-m", "visitor.ledger.member")


class Unfinished(RuntimeError):
    """A process of the crew could not do its part, so nothing may be said about the logs."""


class Crew:
    """A number of processes. They end when it is closed, and by themselves when this process has ended."""

    def __init__(self, engine: sa.Engine, many: int) -> None:
        self._database = _database(engine)
        self._members: list[tuple[subprocess.Popen[bytes], Connection]] = []
        self._many = many
        self._busy: dict[Connection, Part] = {}

    def __enter__(self) -> Self:
        """Start the processes and wait until each has opened the database.

        Raises:
            Unfinished: one did not start.
        """
        try:
            for _ in range(self._many):
                self._members.append(_member())
            self._ask_all(self._database)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def process_ids(self) -> list[int]:
        """The processes."""
        return [process.pid for process, _ in self._members]

    def sees_the_same(self, work: Work) -> bool:
        """Let all see what `work` sees, which must be a reading transaction; tell whether they do.

        PostgreSQL lends its snapshot. On SQLite each begins a transaction now: it sees the same when no log has grown
        meanwhile, since erasing an entry makes its log grow as well.

        Raises:
            Unfinished: one could not look.
        """
        mine = rows.heads(stream.source(work))
        lent = None if work.runtime.embedded else work.session.scalar(sa.text("SELECT pg_export_snapshot()"))
        return all(heads == mine for heads in self._ask_all(Look(lent)))

    def check(self, parts: Iterable[Part]) -> Iterator[tuple[Part, PartReport]]:
        """Yield the reports of parts in their order; who stops reading them does not hear of the rest.

        Raises:
            Unfinished: a process failed or ended.
        """
        waiting, idle = iter(parts), [pipe for _, pipe in self._members]
        order: list[Part] = []
        done: dict[Part, PartReport] = {}
        while self._busy:
            _heard(self._busy.popitem()[0])
        while True:
            while idle and (part := next(waiting, None)):
                pipe = idle.pop()
                _send(pipe, part)
                order.append(part)
                self._busy[pipe] = part
            if not self._busy:
                return
            for ready in wait(list(self._busy)):
                assert isinstance(ready, Connection)
                done[self._busy.pop(ready)] = _heard(ready)
                idle.append(ready)
            while order and order[0] in done:
                yield order[0], done.pop(order.pop(0))

    def _ask_all(self, wish: object) -> list[Any]:
        for _, pipe in self._members:
            _send(pipe, wish)
        return [_heard(pipe) for _, pipe in self._members]

    def _end(self) -> None:
        for process, pipe in self._members:
            pipe.close()
            process.terminate()
        for process, _ in self._members:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _member() -> tuple["subprocess.Popen[bytes]", Connection]:
    ours, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, *_COMMAND, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is for the process that asks; it ends the others
        )
    return process, ours


def _send(pipe: Connection, wish: object) -> None:
    try:
        pipe.send(wish)
    except OSError:
        raise Unfinished("A process that verifies has ended, so nothing is verified. Run the command again.") from None


def _heard(pipe: Connection) -> Any:  # noqa: ANN401  as many kinds of answers as wishes
    try:
        answer = pipe.recv()
    except (EOFError, OSError):
        raise Unfinished("A process that verifies has ended, so nothing is verified. Run the command again.") from None
    if isinstance(answer, Fault):
        raise Unfinished(f"The ledger could not be read to its end ({answer.kind}), so nothing is verified.")
    return answer


def _database(engine: sa.Engine) -> Database:
    if engine.dialect.name == "sqlite":
        return Database(embedded=True, arguments={"database": engine.url.database})
    _, arguments = engine.dialect.create_connect_args(engine.url)
    plain = {name: value for name, value in arguments.items() if isinstance(value, (str, int))}
    return Database(embedded=False, arguments={"connect_timeout": 10, **plain})

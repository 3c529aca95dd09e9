"""Reading a log from beginning to end, in memory that does not grow with it.

The rows come as the driver gives them: a check spends two microseconds on the hashes of an entry, and the services of
SQLAlchemy would cost as much again.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

from visitor.core.work import Work
from visitor.ledger.auditor.verify import Row
from visitor.ledger.entries import Log

CHUNK: Final = 2_000
NO_END: Final = 2**63 - 1
_LEAVES: Final = "SELECT seq, leaf FROM ledger_leaf WHERE log = {log} AND seq < {size} ORDER BY seq"
_BODIES: Final = "SELECT seq, salt, body FROM ledger_entry WHERE log = {log} AND seq < {size} ORDER BY seq"


def entries(work: Work, log: Log, size: int | None = None) -> Iterator[Row]:
    """Yield leaves in order with their bodies, and bodies that have no leaf; only the first `size` when given."""
    bodies = _rows(work, _BODIES, log, size)
    seq, salt, body = next(bodies, (NO_END, None, None))
    for number, leaf in _rows(work, _LEAVES, log, size):
        while seq < number:
            yield seq, None, salt, body
            seq, salt, body = next(bodies, (NO_END, None, None))
        if seq == number:
            yield number, leaf, salt, body
            seq, salt, body = next(bodies, (NO_END, None, None))
        else:
            yield number, leaf, None, None
    while seq < NO_END:
        yield seq, None, salt, body
        seq, salt, body = next(bodies, (NO_END, None, None))


def bodies(work: Work, log: Log, size: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, salt and body of the first `size` entries that have them."""
    yield from _rows(work, _BODIES, log, size)


def leaves(work: Work, log: Log, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and leaf of the first `size` entries."""
    yield from _rows(work, _LEAVES, log, size)


def _rows(work: Work, query: str, log: Log, size: int | None) -> Iterator[Any]:
    """Yield rows some at a time; on PostgreSQL by a cursor that the server keeps, in its own binary form."""
    driver: Any = work.session.connection().connection.driver_connection
    limit = NO_END if size is None else size
    text = query.format(log=int(log), size=limit)
    # Of each table one cursor is open at a time.
    cursor = driver.cursor() if work.runtime.embedded else driver.cursor(query[7:18].replace(", ", "_"), binary=True)
    with closing(cursor):
        cursor.execute(text)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows

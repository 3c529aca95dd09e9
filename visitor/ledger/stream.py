"""Reading a log from beginning to end, in memory that does not grow with it.

The rows come as the driver gives them: a check spends two microseconds on the hashes of an entry, and the services of
SQLAlchemy would cost as much again.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from visitor.core.work import Work
from visitor.ledger.auditor.verify import Row
from visitor.ledger.entries import Log

CHUNK: Final = 250
"""Rows at a time: with more at once, Python begins to look for garbage among them, which takes longer than reading."""
FAR_CHUNK: Final = 1_000
"""Each time, PostgreSQL is asked over the network."""
NO_END: Final = 2**63 - 1
_LEAVES: Final = "SELECT seq, leaf FROM ledger_leaf WHERE log = {log} AND seq < {size} ORDER BY seq"
_BODIES: Final = "SELECT seq, salt, body FROM ledger_entry WHERE log = {log} AND seq < {size} ORDER BY seq"
_number: Final = itemgetter(0)


def entries(work: Work, log: Log, size: int | None = None) -> Iterator[Row]:
    """Yield leaves in order with their bodies, and bodies that have no leaf; only the first `size` when given."""
    return chain.from_iterable(_joined(_chunks(work, _LEAVES, log, size), _chunks(work, _BODIES, log, size)))


def _joined(leaves: Iterator[Sequence[Any]], bodies: Iterator[Sequence[Any]]) -> Iterator[Iterable[Row]]:
    """Yield the rows some at a time; where each leaf has its body, as almost everywhere, nothing is done row by row."""
    ready: Sequence[Any] = ()
    for some in leaves:
        last = some[-1][0]
        while (not ready or ready[-1][0] <= last) and (more := next(bodies, None)):
            ready = [*ready, *more]
        cut = bisect_right(ready, last, key=_number)
        own, ready = ready[:cut], ready[cut:]
        if len(own) == len(some):
            (numbers, packed), (seqs, salts, contents) = zip(*some, strict=True), zip(*own, strict=True)
            if numbers == seqs:
                yield zip(numbers, packed, salts, contents, strict=True)
                continue
        yield _merged(some, own)
    yield _merged((), ready)
    for rest in bodies:
        yield _merged((), rest)


def _merged(leaves: Sequence[Any], bodies: Sequence[Any]) -> Iterator[Row]:
    """Yield leaves with and without bodies, and bodies without leaves, in order."""
    place = 0
    for number, leaf in leaves:
        while place < len(bodies) and bodies[place][0] < number:
            yield bodies[place][0], None, *bodies[place][1:]
            place += 1
        if place < len(bodies) and bodies[place][0] == number:
            yield number, leaf, *bodies[place][1:]
            place += 1
        else:
            yield number, leaf, None, None
    for seq, salt, body in bodies[place:]:
        yield seq, None, salt, body


def bodies(work: Work, log: Log, size: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, salt and body of the first `size` entries that have them."""
    return chain.from_iterable(_chunks(work, _BODIES, log, size))


def leaves(work: Work, log: Log, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and leaf of the first `size` entries."""
    return chain.from_iterable(_chunks(work, _LEAVES, log, size))


def _chunks(work: Work, query: str, log: Log, size: int | None) -> Iterator[Sequence[Any]]:
    """Yield rows some at a time; on PostgreSQL by a cursor that the server keeps, in its own binary form."""
    driver: Any = work.session.connection().connection.driver_connection
    limit = NO_END if size is None else size
    text = query.format(log=int(log), size=limit)
    # Of each table one cursor is open at a time.
    cursor = driver.cursor() if work.runtime.embedded else driver.cursor(query[7:18].replace(", ", "_"), binary=True)
    many = CHUNK if work.runtime.embedded else FAR_CHUNK
    with closing(cursor):
        cursor.execute(text)
        while rows := cursor.fetchmany(many):
            yield rows

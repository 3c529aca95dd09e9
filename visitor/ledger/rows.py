"""Rows of a log as the driver gives them.

A check spends two microseconds on the hashes of an entry, and the services of SQLAlchemy would cost as much again.
Nothing here imports them either, so that a process that only checks starts quickly.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, count
from operator import itemgetter
from typing import Any, Final, NamedTuple

from visitor.ledger.auditor.verify import Row

CHUNK: Final = 250
"""Rows at a time: with more at once, Python begins to look for garbage among them, which takes longer than reading."""
FAR_CHUNK: Final = 1_000
"""Each time, PostgreSQL is asked over the network."""
LOWEST: Final = -(2**63)
HIGHEST: Final = 2**63 - 1
_LEAVES: Final = "SELECT seq, leaf FROM ledger_leaf WHERE log = {log} AND seq BETWEEN {first} AND {last} ORDER BY seq"
_BODIES: Final = (
    "SELECT seq, salt, body FROM ledger_entry WHERE log = {log} AND seq BETWEEN {first} AND {last} ORDER BY seq"
)
_NOTES: Final = (
    "SELECT note FROM ledger_checkpoint WHERE log = {log} AND size > {first} AND size <= {last} ORDER BY size"
)
_HEADS: Final = "SELECT log, size FROM ledger_head ORDER BY log"
_number: Final = itemgetter(0)
_cursors: Final = count(1)


class Source(NamedTuple):
    """An open transaction of a driver."""

    driver: Any
    embedded: bool
    """SQLite."""


class Span(NamedTuple):
    """Entries of one log from one number to another, both included."""

    log: int
    first: int = LOWEST
    last: int = HIGHEST

    @property
    def short(self) -> bool:
        """Tell whether it has two ends: all of its rows may be in memory at once."""
        return self.first != LOWEST and self.last != HIGHEST


def entries(source: Source, span: Span) -> Iterator[Row]:
    """Yield leaves in order with their bodies, and bodies that have no leaf."""
    return chain.from_iterable(_joined(_chunks(source, _LEAVES, span), _chunks(source, _BODIES, span)))


def bodies(source: Source, span: Span) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, salt and body of the entries that have them."""
    return chain.from_iterable(_chunks(source, _BODIES, span))


def leaves(source: Source, span: Span) -> Iterator[tuple[int, bytes]]:
    """Yield number and leaf."""
    return chain.from_iterable(_chunks(source, _LEAVES, span))


def notes(source: Source, span: Span) -> Iterator[str]:
    """Yield the checkpoints of sizes above `first`, up to `last`, from the smallest to the largest."""
    return chain.from_iterable(chain.from_iterable(_chunks(source, _NOTES, span)))


def heads(source: Source) -> list[tuple[int, int]]:
    """Return each log's size. Whatever is added or erased makes a log grow: it is the ledger's state in two numbers."""
    with closing(source.driver.cursor()) as cursor:
        return [tuple(row) for row in cursor.execute(_HEADS).fetchall()]


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


def _chunks(source: Source, query: str, span: Span) -> Iterator[Sequence[Any]]:
    """Yield rows some at a time, from PostgreSQL in its own binary form.

    PostgreSQL sends a short span at once. Of a long one it keeps a cursor, until the transaction ends if nobody reads
    it to its end; so each has a name of its own.
    """
    far = not source.embedded and not span.short
    if source.embedded:
        cursor = source.driver.cursor()
    elif far:
        cursor = source.driver.cursor(f"ledger_{next(_cursors)}", binary=True)
    else:
        cursor = source.driver.cursor(binary=True)
    with closing(cursor):
        cursor.execute(query.format(**span._asdict()))
        while some := cursor.fetchmany(FAR_CHUNK if far else CHUNK):
            yield some

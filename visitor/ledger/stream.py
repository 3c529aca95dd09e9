"""Reading a log from beginning to end within a transaction, in memory that does not grow with it."""

from collections.abc import Iterator
from typing import Any

from visitor.core.work import Work
from visitor.ledger import rows
from visitor.ledger.auditor.verify import Row
from visitor.ledger.entries import Log
from visitor.ledger.rows import HIGHEST, LOWEST, Source, Span


def source(work: Work) -> Source:
    """Return the driver's side of a transaction."""
    driver: Any = work.session.connection().connection.driver_connection
    return Source(driver, work.runtime.embedded)


def entries(work: Work, log: Log, first: int = LOWEST) -> Iterator[Row]:
    """Yield leaves in order with their bodies, and bodies that have no leaf, from the number `first` on."""
    return rows.entries(source(work), Span(int(log), first))


def notes(work: Work, log: Log, above: int = LOWEST) -> Iterator[str]:
    """Yield the signed checkpoints of sizes above that one, from the smallest to the largest."""
    return rows.notes(source(work), Span(int(log), above, HIGHEST))


def bodies(work: Work, log: Log, size: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, salt and body of the first `size` entries that have them."""
    return rows.bodies(source(work), Span(int(log), last=size - 1))


def leaves(work: Work, log: Log, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and leaf of the first `size` entries."""
    return rows.leaves(source(work), Span(int(log), last=size - 1))

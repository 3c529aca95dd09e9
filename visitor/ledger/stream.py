"""Reading a log from beginning to end, in memory that does not grow with it."""

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from visitor.core.work import Work
from visitor.ledger.audit import StoredEntry
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerEntry, LedgerLeaf

STREAM_ROWS: Final = 1_000


def entries(work: Work, log: Log, size: int | None = None) -> Iterator[StoredEntry]:
    """Yield leaves in order with their bodies, and bodies whose leaf is missing; only the first `size` when given."""
    leaf, entry = LedgerLeaf, LedgerEntry
    leaves = sa.select(leaf.seq, leaf.leaf).where(leaf.log == log).order_by(leaf.seq)
    bodies = sa.select(entry.seq, entry.salt, entry.body).where(entry.log == log, entry.seq.is_not(None))
    bodies = bodies.order_by(entry.seq)
    if size is not None:
        leaves, bodies = leaves.where(leaf.seq < size), bodies.where(entry.seq < size)
    options = {"yield_per": STREAM_ROWS}
    held = iter(work.session.execute(bodies.execution_options(**options)))
    body = next(held, None)
    for row in work.session.execute(leaves.execution_options(**options)):
        while body is not None and body.seq < row.seq:
            yield StoredEntry(body.seq, None, body.salt, body.body)
            body = next(held, None)
        if body is not None and body.seq == row.seq:
            yield StoredEntry(row.seq, row.leaf, body.salt, body.body)
            body = next(held, None)
        else:
            yield StoredEntry(row.seq, row.leaf, None, None)
    while body is not None:
        yield StoredEntry(body.seq, None, body.salt, body.body)
        body = next(held, None)

"""Gap-free numbers, the tree's growing edge, and signed checkpoints.

Everything here happens under the lock of the log's `LedgerHead` row and in one transaction: numbers, frontier and
checkpoint are committed together or not at all. The lease of `tasks` only keeps several processes from queueing for
that lock; it is the lock that keeps numbers right, so an erasure may number entries itself at any time.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from visitor.core.work import Work
from visitor.ledger import numbering
from visitor.ledger.encoding import Leaf, commitment, day_number, leaf_hash
from visitor.ledger.entries import Log
from visitor.ledger.merkle import Frontier
from visitor.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerHead
from visitor.ledger.note import Checkpoint
from visitor.ledger.numbering import Numbered
from visitor.ledger.signers import LedgerSigners

BATCH: Final = 2_000
"""Entries numbered in one go; bounds how long other writers wait."""
CHECKPOINT_EVERY: Final = timedelta(seconds=60)
CHECKPOINT_ENTRIES: Final = 1_000


def lock_head(work: Work, log: Log) -> LedgerHead:
    """Return the log's growing edge, locked until the transaction ends; an empty one is made when there is none."""
    insert = sqlite.insert if work.runtime.embedded else postgresql.insert
    row = {"log": int(log), "size": 0, "frontier": b""}
    work.session.execute(insert(LedgerHead).values(row).on_conflict_do_nothing())
    query = sa.select(LedgerHead).where(LedgerHead.log == log).with_for_update()
    return work.session.scalars(query.execution_options(populate_existing=True)).one()


def waiting(log: int, limit: int, after: UUID | None = None) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of the next entries to number, in the order of their ids; the index has them in it."""
    entry = LedgerEntry
    columns = (entry.id, entry.kind, entry.at, entry.record_class, entry.due_on, entry.salt, entry.body)
    query = sa.select(*columns).where(entry.log == log, entry.seq.is_(None))
    if after is not None:
        query = query.where(entry.id > after)
    return query.order_by(entry.id).limit(limit)


@contextmanager
def by_index(work: Work) -> Generator[None]:
    """Let PostgreSQL take rows in an index's order meanwhile, not sort them.

    What waits comes and goes faster than it is counted for the planner. Expecting a handful of rows, it would read and
    sort the whole backlog for each batch.
    """
    if work.runtime.embedded:
        yield
        return
    connection = work.session.connection()
    connection.exec_driver_sql("SET LOCAL enable_sort = off")
    yield
    connection.exec_driver_sql("SET LOCAL enable_sort TO DEFAULT")


def number_entries(work: Work, head: LedgerHead, limit: int = BATCH) -> int:
    """Give the next numbers to at most `limit` entries, in the order of their ids; return how many."""
    return len(_number(work, head, limit))


def _number(work: Work, head: LedgerHead, limit: int, after: UUID | None = None) -> list[Numbered]:
    with by_index(work):
        rows = work.session.execute(waiting(head.log, limit, after)).all()
    if not rows:
        return []
    frontier = frontier_of(head)
    numbered = []
    for seq, row in enumerate(rows, frontier.size):
        committed = commitment(row.salt, row.body)
        leaf = Leaf(head.log, row.kind, seq, day_number(row.due_on), row.record_class, committed).to_bytes()
        numbered.append(Numbered(row.id, row.kind, row.at, seq, leaf))
    frontier.extend(leaf_hash(entry.leaf) for entry in numbered)
    numbering.keep(work, head.log, numbered)
    head.size, head.frontier = frontier.size, b"".join(frontier.peaks)
    work.session.flush()
    return numbered


def number_all(work: Work, head: LedgerHead) -> None:
    """Give numbers to all entries that are visible now.

    Each batch begins after the one before: until the commit, PostgreSQL would read again what is numbered already.
    """
    numbered = _number(work, head, BATCH)
    while len(numbered) == BATCH:
        numbered = _number(work, head, BATCH, numbered[-1].id)


def sign(work: Work, head: LedgerHead) -> str:
    """Sign the log as it is, unless that size is signed already; return the note."""
    of_size = (LedgerCheckpoint.log == head.log, LedgerCheckpoint.size == head.size)
    signed = work.session.scalar(sa.select(LedgerCheckpoint.note).where(*of_size))
    if signed is not None:
        return signed
    key = work.resource(LedgerSigners).by_log[Log(head.log)]
    note = Checkpoint(key.name, head.size, frontier_of(head).root()).signed(key)
    row = {"id": work.new_id(), "log": head.log, "size": head.size, "note": note, "signed_at": work.now}
    work.session.execute(sa.insert(LedgerCheckpoint), [row])
    return note


def checkpoint_due(work: Work, log: Log) -> bool:
    """Tell whether the log has grown and its last checkpoint is old or far behind."""
    size = work.session.scalar(sa.select(LedgerHead.size).where(LedgerHead.log == log)) or 0
    last = sa.select(LedgerCheckpoint.size, LedgerCheckpoint.signed_at).where(LedgerCheckpoint.log == log)
    newest = work.session.execute(last.order_by(LedgerCheckpoint.size.desc()).limit(1)).one_or_none()
    if newest is None:
        return size > 0
    behind: int = size - newest.size
    waited: timedelta = work.now - newest.signed_at
    return behind >= CHECKPOINT_ENTRIES or (behind > 0 and waited >= CHECKPOINT_EVERY)


def frontier_of(head: LedgerHead) -> Frontier:
    """Return the tree's right edge.

    Raises:
        ValueError: the stored edge does not fit the stored size; somebody has changed it.
    """
    return Frontier.from_bytes(head.size, head.frontier)

"""The Merkle log: bodies, leaves, checkpoints and the tree's growing edge.

On PostgreSQL bodies of scans and of audit entries lie in partitions of one month each, by `at`, so that a month that is
over can go at once; see decision 5.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, column

_AUDITS: Final = "kind = 32"
"""Only audit entries are found by their day."""
_NAMED: Final = "subject_id IS NOT NULL"
_NUMBERED: Final = "seq IS NOT NULL"
_WAITING: Final = "seq IS NULL"
"""The sequencer takes what waits in the order of ids. An entry stands in one of these two indexes at a time."""


class LedgerEntry(Model):
    """What one entry says. The row goes when the entry is erased; its leaf stays."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_seq", "log", "seq", sqlite_where=text(_NUMBERED), postgresql_where=text(_NUMBERED)),
        Index("ix_ledger_entry_waiting", "log", "id", sqlite_where=text(_WAITING), postgresql_where=text(_WAITING)),
        Index("ix_ledger_entry_due", "due_on", sqlite_where=text(_AUDITS), postgresql_where=text(_AUDITS)),
        Index("ix_ledger_entry_subject", "subject_id", sqlite_where=text(_NAMED), postgresql_where=text(_NAMED)),
    )

    id: Mapped[UUID] = column(primary_key=True)
    log: Mapped[int] = column()
    """1 access, 2 audit."""
    seq: Mapped[int | None] = column()
    """Number of its leaf, given by the sequencer; null until then."""
    kind: Mapped[int] = column()
    """Entry type of the leaf."""
    record_class: Mapped[int] = column()
    due_on: Mapped[date] = column()
    """Day in UTC from which it may be erased, under the rule at write time; the leaf's day is the one that counts."""
    salt: Mapped[bytes] = column(DataClass.SECRET)
    body: Mapped[bytes] = column(DataClass.EVENT)
    """Canonical fields; ids and codes, never names."""
    subject_id: Mapped[UUID | None] = column(DataClass.EVENT)
    """Audit log: the visit or person concerned. Null in the access log, where the row's own id is the event's."""
    site_id: Mapped[UUID | None] = column()
    at: Mapped[datetime] = column(DataClass.EVENT)
    """When it happened; of a scan the same instant as the event's, so that both lie in partitions of one month."""


class LedgerLeaf(Model):
    """One leaf of one log's tree; never changed, never deleted. The key is what makes numbers unique."""

    __tablename__ = "ledger_leaf"
    __table_args__ = ({"sqlite_with_rowid": False},)

    log: Mapped[int] = column(primary_key=True)
    seq: Mapped[int] = column(primary_key=True)
    """Free of gaps from 0."""
    leaf: Mapped[bytes] = column()
    """54 bytes (`encoding.Leaf`): class, day from which the body may be erased, and a commitment that says nothing once
    the salt is gone."""


class LedgerHead(Model):
    """The growing edge of one log's tree."""

    __tablename__ = "ledger_head"

    log: Mapped[int] = column(primary_key=True)
    size: Mapped[int] = column()
    frontier: Mapped[bytes] = column()
    """Roots of the complete subtrees, largest first, 32 bytes each."""


class LedgerCheckpoint(Model):
    """A signed statement of a log's size and root; kept for ever."""

    __tablename__ = "ledger_checkpoint"
    __table_args__ = (UniqueConstraint("log", "size"),)

    id: Mapped[UUID] = column(primary_key=True)
    log: Mapped[int] = column()
    size: Mapped[int] = column()
    note: Mapped[str] = column()
    """C2SP signed note."""
    signed_at: Mapped[datetime] = column()

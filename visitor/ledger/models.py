"""The Merkle log: entries, checkpoints and the tree's growing edge."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, column


class LedgerEntry(Model):
    """One entry of one log. `leaf` never changes once set; `salt` and `body` may be erased together."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("log", "seq"),
        Index("ix_ledger_entry_subject", "subject_id", "log"),
        Index("ix_ledger_entry_due", "log", "due_on"),
    )

    id: Mapped[UUID] = column(primary_key=True)
    log: Mapped[int] = column()
    """1 access, 2 audit."""
    seq: Mapped[int | None] = column()
    """Gap-free number from 0, given by the sequencer; null until then."""
    kind: Mapped[int] = column()
    """Entry type of the leaf."""
    record_class: Mapped[int] = column()
    due_on: Mapped[date] = column()
    """Day in UTC from which the body may be erased, under the rule at write time."""
    commitment: Mapped[bytes] = column(DataClass.SECRET)
    """HMAC-SHA-256 of the body under its salt; says nothing once the salt is gone."""
    salt: Mapped[bytes | None] = column(DataClass.SECRET)
    body: Mapped[bytes | None] = column(DataClass.EVENT)
    """Canonical fields; ids and codes, never names."""
    subject_id: Mapped[UUID | None] = column(DataClass.EVENT)
    """Access log: the access event. Audit log: the visit or person concerned. Erased with the body."""
    site_id: Mapped[UUID | None] = column()
    at: Mapped[datetime] = column(DataClass.EVENT)


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

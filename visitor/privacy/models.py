"""Retention rules, holds, purges and their certificates."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column


class PurgeState(StrEnum):
    """Where a purge stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    NEEDS_APPROVAL = "needs_approval"
    """Far more rows than usual: a second person must look first."""
    FAILED = "failed"


class RetentionRule(Model):
    """How long one kind of data lives at one site, for one visit type or all. A change is a new row."""

    __tablename__ = "retention_rule"
    __table_args__ = (
        CheckConstraint("keep_minutes >= 0", name="not_negative"),
        Index("ix_retention_rule_site", "site_id", "subject", "visit_type_id"),
    )

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column()
    visit_type_id: Mapped[UUID | None] = column()
    """Null: every visit type without a rule of its own."""
    subject: Mapped[str] = column()
    """A sealed data class, or `visit`, `access_event`, `audit`."""
    keep_minutes: Mapped[int] = column()
    """After the trigger."""
    basis: Mapped[str] = column()
    """The reason, in words, printed in the notice and the register."""
    set_by: Mapped[UUID | None] = column()
    set_at: Mapped[datetime] = column()
    ended_at: Mapped[datetime | None] = column()


class Hold(Model):
    """Something must be kept although its time is up. No name stands here: the reason is a code and a reference."""

    __tablename__ = "hold"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    visit_id: Mapped[UUID | None] = column(index=True)
    """Null: a hold on the whole site between two days."""
    from_on: Mapped[date | None] = column()
    until_on: Mapped[date | None] = column()
    reason: Mapped[str] = column()
    reference: Mapped[str] = column(default="")
    """Case number or the like; the form refuses names of visitors."""
    owner_id: Mapped[UUID] = column()
    review_on: Mapped[date] = column()
    placed_at: Mapped[datetime] = column()
    released_at: Mapped[datetime | None] = column()
    released_by: Mapped[UUID | None] = column()


class PurgeRun(Model):
    """One purge: its frozen plan, what was done, and the certificate."""

    __tablename__ = "purge_run"

    id: Mapped[UUID] = column(primary_key=True)
    state: Mapped[PurgeState] = choice(PurgeState)
    began_at: Mapped[datetime] = column()
    ended_at: Mapped[datetime | None] = column()
    cut_off_at: Mapped[datetime] = column()
    """Everything due by this instant is in the plan."""
    plan_hash: Mapped[bytes | None] = column()
    """SHA-256 over the sorted ids."""
    planned: Mapped[int] = column(default=0)
    erased: Mapped[int] = column(default=0)
    skipped: Mapped[int] = column(default=0)
    """Held, restricted or changed since the plan was made."""
    started_by: Mapped[UUID | None] = column()
    approved_by: Mapped[UUID | None] = column()
    certificate: Mapped[dict[str, Any] | None] = column()
    """Counts per class, site and rule, oldest remaining due date, faults, ledger checkpoint; no names."""


class PurgeItem(Model):
    """One row of a purge's frozen plan; deleted when done."""

    __tablename__ = "purge_item"

    run_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("purge_run.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = column(primary_key=True)
    """`record`, `visit`, `person`, `access_event`, `audit`, `badge`."""
    row_id: Mapped[UUID] = column(primary_key=True)

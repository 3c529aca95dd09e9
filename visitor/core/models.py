"""Tables of the ground: work for later, leases, throttles."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Model):
    """Work to do after the transaction that asked for it. Done jobs are deleted; failed ones stay to be seen."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_run_at", "state", "run_at"),)

    id: Mapped[UUID] = column(primary_key=True)
    name: Mapped[str] = column()
    """The task's registered name; rooms hand work upward by name."""
    payload: Mapped[dict[str, Any]] = column(DataClass.EVENT)
    """Ids and codes only, never personal data."""
    state: Mapped[JobState] = choice(JobState)
    run_at: Mapped[datetime] = column()
    """Not before this."""
    attempts: Mapped[int] = column(default=0)
    lease_until: Mapped[datetime | None] = column()
    """While running: when another worker may take it over."""
    lease_owner: Mapped[str | None] = column()
    fault: Mapped[str | None] = column()
    """Class of the last error; never its text."""
    created_at: Mapped[datetime] = column()


class PeriodicRun(Model):
    """One slot of periodic work; the first process to insert it does it."""

    __tablename__ = "periodic_run"
    __table_args__ = (PrimaryKeyConstraint("name", "slot_at"),)

    name: Mapped[str] = column()
    slot_at: Mapped[datetime] = column()


class Lease(Model):
    """Something that one process at a time may do."""

    __tablename__ = "lease"

    name: Mapped[str] = column(primary_key=True)
    owner: Mapped[str] = column()
    token: Mapped[int] = column()
    """Fencing token: rises each time the lease changes hands."""
    until_at: Mapped[datetime] = column()


class SiteChange(Model):
    """How often commands changed a site beside the server (SQLite only), so that open pages follow them."""

    __tablename__ = "site_change"

    site_id: Mapped[UUID] = column(primary_key=True)
    number: Mapped[int] = column()


class Throttle(Model):
    """How often something was tried in one window."""

    __tablename__ = "throttle"
    __table_args__ = (PrimaryKeyConstraint("key_hash", "window_at"),)

    key_hash: Mapped[bytes] = column(DataClass.SECRET)
    """Keyed hash of what is limited: an account name, an address, a kiosk."""
    window_at: Mapped[datetime] = column(index=True)
    count: Mapped[int] = column()

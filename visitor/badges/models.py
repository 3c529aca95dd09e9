"""Badges, their printed copies, printers and print jobs."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column


class BadgeSize(StrEnum):
    """The two layouts."""

    LABEL = "label"
    """62 x 100 mm."""
    CARD = "card"
    """CR80, 53.98 x 85.6 mm."""


class PrintState(StrEnum):
    """Where a print job stands; `printed` only once the printer says so."""

    QUEUED = "queued"
    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"


class Badge(Model):
    """A badge of a visit. The token is made anew from these columns whenever it is needed."""

    __tablename__ = "badge"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        UniqueConstraint("site_id", "status_index"),
        Index("ix_badge_visit", "visit_id"),
    )

    id: Mapped[int] = column(primary_key=True, autoincrement=False)
    """Random, 63 bits; the `badge` of the token."""
    site_id: Mapped[UUID] = column()
    visit_id: Mapped[UUID] = column()
    number: Mapped[str] = column(DataClass.EVENT)
    """Printed for people: six characters without look-alikes, unique at the site."""
    key_id: Mapped[int] = column()
    """Which signing key."""
    copy: Mapped[int] = column()
    """The one copy that is valid; printing the next one kills this."""
    status_index: Mapped[int] = column()
    """The valid copy's place in the status list; each copy has a place of its own."""
    not_before_at: Mapped[datetime] = column(DataClass.EVENT)
    expires_at: Mapped[datetime] = column(DataClass.EVENT)
    """Moved forward when the visitor leaves."""
    zones: Mapped[int] = column()
    """Bit n: the zone at position n may be entered."""
    flags: Mapped[int] = column()
    size: Mapped[BadgeSize] = choice(BadgeSize, default=BadgeSize.LABEL)
    issued_at: Mapped[datetime] = column(DataClass.EVENT)
    revoked_at: Mapped[datetime | None] = column(DataClass.EVENT)
    revoked_reason: Mapped[str | None] = column()
    """A code, not free text."""


class BadgeCopy(Model):
    """One copy of a badge was made.

    A reader without a network knows copies by their place in the status list alone, so each copy gets a new one and the
    places of dead copies are marked as revoked.
    """

    __tablename__ = "badge_copy"
    __table_args__ = (
        PrimaryKeyConstraint("badge_id", "copy"),
        UniqueConstraint("site_id", "status_index"),
        Index("ix_badge_copy_site_expires", "site_id", "expires_at"),
    )

    badge_id: Mapped[int] = column(DataClass.NONE, ForeignKey("badge.id", ondelete="CASCADE"))
    copy: Mapped[int] = column()
    site_id: Mapped[UUID] = column()
    status_index: Mapped[int] = column()
    expires_at: Mapped[datetime] = column(DataClass.EVENT)
    """What the printed token says; the badge itself may end earlier."""
    reason: Mapped[str] = column()
    """A code: first, lost, damaged, jam, corrected."""
    made_at: Mapped[datetime] = column(DataClass.EVENT)
    made_by: Mapped[UUID | None] = column()


class Printer(Model):
    """A badge printer that speaks IPP."""

    __tablename__ = "printer"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    name: Mapped[str] = column()
    uri: Mapped[str] = column()
    """`ipp://` or `ipps://`."""
    size: Mapped[BadgeSize] = choice(BadgeSize)
    fault: Mapped[str | None] = column()
    """Code of what is wrong, from the printer's own words; null when all is well."""
    checked_at: Mapped[datetime | None] = column()
    retired_at: Mapped[datetime | None] = column()


class PrintJob(Model):
    """A badge copy on its way to a printer."""

    __tablename__ = "print_job"
    __table_args__ = (Index("ix_print_job_badge", "badge_id", "copy"), Index("ix_print_job_state", "state"))

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column()
    badge_id: Mapped[int] = column(DataClass.NONE, ForeignKey("badge.id", ondelete="CASCADE"))
    copy: Mapped[int] = column()
    printer_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("printer.id"))
    state: Mapped[PrintState] = choice(PrintState)
    ipp_job_id: Mapped[int | None] = column()
    """The printer's number for it, kept before its state is asked, so a restart does not print twice."""
    fault: Mapped[str | None] = column()
    queued_at: Mapped[datetime] = column(DataClass.EVENT)
    done_at: Mapped[datetime | None] = column(DataClass.EVENT)

"""Access events and who is where."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from visitor.access.reasons import Reason
from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column


class AccessEvent(Model):
    """One scan at one access point, granted or not. Rows are never updated.

    On PostgreSQL they lie in partitions of one month each, by `scanned_at`; see decision 5. There an id is looked up
    together with that time where it is known, so that one month is searched and not all.
    """

    __tablename__ = "access_event"
    __table_args__ = (
        Index("ix_access_event_site_at", "site_id", "scanned_at", "id"),
        Index("ix_access_event_point_at", "access_point_id", "scanned_at", "id"),
        Index("ix_access_event_zone_at", "to_zone_id", "scanned_at", "id"),
        Index("ix_access_event_visit_at", "visit_id", "scanned_at", "id"),
        Index("ix_access_event_badge_at", "badge_id", "scanned_at", "id"),
        Index("ix_access_event_reason_at", "site_id", "reason", "scanned_at", "id"),
    )

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column()
    access_point_id: Mapped[UUID] = column()
    scan_id: Mapped[UUID] = column()
    """Chosen by the reader; a resent scan carries the same value, and `KnownScan` lets it happen once."""
    device_id: Mapped[UUID] = column()
    from_zone_id: Mapped[UUID | None] = column()
    to_zone_id: Mapped[UUID | None] = column()
    badge_id: Mapped[int | None] = column(DataClass.EVENT)
    badge_copy: Mapped[int | None] = column()
    visit_id: Mapped[UUID | None] = column(DataClass.EVENT)
    granted: Mapped[bool] = column()
    reason: Mapped[Reason] = choice(Reason)
    offline: Mapped[bool] = column(default=False)
    """The reader decided by itself; `offline_granted` is its answer, `granted` is what the server would have said."""
    offline_granted: Mapped[bool | None] = column()
    scanned_at: Mapped[datetime] = column(DataClass.EVENT)
    """By the reader's clock."""
    received_at: Mapped[datetime] = column(DataClass.EVENT)
    """Later than `scanned_at` after an outage."""
    camera_ids: Mapped[list[str]] = column()
    """Cameras that covered the point then."""
    clip_from_at: Mapped[datetime | None] = column(DataClass.EVENT)
    clip_until_at: Mapped[datetime | None] = column(DataClass.EVENT)


class KnownScan(Model):
    """That a scan was stored, and as which event; whoever stores an event inserts this row first.

    One table for all months: a partition could not promise that an id is unique among all of them.
    """

    __tablename__ = "known_scan"
    __table_args__ = (PrimaryKeyConstraint("access_point_id", "scan_id"), {"sqlite_with_rowid": False})

    access_point_id: Mapped[UUID] = column()
    scan_id: Mapped[UUID] = column()
    event_id: Mapped[UUID] = column()
    scanned_at: Mapped[datetime] = column(DataClass.EVENT)
    """Of the event: tells its month."""


class Presence(Model):
    """The zone in which a visit was last seen."""

    __tablename__ = "presence"

    visit_id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    zone_id: Mapped[UUID | None] = column(DataClass.EVENT, index=True)
    """Null: outside."""
    since_at: Mapped[datetime] = column(DataClass.EVENT)

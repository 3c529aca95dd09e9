"""Stills: the picture beside an access event."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column


class StillState(StrEnum):
    """Whether there is a picture."""

    WANTED = "wanted"
    KEPT = "kept"
    MISSED = "missed"
    ERASED = "erased"


class Still(Model):
    """The picture of one camera for one access event; the bytes are a sealed record of the locked room."""

    __tablename__ = "still"
    __table_args__ = (PrimaryKeyConstraint("event_id", "camera_id"),)

    event_id: Mapped[UUID] = column()
    camera_id: Mapped[UUID] = column()
    state: Mapped[StillState] = choice(StillState)
    record_id: Mapped[UUID | None] = column()
    fault: Mapped[str | None] = column()
    taken_at: Mapped[datetime | None] = column(DataClass.EVENT)

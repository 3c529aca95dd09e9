"""Visits: what sorts there are, whom they are to, who is invited, who came and went."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column
from visitor.sites.policy import IdAsk


class FieldUse(StrEnum):
    """Whether a question is asked."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class PhotoUse(StrEnum):
    """Whether a photo is taken; there is always a way without."""

    OFF = "off"
    OPTIONAL = "optional"


class VisitState(StrEnum):
    """Where a visit stands."""

    EXPECTED = "expected"
    ON_SITE = "on_site"
    GONE = "gone"
    CANCELLED = "cancelled"


class VisitSource(StrEnum):
    """Who entered the visit."""

    KIOSK = "kiosk"
    DESK = "desk"
    INVITATION = "invitation"
    IMPORT = "import"


class VisitType(Model):
    """A sort of visit with its own questions, zones and length."""

    __tablename__ = "visit_type"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    names: Mapped[dict[str, Any]] = column()
    """Language to name."""
    descriptions: Mapped[dict[str, Any]] = column(default=dict)
    colour: Mapped[str] = column()
    """`#rrggbb`, on badges and lists."""
    position: Mapped[int] = column(default=0)
    ask_company: Mapped[FieldUse] = choice(FieldUse, default=FieldUse.OPTIONAL)
    ask_email: Mapped[FieldUse] = choice(FieldUse, default=FieldUse.OPTIONAL)
    ask_host: Mapped[FieldUse] = choice(FieldUse, default=FieldUse.REQUIRED)
    ask_id: Mapped[IdAsk] = choice(IdAsk, default=IdAsk.NONE)
    photo: Mapped[PhotoUse] = choice(PhotoUse, default=PhotoUse.OPTIONAL)
    needs_escort: Mapped[bool] = column(default=False)
    duration_minutes: Mapped[int] = column(default=480)
    """Expected length; the badge expires then and the visit is overdue."""
    retired_at: Mapped[datetime | None] = column()


class VisitTypeZone(Model):
    """A visit type opens a zone."""

    __tablename__ = "visit_type_zone"
    __table_args__ = (PrimaryKeyConstraint("visit_type_id", "zone_id"),)

    visit_type_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("visit_type.id"))
    zone_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("zone.id"))


class Host(Model):
    """A member of staff who receives visitors."""

    __tablename__ = "host"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    name: Mapped[str] = column(DataClass.STAFF)
    search_words: Mapped[str] = column(DataClass.STAFF)
    """The name's normalised words, each after a space, for the search from the beginning of a word."""
    email: Mapped[str | None] = column(DataClass.STAFF)
    listed: Mapped[bool] = column(default=True)
    """False: never shown at kiosks; the desk still finds the host."""
    left_at: Mapped[datetime | None] = column()


class Visit(Model):
    """One visit of one person, without any word about who it is."""

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("client_device_id", "client_id"),
        Index("ix_visit_site_state", "site_id", "state", "arrived_at"),
        Index("ix_visit_site_left", "site_id", "left_at"),
        Index("ix_visit_person", "person_id"),
    )

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column()
    person_id: Mapped[UUID | None] = column()
    """Null once the person was erased."""
    visit_type_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("visit_type.id"))
    host_id: Mapped[UUID | None] = column(DataClass.NONE, ForeignKey("host.id"))
    state: Mapped[VisitState] = choice(VisitState)
    source: Mapped[VisitSource] = choice(VisitSource)
    language: Mapped[str] = column()
    """The visitor's, for notices and messages."""
    client_device_id: Mapped[UUID | None] = column()
    client_id: Mapped[UUID] = column()
    """Chosen by the device; a repeated sign-in carries the same one and happens once."""
    request_hash: Mapped[bytes | None] = column(DataClass.SECRET)
    """Keyed hash of the sign-in as sent: the same client id with other content is a conflict, not a repetition."""
    expected_at: Mapped[datetime | None] = column(DataClass.EVENT)
    arrived_at: Mapped[datetime | None] = column(DataClass.EVENT)
    """When it happened, by the device's clock; `received_at` when the server heard of it."""
    received_at: Mapped[datetime | None] = column(DataClass.EVENT)
    due_out_at: Mapped[datetime | None] = column(DataClass.EVENT)
    left_at: Mapped[datetime | None] = column(DataClass.EVENT)
    auto_closed: Mapped[bool] = column(default=False)
    """Closed by the night job: nobody saw the visitor leave."""
    id_check_needed: Mapped[bool] = column(default=False)
    id_seen_at: Mapped[datetime | None] = column(DataClass.EVENT)
    id_seen_by: Mapped[UUID | None] = column()
    photo_declined: Mapped[bool] = column(default=False)
    host_told_at: Mapped[datetime | None] = column(DataClass.EVENT)
    """When the mail server took the message to the host."""
    watch_list_stop: Mapped[bool] = column(default=False)


class Invitation(Model):
    """A visitor who is expected was sent a code. It opens one visit, within its time, until it is taken back."""

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("code_hash"),)

    visit_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("visit.id", ondelete="CASCADE"), primary_key=True)
    site_id: Mapped[UUID] = column()
    code_hash: Mapped[bytes | None] = column(DataClass.SECRET)
    """Null until the letter is written; each letter has a new code, and the one before no longer works."""
    expires_at: Mapped[datetime] = column()
    """The first instant at which it no longer holds."""
    made_at: Mapped[datetime] = column()
    sent_at: Mapped[datetime | None] = column()
    """When the mail server took the newest letter."""
    revoked_at: Mapped[datetime | None] = column()


class HelpRequest(Model):
    """Somebody at a kiosk pressed Help, or what a kiosk kept during an outage could not be recorded."""

    __tablename__ = "help_request"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    kiosk_id: Mapped[UUID] = column()
    step: Mapped[str] = column()
    language: Mapped[str] = column()
    asked_at: Mapped[datetime] = column()
    answered_at: Mapped[datetime | None] = column()
    client_id: Mapped[UUID | None] = column()
    """Chosen by the kiosk; what it tells twice stands here once."""
    happened_at: Mapped[datetime | None] = column(DataClass.EVENT)
    """When somebody signed in or out who could not be recorded; null for somebody who pressed Help."""
    record_id: Mapped[UUID | None] = column()
    """The sealed record that says who it was."""

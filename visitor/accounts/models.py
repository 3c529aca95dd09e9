"""Staff, their roles and sessions, and the tokens of devices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column
from visitor.core.permissions import Role


class Account(Model):
    """A member of staff who signs in."""

    __tablename__ = "account"

    id: Mapped[UUID] = column(primary_key=True)
    sign_in_name: Mapped[str] = column(DataClass.STAFF, unique=True)
    """Normalised: NFKC, case folded."""
    display_name: Mapped[str] = column(DataClass.STAFF)
    password_hash: Mapped[str] = column(DataClass.SECRET)
    """argon2id."""
    must_change_password: Mapped[bool] = column(default=False)
    language: Mapped[str] = column(default="en")
    disabled_at: Mapped[datetime | None] = column()
    created_at: Mapped[datetime] = column()


class Grant(Model):
    """A role of an account at a site."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("account_id", "role", "site_id"),)

    id: Mapped[UUID] = column(primary_key=True)
    account_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("account.id"), index=True)
    role: Mapped[Role] = choice(Role)
    site_id: Mapped[UUID | None] = column()
    """Null: at every site."""
    granted_at: Mapped[datetime] = column()
    granted_by: Mapped[UUID | None] = column()


class StaffSession(Model):
    """A signed-in browser. The cookie holds a random token; only its hash is here."""

    __tablename__ = "staff_session"

    token_hash: Mapped[bytes] = column(DataClass.SECRET, primary_key=True)
    account_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("account.id"), index=True)
    began_at: Mapped[datetime] = column()
    seen_at: Mapped[datetime] = column()
    confirmed_at: Mapped[datetime] = column()
    """When the password was last given; exports and holds ask for it again."""
    ended_at: Mapped[datetime | None] = column()


class DeviceToken(Model):
    """A door reader or other machine that calls the JSON API."""

    __tablename__ = "device_token"
    __table_args__ = (Index("ix_device_token_site", "site_id"),)

    id: Mapped[UUID] = column(primary_key=True)
    token_hash: Mapped[bytes] = column(DataClass.SECRET, unique=True)
    name: Mapped[str] = column()
    site_id: Mapped[UUID] = column()
    access_point_id: Mapped[UUID | None] = column()
    """The only access point it may report for; null: any of the site."""
    created_at: Mapped[datetime] = column()
    revoked_at: Mapped[datetime | None] = column()

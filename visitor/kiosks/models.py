"""Reception devices and their pairing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, column


class Kiosk(Model):
    """A paired reception device."""

    __tablename__ = "kiosk"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(index=True)
    name: Mapped[str] = column()
    public_key: Mapped[bytes] = column(DataClass.SECRET)
    """SubjectPublicKeyInfo of its ECDSA P-256 key; the private half never leaves the device."""
    printer_id: Mapped[UUID | None] = column()
    """Where its badges come out; null: the site's first printer."""
    paired_at: Mapped[datetime] = column()
    seen_at: Mapped[datetime | None] = column()
    revoked_at: Mapped[datetime | None] = column()


class PairingCode(Model):
    """A one-time code that lets one device become a kiosk."""

    __tablename__ = "pairing_code"

    code_hash: Mapped[bytes] = column(DataClass.SECRET, primary_key=True)
    site_id: Mapped[UUID] = column()
    name: Mapped[str] = column()
    printer_id: Mapped[UUID | None] = column()
    expires_at: Mapped[datetime] = column()
    used_at: Mapped[datetime | None] = column()

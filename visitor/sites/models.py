"""Places: legal entities, sites, zones, access points and where cameras stand."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from visitor.core.classes import DataClass
from visitor.core.db import Model, choice, column


class SiteMode(StrEnum):
    """What holds for the whole site just now."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    EVACUATION = "evacuation"


class Antipassback(StrEnum):
    """What happens when somebody enters a zone twice without leaving it."""

    OFF = "off"
    SOFT = "soft"
    """Granted and marked."""
    HARD = "hard"
    """Refused."""


class PointKind(StrEnum):
    """Which way an access point is passed."""

    ENTRY = "entry"
    EXIT = "exit"
    MUSTER = "muster"
    """A place to be counted in an evacuation."""


class CameraKind(StrEnum):
    """How a picture is taken from a camera."""

    RTSP = "rtsp"
    HTTP_SNAPSHOT = "http_snapshot"
    MJPEG = "mjpeg"


class LegalEntity(Model):
    """The controller in the sense of privacy law: who answers for the data of its sites."""

    __tablename__ = "legal_entity"

    id: Mapped[UUID] = column(primary_key=True)
    name: Mapped[str] = column()
    country: Mapped[str] = column()
    """ISO 3166-1 alpha-2."""
    address: Mapped[str] = column()
    representative: Mapped[str | None] = column()
    """Representative where the controller sits elsewhere (GDPR, Article 27)."""
    privacy_contact: Mapped[str] = column(DataClass.STAFF)
    """E-mail address of the privacy officer, printed in notices."""


class Site(Model):
    """One place with a reception."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 65535", name="number_fits_token"),)

    id: Mapped[UUID] = column(primary_key=True)
    number: Mapped[int] = column(unique=True)
    """The site in badge tokens."""
    legal_entity_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("legal_entity.id"))
    name: Mapped[str] = column()
    address: Mapped[str] = column(default="")
    preset: Mapped[str] = column()
    """Code of the country preset: NL, DE, UK, US, SG."""
    tightened: Mapped[dict[str, Any]] = column(default=dict)
    """What the site narrows of its preset; it can never loosen it."""
    time_zone: Mapped[str] = column()
    languages: Mapped[list[str]] = column()
    """Offered at the kiosk, the site's own first."""
    reception_hint: Mapped[str] = column(default="")
    """Where the reception is, in the site's own words; shown at the kiosk."""
    guidance: Mapped[dict[str, Any]] = column(default=dict)
    """By language: `reception` in place of the hint above, and `way`, the steps from the kiosk to where one waits."""
    accent: Mapped[str | None] = column()
    """The colour that somebody chose, as #rrggbb; `look.accents` makes of it what can be read."""
    logo_hash: Mapped[str | None] = column()
    """Of the picture in `site_logo`, 16 hexadecimal digits; null where the site has none."""
    mode: Mapped[SiteMode] = choice(SiteMode, default=SiteMode.NORMAL)
    mode_since_at: Mapped[datetime | None] = column()
    created_at: Mapped[datetime] = column()


class SiteLogo(Model):
    """A site's logo, beside the site because most pages read the site and few the picture."""

    __tablename__ = "site_logo"

    site_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("site.id"), primary_key=True)
    png: Mapped[bytes] = column()


class Zone(Model):
    """An area with its own rules."""

    __tablename__ = "zone"
    __table_args__ = (
        UniqueConstraint("site_id", "position"),
        CheckConstraint("position BETWEEN 0 AND 31", name="position_fits_token"),
    )

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("site.id"))
    position: Mapped[int] = column()
    """The zone's bit in badge tokens."""
    name: Mapped[str] = column()
    occupancy_limit: Mapped[int | None] = column()
    opens_minute: Mapped[int | None] = column()
    """Minutes after local midnight; null when it never closes."""
    closes_minute: Mapped[int | None] = column()
    requires_escort: Mapped[bool] = column(default=False)
    antipassback: Mapped[Antipassback] = choice(Antipassback, default=Antipassback.OFF)


class AccessPoint(Model):
    """A door, gate or muster point with a reader."""

    __tablename__ = "access_point"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("site.id"), index=True)
    name: Mapped[str] = column()
    kind: Mapped[PointKind] = choice(PointKind)
    from_zone_id: Mapped[UUID | None] = column(DataClass.NONE, ForeignKey("zone.id"))
    """Null: from outside."""
    to_zone_id: Mapped[UUID | None] = column(DataClass.NONE, ForeignKey("zone.id"))
    """Null: to the outside."""


class Camera(Model):
    """A camera and how its pictures are reached."""

    __tablename__ = "camera"

    id: Mapped[UUID] = column(primary_key=True)
    site_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("site.id"), index=True)
    name: Mapped[str] = column()
    kind: Mapped[CameraKind] = choice(CameraKind)
    address: Mapped[str] = column()
    """Stream or snapshot address, without user name and password."""
    credentials: Mapped[str | None] = column()
    """Name of an entry of `[cctv.credentials]` in the settings."""
    clip_address: Mapped[str | None] = column()
    """Address of a clip at the recorder with the places {from_unix} and {until_unix}."""
    before_seconds: Mapped[int] = column(default=10)
    """The clip begins so long before the scan."""
    after_seconds: Mapped[int] = column(default=20)
    takes_stills: Mapped[bool] = column(default=True)


class PointCamera(Model):
    """A camera covers an access point."""

    __tablename__ = "point_camera"
    __table_args__ = (PrimaryKeyConstraint("access_point_id", "camera_id"),)

    access_point_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("access_point.id"))
    camera_id: Mapped[UUID] = column(DataClass.NONE, ForeignKey("camera.id"))

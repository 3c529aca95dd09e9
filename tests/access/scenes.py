"""A door, a badge and whoever reports them; each test names only what matters to it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from tests import factories
from visitor.access.forms import ScanForm
from visitor.access.models import AccessEvent, Presence
from visitor.access.operations import RecordedScan, record_scan
from visitor.accounts.models import DeviceToken
from visitor.accounts.queries import device_actor
from visitor.badges import queries as badges
from visitor.badges.models import Badge, BadgeCopy, BadgeSize
from visitor.badges.token import BadgeFlags
from visitor.core.ids import token_hash
from visitor.core.work import Work
from visitor.sites.models import AccessPoint, Site, Zone
from visitor.visits.models import Visit

TOKEN = "a reader's token"


@dataclass(frozen=True, slots=True)
class Door:
    """A site with a door into its lobby, a reader there, and a visitor with a badge."""

    site: Site
    zone: Zone
    point: AccessPoint
    device: DeviceToken
    visit: Visit
    badge: Badge
    token: str


def door(
    work: Work, *, of_zone: dict[str, Any] | None = None, of_visit: dict[str, Any] | None = None, **of_badge: Any
) -> Door:
    site = factories.site(work)
    zone = factories.zone(work, site, **(of_zone or {}))
    point = factories.access_point(work, site, to_zone_id=zone.id)
    visit = factories.visit(work, site, **({"arrived_at": work.now - timedelta(minutes=5)} | (of_visit or {})))
    badge = add_badge(work, site, visit, **of_badge)
    return Door(site, zone, point, add_device(work, site), visit, badge, badges.token_of(work, badge, site.number))


def add_device(work: Work, site: Site, token: str | None = None, **values: Any) -> DeviceToken:
    row = {
        "id": work.new_id(),
        "token_hash": token_hash(token or secrets.token_hex(8)),
        "name": "Reader",
        "site_id": site.id,
        "created_at": work.now,
    }
    made = DeviceToken(**(row | values))
    work.session.add(made)
    work.session.flush()
    return made


def add_badge(work: Work, site: Site, visit: Visit, **values: Any) -> Badge:
    row = {
        "id": secrets.randbits(63),
        "site_id": site.id,
        "visit_id": visit.id,
        "number": secrets.token_hex(3).upper(),
        "key_id": 1,
        "copy": 1,
        "status_index": secrets.randbelow(2**24),
        "not_before_at": work.now - timedelta(hours=1),
        "expires_at": work.now + timedelta(hours=8),
        "zones": 1,
        "flags": int(BadgeFlags.PASSBACK),
        "size": BadgeSize.LABEL,
        "issued_at": work.now,
    }
    made = Badge(**(row | values))
    work.session.add(made)
    work.session.flush()
    return made


def add_copy(work: Work, badge: Badge, made_at: datetime) -> None:
    """Print the badge once more."""
    badge.copy += 1
    work.session.add(
        BadgeCopy(
            badge_id=badge.id,
            copy=badge.copy,
            site_id=badge.site_id,
            status_index=secrets.randbelow(2**24),
            expires_at=badge.expires_at,
            reason="lost",
            made_at=made_at,
        )
    )
    work.session.flush()


def form(at: Door, when: datetime, **values: Any) -> ScanForm:
    fields = {"scan_id": uuid4(), "access_point_id": at.point.id, "credential": at.token, "scanned_at": when}
    return ScanForm.model_validate(fields | values)


def scan(work: Work, at: Door, **values: Any) -> RecordedScan:
    """Report a scan as the door's reader."""
    reader = Work(work.session, work.now, device_actor(at.device), work.runtime)
    return record_scan(reader, at.device, form(at, values.pop("scanned_at", work.now), **values))


def stored(work: Work, event_id: UUID) -> AccessEvent:
    return work.session.scalars(sa.select(AccessEvent).where(AccessEvent.id == event_id)).one()


def whereabouts(work: Work, visit: Visit) -> Presence | None:
    query = sa.select(Presence).where(Presence.visit_id == visit.id).execution_options(populate_existing=True)
    return work.session.scalars(query).one_or_none()

"""What is known when a badge is scanned, read in one statement, as plain values for the policy.

Nothing here is cached but the check of a signature, which is a pure function of the text: a door that was changed, a
badge that was revoked and a lockdown that was declared hold from the next scan on, in every process.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import orm

from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.access.policy import (
    CLOCK_TOLERANCE,
    CredentialFacts,
    PointFacts,
    PresenceFacts,
    TokenOutcome,
    VisitFacts,
    ZoneFacts,
)
from visitor.badges.models import Badge, BadgeCopy
from visitor.badges.token import BadgeClaims, BadgeFlags, BadgeKind, BadgeVerifier, TokenFault, TokenRefused
from visitor.core.db import Id
from visitor.sites.hours import OpenHours
from visitor.sites.models import AccessPoint, Camera, PointCamera, Site, SiteMode, Zone
from visitor.sites.preset import SiteOverride
from visitor.sites.presets import preset_of, tighten
from visitor.visits.models import Visit, VisitState

LONGEST_CREDENTIAL: Final = 300
"""Twice a token; nothing longer is looked at."""
LARGEST_BADGE: Final = 2**63 - 1
ELSEWHERE: Final = -1
"""The index of a zone that is neither side of the access point."""
_OUTCOMES: Final = {
    TokenFault.DAMAGED: TokenOutcome.DAMAGED,
    TokenFault.BAD_SIGNATURE: TokenOutcome.BAD_SIGNATURE,
    TokenFault.UNKNOWN_KEY: TokenOutcome.BAD_SIGNATURE,
}


@dataclass(frozen=True, slots=True)
class CoveringCamera:
    """A camera that sees the access point."""

    id: UUID
    before_seconds: int
    after_seconds: int
    takes_stills: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """An access point at the moment of a scan: its site and zones, the badge with its visit, and the cameras."""

    row: Any
    """The columns of `_SITUATION`, by label."""
    copy: int | None
    """Of the badge that was scanned."""
    cameras: tuple[CoveringCamera, ...]


def read_credential(verifier: BadgeVerifier, text: str) -> BadgeClaims | TokenOutcome:
    """Return what a scanned text claims, its signature checked, or why it is no badge. No text is an error."""
    if len(text) > LONGEST_CREDENTIAL:
        return TokenOutcome.UNKNOWN
    return _checked(verifier, text)


@lru_cache(maxsize=4096)
def _checked(verifier: BadgeVerifier, text: str) -> BadgeClaims | TokenOutcome:
    try:
        claims = verifier.verify(text)
    except TokenRefused as refused:
        return _OUTCOMES.get(refused.reason, TokenOutcome.UNKNOWN)
    if claims.kind is BadgeKind.TEST or claims.badge > LARGEST_BADGE:
        return TokenOutcome.UNKNOWN
    return claims


def situation(connection: sa.Connection, point_id: UUID, scan_id: UUID, claims: BadgeClaims | None) -> Situation | None:
    """Read everything that one scan needs, and the event that it made if it was sent before; None: no such point."""
    given = {
        "point_id": point_id,
        "scan_id": scan_id,
        "badge_id": None if claims is None else claims.badge,
        "next_copy": None if claims is None else claims.copy + 1,
    }
    rows = connection.execute(_SITUATION, given).all()
    if not rows:
        return None
    cameras = tuple(
        CoveringCamera(row.camera_id, row.before_seconds, row.after_seconds, row.takes_stills)
        for row in rows
        if row.camera_id is not None
    )
    return Situation(rows[0], None if claims is None else claims.copy, cameras)


def occupancy(connection: sa.Connection, zone_id: UUID) -> int:
    """Return how many visits are in a zone just now."""
    inside = sa.select(sa.func.count()).select_from(Presence).where(Presence.zone_id == zone_id)
    return connection.execute(inside).scalar_one()


def mode_at(found: Situation, at: datetime) -> SiteMode:
    """Return the mode that held; of the past only the last change is known."""
    row = found.row
    if row.mode_since_at is not None and row.mode_since_at > at:
        return SiteMode.NORMAL
    return SiteMode(row.mode)


def credential_facts(found: Situation, claims: BadgeClaims | TokenOutcome, at: datetime) -> CredentialFacts:
    """Return what the database says of the badge, as it was at `at`; the token only says which badge and copy."""
    row = found.row
    if isinstance(claims, TokenOutcome):
        return CredentialFacts.unreadable(claims, at)
    if row.badge_id is None:
        return CredentialFacts.unreadable(TokenOutcome.UNKNOWN, at)
    # A copy that was made after the scan does not kill the older one in hindsight.
    replaced_later = row.next_copy_at is not None and row.next_copy_at > at
    flags = BadgeFlags(row.flags)
    return CredentialFacts(
        outcome=TokenOutcome.GOOD,
        badge_id=row.badge_id,
        copy=claims.copy,
        current_copy=claims.copy if replaced_later else row.copy,
        revoked=row.revoked_at is not None and row.revoked_at <= at,
        not_before_at=row.not_before_at,
        expires_at=row.expires_at,
        zones=row.zones,
        escort=BadgeFlags.ESCORT in flags,
        passback=BadgeFlags.PASSBACK in flags,
        site_matches=claims.site == row.number and row.badge_site_id == row.site_id,
    )


def visit_facts(found: Situation, at: datetime, *, escorted: bool, in_hindsight: bool) -> VisitFacts | None:
    """Return what is known of the visit; of a scan that comes late, how the visit stood then."""
    row = found.row
    if row.visit_id is None:
        return None
    state = _state_then(row, at) if in_hindsight else VisitState(row.visit_state)
    return VisitFacts(state, row.watch_list_stop, escorted)


def _state_then(row: Any, at: datetime) -> VisitState:  # noqa: ANN401  a row of the statement below
    if row.arrived_at is None or at < row.arrived_at - CLOCK_TOLERANCE:
        return VisitState.EXPECTED
    gone = row.left_at is not None and row.left_at <= at
    return VisitState.GONE if gone else VisitState.ON_SITE


def point_facts(found: Situation) -> PointFacts:
    """Return which way the access point leads."""
    row = found.row
    return PointFacts(row.from_position, row.to_position, row.kind)


def zone_facts(found: Situation, inside: int) -> dict[int, ZoneFacts]:
    """Return the rules of both sides of the access point; `inside` people are in the zone to be entered."""
    row = found.row
    zones: dict[int, ZoneFacts] = {}
    if row.from_position is not None:
        zones[row.from_position] = ZoneFacts(
            row.from_position, 0, None, None, requires_escort=False, antipassback=row.from_antipassback
        )
    if row.to_position is not None:
        zones[row.to_position] = ZoneFacts(
            index=row.to_position,
            occupancy=inside,
            limit=row.occupancy_limit,
            hours=_hours(row.time_zone, row.opens_minute, row.closes_minute),
            requires_escort=row.requires_escort,
            antipassback=row.to_antipassback,
        )
    return zones


def presence_facts(found: Situation, at: datetime) -> PresenceFacts:
    """Return where the badge was last seen; what was seen after `at` says nothing about it."""
    row = found.row
    if row.present_since_at is None or row.present_since_at > at:
        return PresenceFacts(known=False, current_zone=None)
    sides = {None: None, row.to_zone_id: row.to_position}
    if row.from_zone_id is not None:
        sides.setdefault(row.from_zone_id, row.from_position)
    return PresenceFacts(known=True, current_zone=sides.get(row.present_zone_id, ELSEWHERE))


def log_life(found: Situation) -> timedelta:
    """Return how long the site keeps its access log."""
    tightened = found.row.tightened
    return _log_life(found.row.preset, json.dumps(tightened, sort_keys=True) if tightened else "{}")


@lru_cache(maxsize=256)
def _log_life(code: str, tightened: str) -> timedelta:
    preset = tighten(preset_of(code), SiteOverride.model_validate_json(tightened))
    return timedelta(days=preset.visitor_log_days.default)


@lru_cache(maxsize=1024)
def _hours(time_zone: str, opens: int | None, closes: int | None) -> OpenHours | None:
    return None if opens is None or closes is None else OpenHours(ZoneInfo(time_zone), opens, closes)


def _point_and_site() -> list[sa.ColumnElement[Any]]:
    return [
        AccessPoint.site_id.label("site_id"),
        AccessPoint.kind.label("kind"),
        AccessPoint.from_zone_id.label("from_zone_id"),
        AccessPoint.to_zone_id.label("to_zone_id"),
        Site.number.label("number"),
        Site.mode.label("mode"),
        Site.mode_since_at.label("mode_since_at"),
        Site.time_zone.label("time_zone"),
        Site.preset.label("preset"),
        Site.tightened.label("tightened"),
    ]


def _sides(left: type[Zone], entered: type[Zone]) -> list[sa.ColumnElement[Any]]:
    return [
        left.position.label("from_position"),
        left.antipassback.label("from_antipassback"),
        entered.position.label("to_position"),
        entered.antipassback.label("to_antipassback"),
        entered.occupancy_limit.label("occupancy_limit"),
        entered.opens_minute.label("opens_minute"),
        entered.closes_minute.label("closes_minute"),
        entered.requires_escort.label("requires_escort"),
    ]


def _badge_and_visit(next_copy: type[BadgeCopy]) -> list[sa.ColumnElement[Any]]:
    return [
        Badge.id.label("badge_id"),
        Badge.site_id.label("badge_site_id"),
        Badge.copy.label("copy"),
        Badge.not_before_at.label("not_before_at"),
        Badge.expires_at.label("expires_at"),
        Badge.zones.label("zones"),
        Badge.flags.label("flags"),
        Badge.revoked_at.label("revoked_at"),
        next_copy.made_at.label("next_copy_at"),
        Visit.id.label("visit_id"),
        Visit.state.label("visit_state"),
        Visit.arrived_at.label("arrived_at"),
        Visit.left_at.label("left_at"),
        Visit.watch_list_stop.label("watch_list_stop"),
        Presence.zone_id.label("present_zone_id"),
        Presence.since_at.label("present_since_at"),
    ]


def _stored_and_cameras() -> list[sa.ColumnElement[Any]]:
    return [
        AccessEvent.id.label("stored_id"),
        AccessEvent.badge_id.label("stored_badge_id"),
        AccessEvent.visit_id.label("stored_visit_id"),
        AccessEvent.granted.label("stored_granted"),
        AccessEvent.reason.label("stored_reason"),
        AccessEvent.scanned_at.label("stored_scanned_at"),
        AccessEvent.received_at.label("stored_received_at"),
        Camera.id.label("camera_id"),
        Camera.before_seconds.label("before_seconds"),
        Camera.after_seconds.label("after_seconds"),
        Camera.takes_stills.label("takes_stills"),
    ]


def _situation() -> sa.Select[*tuple[Any, ...]]:
    """Build the one statement of the scan path: every join is by primary or unique key."""
    left, entered, next_copy = orm.aliased(Zone), orm.aliased(Zone), orm.aliased(BadgeCopy)
    point_id, scan_id = sa.bindparam("point_id", type_=Id()), sa.bindparam("scan_id", type_=Id())
    badge_id, copy = sa.bindparam("badge_id", type_=sa.BigInteger()), sa.bindparam("next_copy", type_=sa.BigInteger())
    columns: Sequence[sa.ColumnElement[Any]] = [
        *_point_and_site(),
        *_sides(left, entered),
        *_badge_and_visit(next_copy),
        *_stored_and_cameras(),
    ]
    return (
        sa.select(*columns)
        .select_from(AccessPoint)
        .join(Site, Site.id == AccessPoint.site_id)
        .outerjoin(left, left.id == AccessPoint.from_zone_id)
        .outerjoin(entered, entered.id == AccessPoint.to_zone_id)
        .outerjoin(Badge, Badge.id == badge_id)
        .outerjoin(next_copy, sa.and_(next_copy.badge_id == badge_id, next_copy.copy == copy))
        .outerjoin(Visit, Visit.id == Badge.visit_id)
        .outerjoin(Presence, Presence.visit_id == Visit.id)
        .outerjoin(KnownScan, sa.and_(KnownScan.access_point_id == AccessPoint.id, KnownScan.scan_id == scan_id))
        .outerjoin(
            AccessEvent,
            sa.and_(AccessEvent.id == KnownScan.event_id, AccessEvent.scanned_at == KnownScan.scanned_at),
        )
        .outerjoin(PointCamera, PointCamera.access_point_id == AccessPoint.id)
        .outerjoin(Camera, Camera.id == PointCamera.camera_id)
        .where(AccessPoint.id == point_id)
        .order_by(Camera.id)
    )


_SITUATION: Final = _situation()

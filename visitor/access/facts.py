"""What is known when a badge is scanned, as plain values for the policy.

Nothing here is kept from one scan to the next but what is a pure function of its input: the check of a signature by the
text, and the reading of a place's columns by those columns themselves as this very scan read them. A door that was
changed, a badge or device that was revoked and a lockdown that was declared hold from the next scan on, in every
process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from visitor.access.policy import (
    CLOCK_TOLERANCE,
    CredentialFacts,
    PointFacts,
    PresenceFacts,
    TokenOutcome,
    VisitFacts,
    ZoneFacts,
)
from visitor.access.reasons import Reason
from visitor.accounts.queries import KnownDevice
from visitor.badges.token import BadgeClaims, BadgeFlags, BadgeKind, BadgeVerifier, TokenFault, TokenRefused
from visitor.sites.hours import OpenHours
from visitor.sites.models import Antipassback, PointKind, SiteMode
from visitor.sites.preset import SiteOverride
from visitor.sites.presets import preset_of, tighten
from visitor.visits.models import VisitState

LONGEST_CREDENTIAL: Final = 300
"""Twice a token; nothing longer is looked at."""
LARGEST_BADGE: Final = 2**63 - 1
ELSEWHERE: Final = -1
"""The index of a zone that is neither side of the access point."""
_ESCORT: Final = int(BadgeFlags.ESCORT)
_PASSBACK: Final = int(BadgeFlags.PASSBACK)
_OUTCOMES: Final = {
    TokenFault.DAMAGED: TokenOutcome.DAMAGED,
    TokenFault.BAD_SIGNATURE: TokenOutcome.BAD_SIGNATURE,
    TokenFault.UNKNOWN_KEY: TokenOutcome.BAD_SIGNATURE,
}


class CoveringCamera(NamedTuple):
    """A camera that sees the access point."""

    id: UUID
    before_seconds: int
    after_seconds: int
    takes_stills: bool


class PlaceColumns(NamedTuple):
    """An access point with its site and both sides, as the statement reads them."""

    site_id: UUID
    kind: PointKind
    from_zone_id: UUID | None
    to_zone_id: UUID | None
    number: int
    mode: SiteMode
    mode_since_at: datetime | None
    time_zone: str
    preset: str
    tightened: str
    from_position: int | None
    from_antipassback: Antipassback | None
    to_position: int | None
    to_antipassback: Antipassback | None
    occupancy_limit: int | None
    opens_minute: int | None
    closes_minute: int | None
    requires_escort: bool | None


class BadgeColumns(NamedTuple):
    """A badge with its visit, where it was last seen, and whether the same scan is known."""

    badge_id: int | None
    badge_site_id: UUID | None
    copy: int | None
    not_before_at: datetime
    expires_at: datetime
    zones: int
    flags: int
    revoked_at: datetime | None
    next_copy_at: datetime | None
    visit_id: UUID | None
    visit_state: VisitState
    arrived_at: datetime | None
    left_at: datetime | None
    watch_list_stop: bool
    present_zone_id: UUID | None
    present_since_at: datetime | None
    known_id: UUID | None
    """The event that the same scan made before."""
    known_at: datetime
    """When that was scanned."""


class StoredColumns(NamedTuple):
    """An event as it was stored, as far as the reader is told of it."""

    id: UUID
    badge_id: int | None
    visit_id: UUID | None
    granted: bool
    reason: Reason
    scanned_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Everything about an access point that does not depend on who scans there."""

    columns: PlaceColumns
    cameras: tuple[CoveringCamera, ...]
    camera_ids: list[str]
    before: timedelta
    """The clip begins so long before the scan, by the camera that wants most."""
    after: timedelta
    point: PointFacts
    zones: dict[int, ZoneFacts]
    """Both sides, as if the zone to be entered were empty."""
    log_life: timedelta
    """How long the site keeps its access log."""


@dataclass(frozen=True, slots=True)
class Situation:
    """An access point at the moment of a scan, and the badge with its visit."""

    place: Place
    row: BadgeColumns
    copy: int | None
    """Of the badge that was scanned."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one scan finds."""

    device: KnownDevice | None
    """None: the token is not known, or was revoked."""
    situation: Situation | None
    """None: there is no such access point."""


def read_credential(verifier: BadgeVerifier, text: str) -> BadgeClaims | TokenOutcome:
    """Return what a scanned text claims, its signature checked, or why it is no badge. No text is an error."""
    if len(text) > LONGEST_CREDENTIAL:
        return TokenOutcome.UNKNOWN
    try:
        claims = _claims(verifier, text)
    except TokenRefused as refused:
        return _OUTCOMES.get(refused.reason, TokenOutcome.UNKNOWN)
    if claims.kind is BadgeKind.TEST or claims.badge > LARGEST_BADGE:
        return TokenOutcome.UNKNOWN
    return claims


@lru_cache(maxsize=16_384)
def _claims(verifier: BadgeVerifier, text: str) -> BadgeClaims:
    """Return what a token claims; only those with our signature are kept, as any other text may name somebody."""
    return verifier.verify(text)


def place_of(columns: PlaceColumns, cameras: Sequence[CoveringCamera]) -> Place:
    """Work out what follows from the columns of a place."""
    zones = {}
    if columns.from_position is not None and columns.from_antipassback is not None:
        zones[columns.from_position] = ZoneFacts(
            columns.from_position, 0, None, None, requires_escort=False, antipassback=columns.from_antipassback
        )
    if columns.to_position is not None and columns.to_antipassback is not None:
        zones[columns.to_position] = ZoneFacts(
            index=columns.to_position,
            occupancy=0,
            limit=columns.occupancy_limit,
            hours=_hours(columns.time_zone, columns.opens_minute, columns.closes_minute),
            requires_escort=bool(columns.requires_escort),
            antipassback=columns.to_antipassback,
        )
    return Place(
        columns,
        tuple(cameras),
        [str(camera.id) for camera in cameras],
        timedelta(seconds=max((camera.before_seconds for camera in cameras), default=0)),
        timedelta(seconds=max((camera.after_seconds for camera in cameras), default=0)),
        PointFacts(columns.from_position, columns.to_position, columns.kind),
        zones,
        _log_life(columns.preset, columns.tightened or "{}"),
    )


def mode_at(found: Situation, at: datetime) -> SiteMode:
    """Return the mode that held; of the past only the last change is known."""
    place = found.place.columns
    if place.mode_since_at is not None and place.mode_since_at > at:
        return SiteMode.NORMAL
    return place.mode


def credential_facts(found: Situation, claims: BadgeClaims | TokenOutcome, at: datetime) -> CredentialFacts:
    """Return what the database says of the badge, as it was at `at`; the token only says which badge and copy."""
    row = found.row
    if isinstance(claims, TokenOutcome):
        return CredentialFacts.unreadable(claims, at)
    if row.badge_id is None:
        return CredentialFacts.unreadable(TokenOutcome.UNKNOWN, at)
    # A copy that was made after the scan does not kill the older one in hindsight.
    replaced_later = row.next_copy_at is not None and row.next_copy_at > at
    return CredentialFacts(
        outcome=TokenOutcome.GOOD,
        badge_id=row.badge_id,
        copy=claims.copy,
        current_copy=claims.copy if replaced_later or row.copy is None else row.copy,
        revoked=row.revoked_at is not None and row.revoked_at <= at,
        not_before_at=row.not_before_at,
        expires_at=row.expires_at,
        zones=row.zones,
        escort=bool(row.flags & _ESCORT),
        passback=bool(row.flags & _PASSBACK),
        site_matches=claims.site == found.place.columns.number and row.badge_site_id == found.place.columns.site_id,
    )


def visit_facts(found: Situation, at: datetime, *, escorted: bool, in_hindsight: bool) -> VisitFacts | None:
    """Return what is known of the visit; of a scan that comes late, how the visit stood then."""
    row = found.row
    if row.visit_id is None:
        return None
    state = _state_then(row, at) if in_hindsight else row.visit_state
    return VisitFacts(state, row.watch_list_stop, escorted)


def _state_then(row: BadgeColumns, at: datetime) -> VisitState:
    if row.arrived_at is None or at < row.arrived_at - CLOCK_TOLERANCE:
        return VisitState.EXPECTED
    gone = row.left_at is not None and row.left_at <= at
    return VisitState.GONE if gone else VisitState.ON_SITE


def zone_facts(found: Situation, inside: int) -> dict[int, ZoneFacts]:
    """Return the rules of both sides of the access point; `inside` people are in the zone to be entered."""
    entered = found.place.columns.to_position
    if entered is None or not inside:
        return found.place.zones
    return found.place.zones | {entered: replace(found.place.zones[entered], occupancy=inside)}


def presence_facts(found: Situation, at: datetime) -> PresenceFacts:
    """Return where the badge was last seen; what was seen after `at` says nothing about it."""
    row = found.row
    if row.present_since_at is None or row.present_since_at > at:
        return PresenceFacts(known=False, current_zone=None)
    place = found.place.columns
    sides = {None: None, place.to_zone_id: place.to_position}
    if place.from_zone_id is not None:
        sides.setdefault(place.from_zone_id, place.from_position)
    return PresenceFacts(known=True, current_zone=sides.get(row.present_zone_id, ELSEWHERE))


@lru_cache(maxsize=256)
def _log_life(code: str, tightened: str) -> timedelta:
    preset = tighten(preset_of(code), SiteOverride.model_validate_json(tightened))
    return timedelta(days=preset.visitor_log_days.default)


@lru_cache(maxsize=1024)
def _hours(time_zone: str, opens: int | None, closes: int | None) -> OpenHours | None:
    return None if opens is None or closes is None else OpenHours(ZoneInfo(time_zone), opens, closes)

"""The access decision: what a reader answers to a badge. Pure; every input has an answer.

**Order of checks.** The first that fails is the reason:

1. evacuation: out, through inner doors and at muster points always granted, in from outside refused
2. unknown credential: token unknown, damaged or badly signed
3. no rights to zone: the badge belongs to another site
4. revoked: withdrawn, or an older copy than the current one
5. watch-list stop
6. lockdown
7. not yet active, then 8. expired: each with two minutes of tolerance for clocks that disagree
9. visit not signed in
10. no rights to zone, 11. outside hours, 12. escort missing: of the zone to be entered
13. passback: soft grants and marks, hard refuses
14. occupancy limit

**Nobody is kept in.** A badge that is ours is always let *out*, and counted at a muster point, whatever it fails: the
check that failed becomes the reason of a granted decision, a mark for the guard. Only a code that is no badge of ours
is refused. Checks 10 to 12 and 14 concern zones to be entered and do not apply on the way out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from visitor.access.reasons import WORDS, AccessWord, Reason
from visitor.sites.hours import OpenHours
from visitor.sites.models import Antipassback, PointKind, SiteMode
from visitor.visits.models import VisitState

CLOCK_TOLERANCE: Final = timedelta(seconds=120)
"""How far a reader's clock may be off before validity times are believed to have passed."""


class TokenOutcome(StrEnum):
    """What verifying the scanned text gave."""

    GOOD = "good"
    UNKNOWN = "unknown"
    """No token of ours, or a badge that the database does not know."""
    DAMAGED = "damaged"
    BAD_SIGNATURE = "bad_signature"


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """What is known of the badge that was scanned."""

    outcome: TokenOutcome
    badge_id: int | None
    copy: int
    current_copy: int
    """A token with a lower copy is dead: it was reprinted. A higher one is ours too, seen before the news of it."""
    revoked: bool
    not_before_at: datetime
    expires_at: datetime
    """The first instant at which the badge is no longer valid."""
    zones: int
    """Bit n: the zone with index n may be entered."""
    escort: bool
    """The badge enters zones only with an escort."""
    passback: bool
    """The badge is held to anti-passback."""
    site_matches: bool

    @classmethod
    def unreadable(cls, outcome: TokenOutcome, at: datetime) -> "CredentialFacts":
        """Return the facts of a code that is no valid token."""
        return cls(outcome, None, 0, 0, False, at, at, 0, False, False, False)  # noqa: FBT003  facts that are unknown


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What is known of the visit behind the badge."""

    state: VisitState
    watch_list_stop: bool
    escort_present: bool


@dataclass(frozen=True, slots=True)
class PointFacts:
    """The access point: which way it leads. None is the outside."""

    from_zone: int | None
    to_zone: int | None
    kind: PointKind


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """The rules of a zone, and how many people are in it."""

    index: int
    occupancy: int
    limit: int | None
    hours: OpenHours | None
    """None: always open."""
    requires_escort: bool
    antipassback: Antipassback


@dataclass(frozen=True, slots=True)
class PresenceFacts:
    """Where the badge was last seen."""

    known: bool
    """False: never seen; anti-passback then has nothing to go by."""
    current_zone: int | None
    """None: outside."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a scan. A refusal is a value and is stored like any other answer."""

    granted: bool
    reason: Reason

    @property
    def word(self) -> AccessWord:
        """The decision in the words of BACnet, of ONVIF and of a guard."""
        return WORDS[self.reason, self.granted]

    @property
    def message_key(self) -> str:
        """Key of the sentence for the guard."""
        return self.word.message_key

    @property
    def flagged(self) -> bool:
        """Whether somebody passed although a check failed; the guard should look."""
        return self.granted and self.reason not in {Reason.GRANTED, Reason.EVACUATION}


def decide(  # noqa: PLR0913  the seven facts that a decision rests on
    credential: CredentialFacts,
    visit: VisitFacts | None,
    access_point: PointFacts,
    zones: Mapping[int, ZoneFacts],
    presence: PresenceFacts,
    mode: SiteMode,
    at: datetime,
) -> Decision:
    """Decide whether a badge passes an access point; the module says in which order.

    Args:
        credential: The badge, or why the code is none.
        visit: None if the badge has no visit, or it was erased.
        access_point: Where it was scanned.
        zones: By index, at least the zone to be entered; one that is missing cannot be entered.
        presence: Where the badge was last seen.
        mode: Of the site.
        at: When it was scanned.
    """
    if mode is SiteMode.EVACUATION:
        return Decision(_leads_inside_out(access_point), Reason.EVACUATION)
    if credential.outcome is not TokenOutcome.GOOD:
        return Decision(granted=False, reason=Reason.UNKNOWN_CREDENTIAL)
    fault = _badge_fault(credential, visit, mode) or _validity_fault(credential, visit, at)
    if _lets_everyone_out(access_point):
        fault = fault or _passback_out(credential, access_point, zones, presence)
        return Decision(granted=True, reason=fault or Reason.GRANTED)
    zone = zones.get(access_point.to_zone) if access_point.to_zone is not None else None
    fault = fault or _zone_fault(credential, visit, zone, at)
    if fault is not None or zone is None:
        return Decision(granted=False, reason=fault or Reason.NO_RIGHTS_TO_ZONE)
    return _enter(credential, zone, presence)


def _leads_inside_out(point: PointFacts) -> bool:
    """Say whether somebody inside passes here. In an evacuation nobody is kept in, and nobody is let in."""
    return _lets_everyone_out(point) or point.from_zone is not None


def _lets_everyone_out(point: PointFacts) -> bool:
    return point.to_zone is None or point.kind is PointKind.MUSTER


def _badge_fault(credential: CredentialFacts, visit: VisitFacts | None, mode: SiteMode) -> Reason | None:
    if not credential.site_matches:
        return Reason.NO_RIGHTS_TO_ZONE
    if credential.revoked or credential.copy < credential.current_copy:
        return Reason.REVOKED
    if visit is not None and visit.watch_list_stop:
        return Reason.WATCH_LIST_STOP
    return Reason.LOCKDOWN if mode is SiteMode.LOCKDOWN else None


def _validity_fault(credential: CredentialFacts, visit: VisitFacts | None, at: datetime) -> Reason | None:
    if at < credential.not_before_at - CLOCK_TOLERANCE:
        return Reason.NOT_YET_ACTIVE
    if at >= credential.expires_at + CLOCK_TOLERANCE:
        return Reason.EXPIRED
    if visit is None or visit.state is not VisitState.ON_SITE:
        return Reason.VISIT_NOT_SIGNED_IN
    return None


def _zone_fault(
    credential: CredentialFacts, visit: VisitFacts | None, zone: ZoneFacts | None, at: datetime
) -> Reason | None:
    if zone is None or not 0 <= zone.index <= 31 or not credential.zones >> zone.index & 1:
        return Reason.NO_RIGHTS_TO_ZONE
    if zone.hours is not None and not zone.hours.is_open(at):
        return Reason.OUTSIDE_HOURS
    escorted = visit is not None and visit.escort_present
    if (credential.escort or zone.requires_escort) and not escorted:
        return Reason.ESCORT_MISSING
    return None


def _enter(credential: CredentialFacts, zone: ZoneFacts, presence: PresenceFacts) -> Decision:
    """Decide the last two checks. Somebody already counted in the zone does not make it fuller."""
    inside = presence.known and presence.current_zone == zone.index
    passback = inside and credential.passback and zone.antipassback is not Antipassback.OFF
    if passback and zone.antipassback is Antipassback.HARD:
        return Decision(granted=False, reason=Reason.PASSBACK)
    if not inside and zone.limit is not None and zone.occupancy >= zone.limit:
        return Decision(granted=False, reason=Reason.OCCUPANCY_LIMIT)
    return Decision(granted=True, reason=Reason.PASSBACK if passback else Reason.GRANTED)


def _passback_out(
    credential: CredentialFacts, point: PointFacts, zones: Mapping[int, ZoneFacts], presence: PresenceFacts
) -> Reason | None:
    """Notice somebody who leaves while believed outside. A muster point is no way through, so it notices nothing."""
    left = zones.get(point.from_zone) if point.from_zone is not None else None
    outside = presence.known and presence.current_zone is None
    if point.kind is PointKind.MUSTER or left is None or left.antipassback is Antipassback.OFF:
        return None
    return Reason.PASSBACK if outside and credential.passback else None

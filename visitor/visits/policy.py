"""What happens when a person arrives or leaves, when a visit is overdue, and when the night closes it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from visitor.visits.models import VisitState

EARLY_LIMIT: Final = timedelta(hours=2)
"""So long before the expected time an invitation may be used."""
LATE_LIMIT: Final = timedelta(hours=4)
"""At least so long after it."""


class ArrivalOutcome(StrEnum):
    """What a person's arrival comes to."""

    NEW = "new"
    """Nobody is expected under this invitation: an ordinary sign-in."""
    MATCHED = "matched"
    TOO_EARLY = "too_early"
    INVITATION_EXPIRED = "invitation_expired"
    CANCELLED = "cancelled"
    ALREADY_ON_SITE = "already_on_site"
    ALREADY_USED = "already_used"
    """The invitation opened one visit, and that is over."""


@dataclass(frozen=True, slots=True)
class InvitedVisit:
    """A visit that was found by invitation, badge or name."""

    state: VisitState
    expected_at: datetime | None
    invitation_expires_at: datetime | None
    """The first instant at which the invitation no longer holds."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The outcome; `from_at` says when a visitor who is too early may sign in."""

    outcome: ArrivalOutcome
    from_at: datetime | None = None


def arrival(invited: InvitedVisit | None, at: datetime, *, early_limit: timedelta = EARLY_LIMIT) -> Arrival:
    """Decide what an arrival at the instant `at` comes to.

    The first that applies: nobody invited; on site already; cancelled; the visit is over (a new one then begins);
    invitation expired; too early; matched.
    """
    if invited is None or invited.state is VisitState.GONE:
        return Arrival(ArrivalOutcome.NEW)
    if invited.state is VisitState.ON_SITE:
        return Arrival(ArrivalOutcome.ALREADY_ON_SITE)
    if invited.state is VisitState.CANCELLED:
        return Arrival(ArrivalOutcome.CANCELLED)
    if invited.invitation_expires_at is not None and at >= invited.invitation_expires_at:
        return Arrival(ArrivalOutcome.INVITATION_EXPIRED)
    if invited.expected_at is not None and at < invited.expected_at - early_limit:
        return Arrival(ArrivalOutcome.TOO_EARLY, from_at=invited.expected_at - early_limit)
    return Arrival(ArrivalOutcome.MATCHED)


def invitation_expires_at(expected_at: datetime, tz: ZoneInfo) -> datetime:
    """Return until when an invitation holds: the end of its local day, and late visitors have some hours anyway."""
    tomorrow = expected_at.astimezone(tz).date() + timedelta(days=1)
    return max(_local_hour(tomorrow, 0, tz), expected_at + LATE_LIMIT)


class DepartureOutcome(StrEnum):
    """What a person's departure comes to."""

    SIGNED_OUT = "signed_out"
    ALREADY_GONE = "already_gone"
    NOT_SIGNED_IN = "not_signed_in"


class DepartureBy(StrEnum):
    """Who or what noticed the departure."""

    KIOSK = "kiosk"
    DESK = "desk"
    DOOR = "door"
    NIGHT = "night"
    """The night job: nobody saw the visitor leave."""


@dataclass(frozen=True, slots=True)
class Departure:
    """The outcome, and when the visit ended if it did."""

    outcome: DepartureOutcome
    left_at: datetime | None = None
    auto_closed: bool = False
    """Nobody saw the visitor leave: a roll call must not count this as evidence."""


def departure(state: VisitState, arrived_at: datetime | None, by: DepartureBy, at: datetime) -> Departure:
    """Decide what a departure at the instant `at` comes to. A second one changes nothing.

    A kiosk's clock may be behind the one that saw the arrival: nobody leaves before arriving.
    """
    if state is VisitState.GONE:
        return Departure(DepartureOutcome.ALREADY_GONE)
    if state is not VisitState.ON_SITE or arrived_at is None:
        return Departure(DepartureOutcome.NOT_SIGNED_IN)
    return Departure(DepartureOutcome.SIGNED_OUT, max(at, arrived_at), auto_closed=by is DepartureBy.NIGHT)


def is_overdue(due_out_at: datetime | None, at: datetime) -> bool:
    """Say whether somebody should have left before the instant `at`. Without a time nobody is overdue."""
    return due_out_at is not None and at > due_out_at


def auto_close_at(arrived_at: datetime, tz: ZoneInfo, hour: int = 0) -> datetime:
    """Return when the night closes a visit: the first local `hour` o'clock after the arrival, in UTC.

    Each local day closes once. Where summer time repeats the hour, its first turn counts; where it skips the hour, the
    instant of the change.
    """
    day = arrived_at.astimezone(tz).date()
    candidates = (_local_hour(day + timedelta(days=ahead), hour, tz) for ahead in range(3))
    return next(candidate for candidate in candidates if candidate > arrived_at)


def _local_hour(day: date, hour: int, tz: ZoneInfo) -> datetime:
    """Convert a wall-clock hour to UTC. `fold=0` takes the first turn, and for a skipped hour the offset before it."""
    return datetime.combine(day, time(hour), tzinfo=tz).astimezone(UTC)

"""When data is due, and whether it may be purged now. Pure.

**Window.** Every rule for a subject gives a shortest and a longest life after its trigger. The effective window is
[latest of the minimums, earliest of the maximums]; the data is due at its end. Minimums above maximums are a conflict
that a person must solve before the rules are used (`check_rules`).

**Order** of what decides a purge: legal hold, statutory minimum, restriction (GDPR, Article 18), maximum, wish of the
person. Window and order are house rules within GDPR, Articles 5(1)(e), 17 and 18.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from visitor.core.classes import DataClass
from visitor.sites.preset import Bounds, Preset

HOLD_REVIEW_LIMIT: Final = timedelta(days=180)
MASS_DELETE_FACTOR: Final = 3
MASS_DELETE_SHARE: Final = 0.25
CLOCK_DRIFT_LIMIT_SECONDS: Final = 600.0


class RecordKind(StrEnum):
    """What lives for a while although it is no sealed record."""

    VISIT = "visit"
    INVITATION = "invitation"
    ACCESS_EVENT = "access_event"
    AUDIT = "audit"
    OUTBOX = "outbox"
    KIOSK_JOURNAL = "kiosk_journal"
    EXPORT_FILE = "export_file"
    LOG_FILE = "log_file"
    INCIDENT = "incident"
    REQUEST_FILE = "request_file"
    BREACH_REGISTER = "breach_register"


Subject = DataClass | RecordKind


class Trigger(StrEnum):
    """From when a life is counted."""

    PLANNED = "planned"
    CHECK_OUT = "check_out"
    BADGE_EXPIRY = "badge_expiry"
    EVENT = "event"
    DECISION = "decision"
    SENT = "sent"
    SYNCED = "synced"
    CREATED = "created"
    ANSWERED = "answered"
    CLOSED = "closed"


class Bound(StrEnum):
    """The length of life in a country preset that a rule follows."""

    VISITOR_LOG_DAYS = "visitor_log_days"
    CCTV_DAYS = "cctv_days"
    ID_HOURS = "id_hours"


class RuleConflict(ValueError):
    """A subject must be kept longer than it may be kept; a person decides which law prevails."""

    def __init__(self, subject: Subject, longest_min: timedelta, shortest_max: timedelta) -> None:
        self.subject = subject
        super().__init__(f"{subject}: must be kept {longest_min} but may be kept only {shortest_max}")


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one subject lives after its trigger."""

    id: str
    subject: Subject
    trigger: Trigger
    basis: str
    """The reason in words, for notice and register."""
    keep: timedelta | None = None
    """None: the default of `bound`."""
    ceiling: timedelta | None = None
    min_keep: timedelta = timedelta(0)
    """Statutory."""
    bound: Bound | None = None

    def __post_init__(self) -> None:
        if self.keep is None and self.bound is None:
            raise ValueError(f"{self.id}: give keep, or the bound of the preset that it follows")

    def window(self, bounds: Mapping[Bound, Bounds]) -> tuple[timedelta, timedelta]:
        """Return the shortest and longest life: the stricter of the rule's own and the preset's."""
        limits = [limit for limit in (self.keep, self.ceiling) if limit is not None]
        least = self.min_keep
        if self.bound is not None:
            preset = bounds[self.bound]
            unit = bound_unit(self.bound)
            limits += [unit * days for days in (preset.ceiling,) if days is not None]
            limits += [unit * preset.default] if self.keep is None else []
            least = max(least, unit * preset.min)
        return least, min(limits)


def bound_unit(bound: Bound) -> timedelta:
    """Return what one of a preset's numbers stands for."""
    return timedelta(hours=1) if bound is Bound.ID_HOURS else timedelta(days=1)


def bounds_of(preset: Preset) -> dict[Bound, Bounds]:
    """Return the lengths of life that a preset sets."""
    return {
        Bound.VISITOR_LOG_DAYS: preset.visitor_log_days,
        Bound.CCTV_DAYS: preset.cctv_days,
        Bound.ID_HOURS: preset.id_hours,
    }


@dataclass(frozen=True, slots=True)
class Due:
    """When a record is due, and by which rule. Without an instant, no trigger has happened yet."""

    at: datetime | None
    rule_id: str | None
    basis: str | None
    keep_until: datetime | None = None
    """A statutory minimum: not even the person's wish erases it earlier."""


def check_rules(rules: Iterable[Rule], bounds: Mapping[Bound, Bounds]) -> None:
    """Refuse rules that contradict each other, before any of them is used.

    Raises:
        RuleConflict: For some subject the longest minimum is above the shortest maximum.
    """
    by_subject: dict[Subject, list[Rule]] = {}
    for rule in rules:
        by_subject.setdefault(rule.subject, []).append(rule)
    for subject, mine in by_subject.items():
        _refuse_conflict(subject, [rule.window(bounds) for rule in mine])


def _refuse_conflict(subject: Subject, windows: Sequence[tuple[timedelta, timedelta]]) -> None:
    longest_min = max(least for least, _ in windows)
    shortest_max = min(most for _, most in windows)
    if longest_min > shortest_max:
        raise RuleConflict(subject, longest_min, shortest_max)


def due_at(
    rules: Iterable[Rule],
    triggers: Mapping[Trigger, datetime],
    subject: Subject,
    bounds: Mapping[Bound, Bounds],
) -> Due:
    """Return when a record of `subject` is due.

    Rules whose trigger has not happened do not count yet. Where triggers lie so far apart that a statutory minimum ends
    after a maximum, the minimum wins, as it does in the order of this module.

    Raises:
        RuleConflict: The rules contradict each other whatever the triggers.
    """
    mine = [rule for rule in rules if rule.subject == subject]
    if mine:
        _refuse_conflict(subject, [rule.window(bounds) for rule in mine])
    began = [(triggers[rule.trigger], rule) for rule in mine if rule.trigger in triggers]
    if not began:
        return Due(None, None, None)
    windows = [(rule, at + rule.window(bounds)[0], at + rule.window(bounds)[1]) for at, rule in began]
    keeper, keep_until, _ = max(windows, key=lambda window: window[1])
    ender, _, ends_at = min(windows, key=lambda window: window[2])
    if keep_until > ends_at:
        return Due(keep_until, keeper.id, keeper.basis, keep_until)
    return Due(ends_at, ender.id, ender.basis, keep_until)


def due_on(due: Due, tz: ZoneInfo) -> date | None:
    """Return the local day on which a record is due, for people to read; `due.at` is what counts."""
    return None if due.at is None else due.at.astimezone(tz).date()


def latest_at(
    rules: Iterable[Rule], subject: Subject, bounds: Mapping[Bound, Bounds], last_trigger_at: datetime
) -> datetime | None:
    """Return the ceiling of a record whose visit is still open: due then at the latest, even if it is never closed.

    Args:
        rules: As for `due_at`.
        subject: As for `due_at`.
        bounds: As for `due_at`.
        last_trigger_at: The latest instant at which a trigger can still come, such as the night that closes the visit.
    """
    longest = [rule.window(bounds)[1] for rule in rules if rule.subject == subject]
    return last_trigger_at + min(longest) if longest else None


class HoldScope(StrEnum):
    """What a hold holds."""

    VISIT = "visit"
    SITE = "site"
    """Everything of a site between two days."""


class HoldState(StrEnum):
    """Where a hold stands."""

    ACTIVE = "active"
    REVIEW_OVERDUE = "review_overdue"
    """Still holds: what is erased by mistake is gone for good, what is kept too long can be released. It is shown in
    red until its owner reviews or releases it."""
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """A reason to keep data that is due."""

    scope: HoldScope
    owner: str
    reason: str
    placed_on: date
    """Or last reviewed."""
    review_on: date
    released_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.owner.strip() or not self.reason.strip():
            raise ValueError("a hold needs an owner and a reason")
        if not timedelta(0) <= self.review_on - self.placed_on <= HOLD_REVIEW_LIMIT:
            raise ValueError("a hold is reviewed within 180 days")


def hold_state(hold: HoldFacts, at: datetime, tz: ZoneInfo) -> HoldState:
    """Return where a hold stands; its review day ends at local midnight."""
    if hold.released_at is not None and at >= hold.released_at:
        return HoldState.RELEASED
    overdue = at.astimezone(tz).date() > hold.review_on
    return HoldState.REVIEW_OVERDUE if overdue else HoldState.ACTIVE


class PurgeAnswer(StrEnum):
    """Whether a record may be purged now, or what keeps it."""

    PURGE = "purge"
    HELD = "held"
    RESTRICTED = "restricted"
    BLOCKED = "blocked"
    """Kept for courts only (Spain, LOPDGDD article 32)."""
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What decides over one record."""

    due: Due
    holds: tuple[HoldFacts, ...]
    """Those whose scope takes in this record."""
    restricted: bool
    blocked: bool
    erasure_wished: bool = False


def may_purge(record: RecordFacts, at: datetime) -> PurgeAnswer:
    """Decide whether a record may be purged at the instant `at`, in the order this module states.

    A hold counts until it is released, also after its review day.
    """
    if any(hold.released_at is None or at < hold.released_at for hold in record.holds):
        return PurgeAnswer.HELD
    if record.due.keep_until is not None and at < record.due.keep_until:
        return PurgeAnswer.NOT_DUE
    if record.restricted:
        return PurgeAnswer.RESTRICTED
    if record.blocked:
        return PurgeAnswer.BLOCKED
    due = record.due.at is not None and at >= record.due.at
    return PurgeAnswer.PURGE if due or record.erasure_wished else PurgeAnswer.NOT_DUE


def mass_delete_guard(count: int, trailing_counts: Sequence[int], alive: int) -> bool:
    """Say whether a second person must look first: far more than usual, and a good part of all there is.

    Usual is up to three times the median of earlier purges. The part lets an installation whose first records come of
    age erase them by itself: a steady flow makes a small part due each day, a wrong rule or clock much at once.

    Args:
        count: Rows that would go.
        trailing_counts: What earlier purges erased.
        alive: Rows there are, those that would go included.
    """
    unusual = not trailing_counts or count > MASS_DELETE_FACTOR * median(trailing_counts)
    return unusual and count > MASS_DELETE_SHARE * alive


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Both clocks of one machine, read together."""

    wall_at: datetime
    monotonic_seconds: float


@dataclass(frozen=True, slots=True)
class ClockJump:
    """How far the wall clock moved against the monotonic one; a purge stops when it may not be trusted."""

    drift_seconds: float
    stop: bool


def clock_jump(before: ClockReading, now: ClockReading) -> ClockJump:
    """Compare two readings. Ten minutes or more in either direction stop a purge."""
    wall_seconds = (now.wall_at - before.wall_at).total_seconds()
    drift = wall_seconds - (now.monotonic_seconds - before.monotonic_seconds)
    return ClockJump(drift, stop=abs(drift) >= CLOCK_DRIFT_LIMIT_SECONDS)

"""The rules that hold at one site: the product's defaults, its country's bounds, its own rules and their history.

A rule change never lengthens the life of what was collected before it: of all rules that were in force since then, the
shortest decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from visitor.core.classes import SEALED
from visitor.privacy import policy
from visitor.privacy.defaults import load_defaults
from visitor.privacy.models import RetentionRule
from visitor.privacy.policy import Bound, Due, RecordKind, Rule, Subject, Trigger
from visitor.sites.preset import Bounds, Preset

RULED: Final[tuple[Subject, ...]] = (
    *(rule.subject for rule in load_defaults() if rule.id == rule.subject and rule.subject in SEALED),
    RecordKind.VISIT,
    RecordKind.INVITATION,
    RecordKind.ACCESS_EVENT,
    RecordKind.AUDIT,
)
"""What the purge enforces and a site may set; the other defaults describe files and registers."""
SITE_WIDE: Final = frozenset({RecordKind.ACCESS_EVENT, RecordKind.AUDIT})
"""Scans and audit entries have no visit type of their own."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which lengths of life a site may choose."""

    least: timedelta
    most: timedelta | None
    """None: neither product nor country names a ceiling."""


@dataclass(frozen=True, slots=True)
class Life:
    """How long a subject lives after its trigger, and by which rule."""

    span: timedelta
    rule_id: str
    basis: str


@dataclass(frozen=True, slots=True)
class Step:
    """The life of what was collected from one instant until another; None is without end."""

    from_at: datetime | None
    until_at: datetime | None
    life: Life


def default_rules(subject: Subject) -> tuple[Rule, ...]:
    """Return the product's rules for a subject; the first one is what a site's own rule replaces."""
    return tuple(rule for rule in load_defaults() if rule.subject == subject)


def trigger_of(subject: Subject) -> Trigger:
    """Return from when the life of a subject is counted."""
    return default_rules(subject)[0].trigger


def limits(subject: Subject, bounds: Mapping[Bound, Bounds]) -> Limits:
    """Return between which lengths a site may choose: only shorter than product and country allow."""
    least, ceilings = timedelta(0), []
    for rule in default_rules(subject):
        least = max(least, rule.min_keep)
        if rule.ceiling is not None:
            ceilings.append(rule.ceiling)
        if rule.bound is not None:
            unit, bound = policy.bound_unit(rule.bound), bounds[rule.bound]
            least = max(least, unit * bound.min)
            # Where a country names no ceiling, its default is one: a site may be stricter, never looser.
            ceilings.append(unit * (bound.default if bound.ceiling is None else bound.ceiling))
    return Limits(least, min(ceilings) if ceilings else None)


class RuleBook:
    """The rules of one site, with their history."""

    def __init__(self, preset: Preset, own: Sequence[RetentionRule]) -> None:
        self.bounds = policy.bounds_of(preset)
        self._own: dict[str, list[RetentionRule]] = {}
        for row in sorted(own, key=lambda row: row.set_at):
            self._own.setdefault(row.subject, []).append(row)

    def own_rule(self, subject: Subject, visit_type_id: UUID | None, at: datetime) -> RetentionRule | None:
        """Return the site's own rule in force at `at`: the visit type's, else the one for all types."""
        in_force = [row for row in self._own.get(subject.value, []) if _in_force(row, at)]
        of_type = [row for row in in_force if row.visit_type_id == visit_type_id and visit_type_id is not None]
        for_all = [row for row in in_force if row.visit_type_id is None]
        chosen = of_type or for_all
        return chosen[-1] if chosen else None

    def rules(self, subject: Subject, visit_type_id: UUID | None, at: datetime) -> tuple[Rule, ...]:
        """Return the rules in force at `at` as the policy takes them."""
        first, *rest = default_rules(subject)
        own = self.own_rule(subject, visit_type_id, at)
        if own is None:
            return (first, *rest)
        # The ceiling holds even where a rule was written while the country's or the site's bounds were wider.
        return (replace(with_own(first, own), ceiling=limits(subject, self.bounds).most), *rest)

    def life(self, subject: Subject, visit_type_id: UUID | None, at: datetime) -> Life:
        """Return the life under the rules in force at `at`."""
        mine = self.rules(subject, visit_type_id, at)
        due = policy.due_at(mine, {rule.trigger: _EPOCH for rule in mine}, subject, self.bounds)
        assert due.at is not None
        return Life(due.at - _EPOCH, due.rule_id or mine[0].id, due.basis or mine[0].basis)

    def steps(self, subject: Subject, visit_type_id: UUID | None, now: datetime) -> list[Step]:
        """Return the lives of everything collected until now, by when it was collected; the earliest first."""
        changes = sorted(self._changes(subject, visit_type_id, now))
        began: list[datetime | None] = [None, *changes]
        lives = [self.life(subject, visit_type_id, at or _EPOCH) for at in began]
        steps: list[Step] = []
        shortest, until = lives[-1], None
        for at, life in zip(reversed(began), reversed(lives), strict=True):
            shortest = min(life, shortest, key=lambda one: one.span)
            if steps and steps[-1].life.span == shortest.span:
                steps[-1] = replace(steps[-1], from_at=at)
            else:
                steps.append(Step(at, until, shortest))
            until = at
        return list(reversed(steps))

    def due(
        self,
        subject: Subject,
        visit_type_id: UUID | None,
        triggers: Mapping[Trigger, datetime],
        times: tuple[datetime, datetime],
    ) -> Due:
        """Return when something is due, by the shortest rule since it was collected.

        Args:
            subject: What it is.
            visit_type_id: Of its visit.
            triggers: What has happened.
            times: When it was collected, and now.
        """
        began_at = triggers.get(trigger_of(subject))
        if began_at is None:
            return Due(None, None, None)
        collected_at, now = times
        step = next(step for step in reversed(self.steps(subject, visit_type_id, now)) if _within(collected_at, step))
        return Due(began_at + step.life.span, step.life.rule_id, step.life.basis)

    def _changes(self, subject: Subject, visit_type_id: UUID | None, now: datetime) -> set[datetime]:
        rows = [row for row in self._own.get(subject.value, []) if row.visit_type_id in {None, visit_type_id}]
        instants = {row.set_at for row in rows} | {row.ended_at for row in rows if row.ended_at is not None}
        return {at for at in instants if at <= now}


def with_own(default: Rule, own: RetentionRule) -> Rule:
    """Return the default rule as a site changed it; bounds and ceilings stay."""
    return replace(default, id=str(own.id), keep=timedelta(minutes=own.keep_minutes), basis=own.basis)


def check(preset: Preset, changed: Iterable[Rule] = ()) -> None:
    """Refuse rules that contradict each other or the country.

    Raises:
        RuleConflict: some subject must be kept longer than it may be kept.
    """
    rules = [rule for rule in load_defaults() if rule.subject in RULED]
    policy.check_rules([*rules, *changed], policy.bounds_of(preset))


def _in_force(row: RetentionRule, at: datetime) -> bool:
    return row.set_at <= at and (row.ended_at is None or at < row.ended_at)


def _within(at: datetime, step: Step) -> bool:
    return (step.from_at is None or at >= step.from_at) and (step.until_at is None or at < step.until_at)

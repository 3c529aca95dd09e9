"""Six weeks of the demo, played back in order under a clock that is moved, and today up to this moment."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from visitor.app.demo import acts, days
from visitor.app.demo.acts import Stay
from visitor.app.demo.house import Place
from visitor.core.actors import SYSTEM, Actor
from visitor.core.clock import FixedClock
from visitor.core.models import Job
from visitor.core.work import Runtime, Work
from visitor.ledger import operations as ledger
from visitor.privacy import operations as privacy
from visitor.privacy.purge import Refusal, run_purge
from visitor.visits import operations as visits
from visitor.visits.models import Visit

STILL_DAYS: Final = 5
"""Pictures are kept of the last days only; drawing all of them would take minutes."""
DESK_SHARE: Final = 0.15
BUSY: Final = {"Havenstad": 28, "Singapore workshop": 3}
"""Visits on a working day."""
NIGHT: Final = timedelta(hours=3)
"""The purge runs at this hour; a day of the demo begins and ends with it."""

Act = Callable[[Work], None]


@dataclass(order=True, slots=True)
class Moment:
    """Something that happens at an instant."""

    at: datetime
    number: int
    act: Act = field(compare=False)


@dataclass(slots=True)
class Script:
    """Everything that will happen, in any order."""

    moments: list[Moment] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)

    def add(self, at: datetime, act: Act) -> None:
        """Let something happen at an instant."""
        self.moments.append(Moment(at, len(self.moments), act))


@dataclass(slots=True)
class Cast:
    """Who takes part."""

    places: list[Place]
    desks: dict[UUID, Actor]
    """The receptionist of each site."""
    privacy_officer: Actor
    portraits: list[bytes]


def write(cast: Cast, begins_on: date, now: datetime, seed: int) -> Script:
    """Plan everything from that day until now."""
    script = Script()
    chance = random.Random(seed)  # noqa: S311  a made-up story, the same each time
    for offset in range((now.date() - begins_on).days + 1):
        day = begins_on + timedelta(days=offset)
        for place in cast.places:
            zone = ZoneInfo(place.site.time_zone)
            for planned in days.visits_of_day(chance, day, zone, place.guests, BUSY[place.site.name]):
                add_visit(script, cast, place, planned, now, at_desk=chance.random() < DESK_SHARE)
            night = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(ZoneInfo("UTC"))
            script.add(night + timedelta(minutes=4), partial(_close, place.site.id))
    _mishaps(script, chance)
    return script


def add_visit(  # noqa: PLR0913  a visit, where, and how it begins
    script: Script, cast: Cast, place: Place, planned: days.PlannedVisit, now: datetime, *, at_desk: bool = False
) -> Stay:
    """Let somebody come, pass doors, and leave."""
    stay = Stay(place, planned, cast.desks[place.site.id], at_desk)
    script.stays.append(stay)
    script.add(planned.arrives_at, partial(acts.sign_in, stay=stay, portraits=cast.portraits))
    script.add(planned.arrives_at + timedelta(seconds=30), partial(acts.see_id, stay=stay))
    for door in planned.passes:
        recent = now - door.at < timedelta(days=STILL_DAYS)
        script.add(door.at, partial(acts.pass_door, stay=stay, door=door, with_still=recent))
    if planned.leaves_at is not None:
        script.add(planned.leaves_at, partial(acts.sign_out, stay=stay))
    return stay


def play(  # noqa: PLR0913  the stage, its clock, the story and its audience
    runtime: Runtime, clock: FixedClock, script: Script, cast: Cast, now: datetime, tell: Callable[[date], None]
) -> None:
    """Let everything up to now happen: each day in one transaction, each night with a purge."""
    past = sorted(moment for moment in script.moments if moment.at <= now)
    for day, moments in _by_day(past):
        tell(day)
        clock.at = min(now, datetime.combine(day + timedelta(days=1), datetime.min.time(), now.tzinfo) + NIGHT)
        with runtime.transaction(SYSTEM) as work:
            for moment in moments:
                work.now, work.actor = moment.at, SYSTEM
                moment.act(work)
            work.now, work.actor = clock.at, SYSTEM
            _settle(work)
        if clock.at < now:
            _purge(runtime, cast.privacy_officer)


def _purge(runtime: Runtime, privacy_officer: Actor) -> None:
    """Do the night's purge; one that is far larger than usual is looked at and approved the next morning."""
    outcome = run_purge(runtime)
    if outcome.refusal is Refusal.NEEDS_APPROVAL and outcome.run_id is not None:
        with runtime.transaction(privacy_officer) as work:
            privacy.approve_purge(work, outcome.run_id)
            work.session.execute(sa.delete(Job))
        run_purge(runtime)


def _by_day(moments: list[Moment]) -> Iterator[tuple[date, list[Moment]]]:
    """Yield the moments of each day, from one night's purge to the next."""
    waiting: list[Moment] = []
    for moment in moments:
        if waiting and (moment.at - NIGHT).date() != (waiting[0].at - NIGHT).date():
            yield (waiting[0].at - NIGHT).date(), waiting
            waiting = []
        waiting.append(moment)
    if waiting:
        yield (waiting[0].at - NIGHT).date(), waiting


def _settle(work: Work) -> None:
    """Do at once what the worker would have done that day, and number and sign the logs."""
    changed = _asked_for(work)
    by_site: dict[UUID, list[Visit]] = {}
    for visit in work.session.scalars(sa.select(Visit).where(Visit.id.in_(changed))):
        by_site.setdefault(visit.site_id, []).append(visit)
    for site_id, among in by_site.items():
        privacy.recompute_visits(work, privacy.book_of(work, site_id), among)
    work.session.execute(sa.delete(Job))
    ledger.checkpoint(work)


def _asked_for(work: Work) -> set[UUID]:
    """Return the visits whose due dates the day's acts asked to reckon."""
    payloads: Iterable[dict[str, str]] = work.session.scalars(sa.select(Job.payload).where(Job.name == visits.DUE_JOB))
    return {UUID(payload["visit_id"]) for payload in payloads}


def _close(site_id: UUID, work: Work) -> None:
    visits.close_forgotten(work, site_id)


def _mishaps(script: Script, chance: random.Random) -> None:
    """Damage a few badges and lose a few; lost ones are tried at a door afterwards."""
    for stay in chance.sample(script.stays, max(2, len(script.stays) // 60)):
        script.add(stay.planned.arrives_at + timedelta(minutes=3), partial(acts.reprint, stay=stay))
    for stay in chance.sample(script.stays, max(2, len(script.stays) // 120)):
        lost_at = stay.planned.arrives_at + timedelta(minutes=3, seconds=30)
        script.add(lost_at, partial(acts.withdraw, stay=stay))
        door = days.Pass(lost_at + timedelta(minutes=2), "in")
        script.add(door.at, partial(acts.pass_door, stay=stay, door=door, with_still=False))

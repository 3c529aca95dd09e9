"""Filling a fresh installation with the demo's house and its last six weeks."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from visitor.app.demo import history, house, staff, today
from visitor.app.demo.history import Cast, Script
from visitor.app.demo.house import Place
from visitor.app.drawn import drawn_photo
from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM, Actor
from visitor.core.clock import FixedClock
from visitor.core.settings import load_settings
from visitor.core.work import Runtime, Work
from visitor.imaging.decoding import PhotoRefused
from visitor.imaging.portrait import prepare_portrait
from visitor.notices import operations as notices
from visitor.privacy import operations as privacy
from visitor.privacy.forms import HoldForm, HoldReason, KeepUnit, RuleForm
from visitor.privacy.queries import retention_words
from visitor.visits.models import Visit, VisitState

SEED: Final = 7
PORTRAITS: Final = 24
SITES_WITH_DESKS: Final = {"Havenstad": "reception", "Singapore workshop": "singapore"}
HELD_AFTER: Final = timedelta(days=9)
"""The visit that is held for a claim was so long ago."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made."""

    visits: int
    scans: int


def fill(config: Path, now: datetime, camera_url: str, past_days: int, tell: Callable[[date], None]) -> Filled:
    """Make sites, staff and history up to now."""
    begins_on = (now - timedelta(days=past_days)).date()
    began_at = datetime.combine(begins_on, datetime.min.time(), now.tzinfo) - timedelta(days=3)
    clock = FixedClock(began_at)
    runtime = open_runtime(load_settings(config), clock=clock)
    try:
        cast = _cast(runtime, camera_url)
        script = history.write(cast, begins_on, now, SEED)
        today.add(script, cast, now, SEED)
        script.add(now - timedelta(hours=1), partial(_hold, owner=cast.privacy_officer))
        history.play(runtime, clock, script, cast, now, tell)
    finally:
        runtime.close()
    return _count(script)


def _cast(runtime: Runtime, camera_url: str) -> Cast:
    with runtime.transaction(SYSTEM) as work:
        places = [house.build_havenstad(work, camera_url), house.build_singapore(work)]
        by_name = {place.site.name: place.site.id for place in places}
        actors = staff.add(work, by_name)
        work.actor = actors["privacy"]
        privacy.set_rule(work, places[0].site.id, _short_deliveries(places[0]))
        for place in places:
            notices.publish_default(work, place.site.id, partial(retention_words, work, place.site.id))
    desks = {by_name[site]: actors[name] for site, name in SITES_WITH_DESKS.items()}
    return Cast(places, desks, actors["privacy"], _portraits())


def _short_deliveries(place: Place) -> RuleForm:
    return RuleForm(
        subject="contact",
        visit_type_id=place.types["delivery"].id,
        keep=7,
        unit=KeepUnit.DAYS,
        basis="Questions about a delivery come within a week",
    )


def _portraits() -> list[bytes]:
    """Draw faces and send them through the same check as every visitor's photo; some do not pass, as in life."""
    found: list[bytes] = []
    seed = 0
    while len(found) < PORTRAITS:
        with contextlib.suppress(PhotoRefused):
            found.append(prepare_portrait(drawn_photo(seed)).jpeg)
        seed += 1
    return found


def _hold(work: Work, owner: Actor) -> None:
    """Keep one visit of last week for a claim."""
    where = (Visit.state == VisitState.GONE, Visit.arrived_at < work.now - HELD_AFTER)
    visit = work.session.scalar(sa.select(Visit).where(*where).order_by(Visit.arrived_at.desc()).limit(1))
    if visit is None:
        return
    work.actor = owner
    review_on = work.now.date() + timedelta(days=60)
    form = HoldForm(
        site_id=visit.site_id, visit_id=visit.id, reason=HoldReason.CLAIM, reference="2026-014", review_on=review_on
    )
    privacy.place_hold(work, form)


def _count(script: Script) -> Filled:
    came = [stay for stay in script.stays if stay.visit_id is not None]
    return Filled(len(came), sum(len(stay.scans) for stay in came))

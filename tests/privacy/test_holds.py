"""Holds and restrictions keep what they are on, also against a purge that runs."""

import contextlib
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import MONDAY
from tests.privacy.house import OFFICER, certificate_of, hold_on, put_visits, rows_left, visits_left
from visitor.access.models import AccessEvent
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.errors import NotFound
from visitor.core.work import Runtime
from visitor.people import operations as people
from visitor.people.models import PersonalRecord
from visitor.privacy import holds, operations, purge
from visitor.privacy.forms import HoldForm, HoldReason
from visitor.sites.models import Site


def test_a_held_visit_stays_whole_until_the_hold_is_released(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    held, _free = put_visits(runtime, site, 2, 40)
    with runtime.transaction(OFFICER) as work:
        hold = operations.place_hold(work, hold_on(held.visit))

    first = purge.run_purge(runtime)

    assert visits_left(runtime) == {held.visit.id}
    assert certificate_of(runtime, first)["remaining"]["kept"]["held"] > 0  # type: ignore[index]  # JSON
    with runtime.transaction(OFFICER) as work:
        operations.release_hold(work, hold.id)
    clock.move(timedelta(minutes=5))
    purge.run_purge(runtime)
    assert rows_left(runtime) == dict.fromkeys(rows_left(runtime), 0)


def test_a_hold_on_days_keeps_what_touches_them_and_nothing_else(runtime: Runtime, site: Site) -> None:
    inside = put_visits(runtime, site, 1, 40)[0]
    put_visits(runtime, site, 1, 50)
    day = (MONDAY - timedelta(days=40)).date()
    form = HoldForm(site_id=site.id, from_on=day, until_on=day, reason=HoldReason.INCIDENT, review_on=MONDAY.date())
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, form)

    purge.run_purge(runtime)

    assert visits_left(runtime) == {inside.visit.id}
    with runtime.reading(SYSTEM) as work:
        assert set(work.session.scalars(sa.select(AccessEvent.id))) == {inside.event_id}


def test_a_hold_still_holds_after_its_review_day(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    held = put_visits(runtime, site, 1, 40)[0]
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, hold_on(held.visit))
    clock.move(timedelta(days=300))

    purge.run_purge(runtime)

    assert visits_left(runtime) == {held.visit.id}


def test_a_restricted_visit_stays(runtime: Runtime, site: Site) -> None:
    restricted = put_visits(runtime, site, 1, 40)[0]
    with runtime.transaction(SYSTEM) as work:
        people.restrict(work, restricted.visit.id, True)

    purge.run_purge(runtime)

    assert visits_left(runtime) == {restricted.visit.id}
    with runtime.reading(SYSTEM) as work:
        assert restricted.contact_id in set(work.session.scalars(sa.select(PersonalRecord.id)))


def test_a_hold_placed_between_plan_and_batch_is_respected(runtime: Runtime, site: Site) -> None:
    held, other = put_visits(runtime, site, 2, 40)
    run = operations.plan_purge(runtime, OFFICER)
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, hold_on(held.visit))

    outcome = purge.run_purge(runtime, run.id)

    assert outcome.skipped > 0
    assert visits_left(runtime) == {held.visit.id}
    assert other.visit.id not in visits_left(runtime)
    assert certificate_of(runtime, outcome)["skipped"]["held"] > 0  # type: ignore[index]  # JSON


@pytest.mark.parametrize("seed", range(8))
def test_holds_placed_while_a_purge_runs_keep_what_was_there_when_they_were_placed(
    runtime: Runtime, site: Site, seed: int
) -> None:
    """The hold is placed from another thread at some batch; whatever it found must stay."""
    wholes = put_visits(runtime, site, 6, 40)
    reached, kept = threading.Event(), []

    def place() -> None:
        reached.wait(10)
        for whole in wholes:
            with contextlib.suppress(NotFound), runtime.transaction(OFFICER) as work:
                operations.place_hold(work, hold_on(whole.visit))
                there = sa.select(PersonalRecord.id).where(PersonalRecord.visit_id == whole.visit.id)
                kept.append((whole.visit.id, set(work.session.scalars(there))))

    def progress(done: int, _planned: int) -> None:
        if done >= seed * 5:
            reached.set()
            time.sleep(0.01)

    small = runtime.settings.purge.model_copy(update={"batch_size": 3})
    runtime.settings = runtime.settings.model_copy(update={"purge": small})
    thread = threading.Thread(target=place)
    thread.start()
    purge.run_purge(runtime, progress=progress)
    reached.set()
    thread.join(30)

    assert {visit_id for visit_id, _records in kept} <= visits_left(runtime)
    with runtime.reading(SYSTEM) as work:
        left = set(work.session.scalars(sa.select(PersonalRecord.id)))
    for _visit_id, records in kept:
        assert records <= left


def test_an_erasure_waits_for_a_hold_that_is_being_placed(runtime: Runtime, site: Site) -> None:
    """The lock is what makes a hold and a batch happen one after the other, also on PostgreSQL."""
    whole = put_visits(runtime, site, 1, 40)[0]
    with runtime.transaction(OFFICER) as work:
        holds.alone(work)
        operations.place_hold(work, hold_on(whole.visit))
        thread = threading.Thread(target=purge.run_purge, args=(runtime,))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(30)

    assert visits_left(runtime) == {whole.visit.id}

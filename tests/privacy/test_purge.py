"""A purge on a real database: what goes, what stays, who must look, and what stops it."""

from datetime import timedelta

import sqlalchemy as sa

from tests.privacy.house import OFFICER, everything, put_visits, rows_left, runs, visits_left
from tests.privacy.visitors import whole_visit
from visitor.core import leases
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime
from visitor.people.models import PersonalRecord
from visitor.privacy import operations, planning, purge
from visitor.privacy.models import PurgeItem, PurgeRun, PurgeState
from visitor.privacy.purge import Refusal
from visitor.privacy.tasks import purge_nightly
from visitor.sites.models import Site
from visitor.visits.models import VisitState


def test_what_is_due_goes_with_everything_that_hangs_on_it(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 5, 40)
    assert all(rows_left(runtime).values())

    outcome = purge.run_purge(runtime)

    assert outcome.refusal is None
    assert rows_left(runtime) == dict.fromkeys(rows_left(runtime), 0)


def test_what_is_not_due_stays_whole(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 3, 0.2)
    before = rows_left(runtime)

    outcome = purge.run_purge(runtime)

    assert outcome.erased == 0
    assert rows_left(runtime) == before


def test_the_photo_goes_a_day_after_the_badge_and_the_visit_stays(runtime: Runtime, site: Site) -> None:
    whole = put_visits(runtime, site, 1, 2)[0]

    purge.run_purge(runtime)

    with runtime.reading(SYSTEM) as work:
        kinds = set(work.session.scalars(sa.select(PersonalRecord.id)))
    assert kinds == {whole.contact_id, whole.still_id}
    assert visits_left(runtime) == {whole.visit.id}


def test_somebody_still_on_site_is_never_purged(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        here = whole_visit(work, site)
        operations.recompute_due(work, here.visit.id)
    clock.move(timedelta(days=60))

    purge.run_purge(runtime)

    assert visits_left(runtime) == {here.visit.id}


def test_an_invitation_that_nobody_used_goes_with_its_records(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        expected = whole_visit(work, site, left_at=work.now)
        expected.visit.state, expected.visit.left_at, expected.visit.arrived_at = VisitState.EXPECTED, None, None
        expected.visit.expected_at = work.now
        work.session.add(expected.visit)
    clock.move(timedelta(days=6))
    purge.run_purge(runtime)
    assert visits_left(runtime) == {expected.visit.id}
    clock.move(timedelta(days=1, minutes=1))

    purge.run_purge(runtime)

    assert visits_left(runtime) == set()
    assert rows_left(runtime)["personal_record"] == 0


def test_a_second_purge_at_the_same_time_leaves_at_once(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 3, 40)
    seen: list[purge.Outcome] = []

    def progress(_done: int, _planned: int) -> None:
        if not seen:
            seen.append(purge.run_purge(runtime))

    outcome = purge.run_purge(runtime, progress=progress)

    assert seen[0].refusal is Refusal.BUSY
    assert outcome.refusal is None
    assert visits_left(runtime) == set()


def test_a_purge_that_lost_its_lease_stops_before_it_writes(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    put_visits(runtime, site, 3, 40)

    def usurp(_done: int, _planned: int) -> None:
        clock.move(timedelta(minutes=3))
        with runtime.transaction(SYSTEM) as work:
            assert leases.take(work, purge.LEASE_NAME, "another", purge.LEASE_SPAN) is not None

    outcome = purge.run_purge(runtime, progress=usurp)

    assert outcome.refusal is Refusal.BUSY
    assert visits_left(runtime)


def test_a_clock_that_went_back_stops_the_purge(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    purge.run_purge(runtime)
    put_visits(runtime, site, 1, 40)
    clock.move(timedelta(minutes=-11))

    assert purge.run_purge(runtime).refusal is Refusal.CLOCK
    assert visits_left(runtime)


def test_a_clock_that_jumps_during_a_purge_stops_it_and_the_next_one_goes_on(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    put_visits(runtime, site, 3, 40)
    jumps = iter([True])

    def jump(_done: int, _planned: int) -> None:
        if next(jumps, False):
            clock.move(timedelta(minutes=20))

    assert purge.run_purge(runtime, progress=jump).refusal is Refusal.CLOCK
    assert visits_left(runtime)
    clock.move(timedelta(minutes=3))
    assert purge.run_purge(runtime).refusal is None
    assert visits_left(runtime) == set()


def test_a_dry_run_changes_nothing(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 3, 40)
    before = everything(runtime)

    with runtime.reading(SYSTEM) as work:
        found = planning.survey(work)

    assert found.planned > 0
    assert everything(runtime) == before
    assert not runtime.settings.directories.erasure_journal.exists()


def test_a_first_large_purge_waits_for_a_second_person(runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 30, 40)

    outcome = purge.run_purge(runtime)

    assert outcome.refusal is Refusal.NEEDS_APPROVAL
    assert len(visits_left(runtime)) == 30


def test_a_small_purge_waits_for_nobody_and_a_usual_one_neither(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    with runtime.transaction(SYSTEM) as work:
        assert not planning.needs_second_person(work, planning.FREE_ROWS)
        assert planning.needs_second_person(work, planning.FREE_ROWS + 1)
        for number in range(5):
            run = PurgeRun(
                id=work.new_id(),
                state=PurgeState.DONE,
                began_at=work.now - timedelta(days=number + 1),
                cut_off_at=work.now,
                erased=200,
            )
            work.session.add(run)
        work.session.flush()
        assert not planning.needs_second_person(work, 600)
        assert planning.needs_second_person(work, 601)


def test_a_plan_that_nobody_approved_is_replaced_by_the_next_one(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    put_visits(runtime, site, 30, 40)
    first = purge.run_purge(runtime)
    clock.move(timedelta(days=1))

    second = purge.run_purge(runtime)

    with runtime.reading(SYSTEM) as work:
        states = {run.id: run.state for run in work.session.scalars(sa.select(PurgeRun))}
        items = set(work.session.scalars(sa.select(PurgeItem.run_id)))
    assert states == {first.run_id: PurgeState.FAILED, second.run_id: PurgeState.NEEDS_APPROVAL}
    assert items == {second.run_id}


def test_the_nightly_task_purges_once_a_night_and_takes_up_what_was_cut_off(
    runtime: Runtime, site: Site, clock: FixedClock
) -> None:
    put_visits(runtime, site, 1, 40)
    purge_nightly(runtime, {})
    purge_nightly(runtime, {})
    assert runs(runtime) == [PurgeState.DONE]

    put_visits(runtime, site, 1, 40)
    operations.plan_purge(runtime, OFFICER)
    clock.move(timedelta(minutes=10))
    purge_nightly(runtime, {})

    assert runs(runtime) == [PurgeState.DONE, PurgeState.DONE]
    assert visits_left(runtime) == set()
    clock.move(timedelta(days=1))
    purge_nightly(runtime, {})
    assert len(runs(runtime)) == 3

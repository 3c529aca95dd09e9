"""A clock that is set back holds up neither leases nor jobs nor periodic work."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import MONDAY
from visitor.core import jobs, leases
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.errors import Conflict
from visitor.core.jobs import Tasks, run_all, run_one, run_periodic
from visitor.core.work import Runtime

HOUR = timedelta(hours=1)
SPAN = timedelta(seconds=10)


def taken(runtime: Runtime, owner: str) -> int | None:
    with runtime.transaction(SYSTEM) as work:
        return leases.take(work, "purge", owner, SPAN)


def test_lease_given_before_the_clock_was_set_back_holds_nobody_up(runtime: Runtime, clock: FixedClock) -> None:
    first = taken(runtime, "first")
    clock.move(-HOUR)

    assert taken(runtime, "second") == 2
    with pytest.raises(Conflict), runtime.transaction(SYSTEM) as work:
        leases.check(work, "purge", first or 0)


def test_clocks_that_differ_a_little_do_not_break_a_lease(runtime: Runtime, clock: FixedClock) -> None:
    taken(runtime, "first")
    clock.move(-SPAN / 2)

    assert taken(runtime, "second") is None


@given(st.timedeltas(min_value=timedelta(days=-30), max_value=timedelta(days=30)))
def test_nobody_waits_longer_than_twice_the_span(ahead: timedelta) -> None:
    """Whatever the clock did: the lease is over now, or at that time at the latest."""
    until = MONDAY + ahead

    assert leases.over(until, MONDAY, SPAN) or leases.over(until, MONDAY + 2 * SPAN, SPAN)


def done(runtime: Runtime, tasks: Tasks) -> int:
    return run_all(runtime, tasks, limit=5)


def test_job_asked_for_before_the_clock_was_set_back_is_done(runtime: Runtime, clock: FixedClock) -> None:
    seen: list[Mapping[str, Any]] = []
    tasks = Tasks()
    tasks.add("note", lambda _runtime, payload: seen.append(payload))
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue(work, "note", {"number": 1})
    clock.move(-HOUR)

    assert done(runtime, tasks) == 1
    assert seen == [{"number": 1}]


def test_job_that_is_to_wait_waits(runtime: Runtime, clock: FixedClock) -> None:
    tasks = Tasks()
    tasks.add("note", lambda _runtime, _payload: None)
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue(work, "note", {}, after=HOUR)

    assert done(runtime, tasks) == 0
    clock.move(HOUR)
    assert done(runtime, tasks) == 1


def test_job_of_a_dead_worker_is_taken_over_although_the_clock_was_set_back(
    runtime: Runtime, clock: FixedClock
) -> None:
    tasks = Tasks()
    tasks.add("note", lambda _runtime, _payload: None)
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue(work, "note", {})
        assert len(jobs.claim(work, "dead")) == 1
    assert not run_one(runtime, tasks, "alive")
    clock.move(-HOUR)

    assert run_one(runtime, tasks, "alive")


def test_dead_workers_job_comes_before_a_long_queue(runtime: Runtime, clock: FixedClock) -> None:
    seen: list[int] = []
    tasks = Tasks()
    tasks.add("note", lambda _runtime, payload: seen.append(payload["number"]))
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue_all(work, "note", [{"number": number} for number in range(10)])
        left = jobs.claim(work, "dead")[0].payload["number"]
    clock.move(jobs.LEASE + SPAN)

    run_one(runtime, tasks, "alive")

    assert seen == [left]


def test_periodic_work_goes_on_after_the_clock_was_set_back(runtime: Runtime, clock: FixedClock) -> None:
    turns: list[int] = []
    tasks = Tasks()
    tasks.every("turn", timedelta(seconds=1), lambda _runtime, _payload: turns.append(1))
    for _ in range(20):
        clock.move(timedelta(seconds=1))
        run_periodic(runtime, tasks)
    clock.move(-HOUR)

    for _ in range(20):
        clock.move(timedelta(seconds=1))
        run_periodic(runtime, tasks)

    assert len(turns) == 40

"""Work for later: done at least once, tried again with growing waits, given up in the end, and seen."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from visitor.core import jobs
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.jobs import LEASE, MAX_ATTEMPTS, Later, Tasks, enqueue, run_all, run_one, run_periodic
from visitor.core.models import Job, JobState, PeriodicRun
from visitor.core.work import Runtime

NAME = "test.work"


class Diary:
    """Keeps what was asked of it; raises what it was told to."""

    def __init__(self) -> None:
        self.done: list[Mapping[str, Any]] = []
        self.faults: list[Exception] = []

    def __call__(self, _runtime: Runtime, payload: Mapping[str, Any]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.done.append(payload)


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def tasks(diary: Diary) -> Tasks:
    made = Tasks()
    made.add(NAME, diary)
    return made


def asked(runtime: Runtime, name: str = NAME, **values: Any) -> None:
    with runtime.transaction(SYSTEM) as work:
        enqueue(work, name, {"id": "1"}, **values)


def kept(runtime: Runtime) -> list[Job]:
    with runtime.reading(SYSTEM) as work:
        return list(work.session.scalars(sa.select(Job).order_by(Job.id)))


def test_job_is_done_once_and_forgotten(runtime: Runtime, tasks: Tasks, diary: Diary) -> None:
    asked(runtime)
    assert run_one(runtime, tasks, "a")
    assert not run_one(runtime, tasks, "a")
    assert diary.done == [{"id": "1"}]
    assert kept(runtime) == []


def test_job_of_a_transaction_that_failed_was_never_asked_for(runtime: Runtime, tasks: Tasks) -> None:
    def failing() -> None:
        with runtime.transaction(SYSTEM) as work:
            enqueue(work, NAME, {})
            raise LookupError

    with pytest.raises(LookupError):
        failing()
    assert not run_one(runtime, tasks, "a")


def test_job_waits_for_its_time(runtime: Runtime, tasks: Tasks, diary: Diary, clock: FixedClock) -> None:
    asked(runtime, after=timedelta(minutes=5))
    assert not run_one(runtime, tasks, "a")
    clock.move(timedelta(minutes=5))
    assert run_one(runtime, tasks, "a")
    assert len(diary.done) == 1


def test_waits_grow_until_the_job_is_given_up_and_stays_to_be_seen(
    runtime: Runtime, tasks: Tasks, diary: Diary, clock: FixedClock
) -> None:
    asked(runtime)
    diary.faults = [RuntimeError("a name that must not be kept") for _ in range(MAX_ATTEMPTS)]
    waits = []
    for _ in range(MAX_ATTEMPTS):
        assert run_one(runtime, tasks, "a")
        waits.append((kept(runtime)[0].run_at - clock.now()).total_seconds())
        clock.move(timedelta(hours=1))
    assert waits == sorted(waits)
    assert waits[:4] == [2, 4, 8, 16]
    job = kept(runtime)[0]
    assert (job.state, job.attempts, job.fault) == (JobState.FAILED, MAX_ATTEMPTS, "RuntimeError")
    assert not run_one(runtime, tasks, "a")
    assert diary.done == []


def test_later_is_no_failure(runtime: Runtime, tasks: Tasks, diary: Diary, clock: FixedClock) -> None:
    asked(runtime)
    diary.faults = [Later(30) for _ in range(MAX_ATTEMPTS + 2)]
    for _ in range(MAX_ATTEMPTS + 2):
        assert run_one(runtime, tasks, "a")
        job = kept(runtime)[0]
        assert (job.state, job.attempts, job.fault) == (JobState.WAITING, 0, None)
        assert not run_one(runtime, tasks, "a")
        clock.move(timedelta(seconds=30))
    assert run_one(runtime, tasks, "a")
    assert len(diary.done) == 1


def test_job_whose_task_nobody_knows_is_tried_again_after_an_upgrade(
    runtime: Runtime, tasks: Tasks, clock: FixedClock
) -> None:
    asked(runtime, "other.work")
    assert run_one(runtime, tasks, "a")
    assert kept(runtime)[0].fault == "LookupError"
    diary = Diary()
    tasks.add("other.work", diary)
    clock.move(timedelta(minutes=1))
    run_all(runtime, tasks)
    assert len(diary.done) == 1


def claimed(runtime: Runtime, owner: str) -> list[Job]:
    with runtime.transaction(SYSTEM) as work:
        return jobs.claim(work, owner)


def test_job_of_a_dead_worker_is_taken_over_when_its_lease_is_out(
    runtime: Runtime, tasks: Tasks, diary: Diary, clock: FixedClock
) -> None:
    asked(runtime)
    assert claimed(runtime, "dead")
    clock.move(LEASE)
    assert not run_one(runtime, tasks, "b")
    clock.move(timedelta(seconds=1))
    assert run_one(runtime, tasks, "b")
    assert len(diary.done) == 1


def test_worker_that_comes_back_late_does_not_disturb_its_successor(runtime: Runtime, clock: FixedClock) -> None:
    asked(runtime)
    old = claimed(runtime, "sleeper")[0]
    clock.move(LEASE + timedelta(seconds=1))
    new = claimed(runtime, "successor")[0]

    jobs._put_back(runtime, old, timedelta(), fault="TimeoutError")

    job = kept(runtime)[0]
    assert (job.state, job.lease_owner, job.lease_until) == (JobState.RUNNING, "successor", new.lease_until)


def test_job_that_ends_its_worker_each_time_is_given_up(runtime: Runtime, tasks: Tasks, clock: FixedClock) -> None:
    asked(runtime)
    for _ in range(MAX_ATTEMPTS):
        assert claimed(runtime, "dies")
        clock.move(LEASE + timedelta(seconds=1))
    assert not run_one(runtime, tasks, "b")
    assert [(job.state, job.fault) for job in kept(runtime)] == [(JobState.FAILED, "Abandoned")]


def test_every_job_is_done_once_by_many_workers(runtime: Runtime) -> None:
    done: list[int] = []
    tasks = Tasks()
    tasks.add(NAME, lambda _runtime, payload: done.append(payload["number"]))
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue_all(work, NAME, [{"number": number} for number in range(40)])

    def worker(owner: str) -> None:
        while run_one(runtime, tasks, owner):
            pass

    threads = [threading.Thread(target=worker, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == list(range(40))


def test_periodic_work_is_done_once_in_each_slot_by_whoever_comes_first(runtime: Runtime, clock: FixedClock) -> None:
    done: list[int] = []
    tasks = Tasks()
    tasks.every("test.tick", timedelta(minutes=10), lambda _runtime, _payload: done.append(1))

    def come() -> None:
        threads = [threading.Thread(target=run_periodic, args=(runtime, tasks)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    come()
    assert len(done) == 1
    clock.move(timedelta(minutes=9, seconds=59))
    come()
    assert len(done) == 1
    clock.move(timedelta(seconds=1))
    come()
    assert len(done) == 2


def test_old_slots_are_forgotten(runtime: Runtime, clock: FixedClock) -> None:
    tasks = Tasks()
    tasks.every("test.tick", timedelta(seconds=1), lambda _runtime, _payload: None)
    for _ in range(20):
        run_periodic(runtime, tasks)
        clock.move(timedelta(seconds=1))
    with runtime.reading(SYSTEM) as work:
        assert (work.session.scalar(sa.select(sa.func.count()).select_from(PeriodicRun)) or 0) <= 7

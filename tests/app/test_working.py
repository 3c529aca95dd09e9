"""The worker's threads."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from visitor.app.tasks import JOBS, PERIODIC, all_tasks, sweep
from visitor.app.working import HEARTBEAT, Worker
from visitor.core import jobs, throttle
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.jobs import Tasks
from visitor.core.models import Job, Lease, Throttle
from visitor.core.work import Runtime

SECONDS = 20


def test_worker_does_jobs_and_periodic_work_and_ends_when_told(runtime: Runtime) -> None:
    done, turned = threading.Event(), threading.Event()

    def note(_runtime: Runtime, payload: Mapping[str, Any]) -> None:
        (done if payload else turned).set()

    tasks = Tasks()
    tasks.add("note", note)
    tasks.every("turn", timedelta(seconds=1), note)
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue(work, "note", {"id": 1})
    worker = Worker(runtime, tasks)

    worker.start()

    assert done.wait(SECONDS)
    assert turned.wait(SECONDS)
    assert worker.stop(SECONDS)
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0
        assert work.session.scalars(sa.select(Lease.name).where(Lease.name == HEARTBEAT)).all() == [HEARTBEAT]


def test_hanging_task_keeps_no_other_waiting(runtime: Runtime) -> None:
    free, done = threading.Event(), threading.Event()

    def wait(_runtime: Runtime, _payload: Mapping[str, Any]) -> None:
        free.wait(SECONDS)

    tasks = Tasks()
    tasks.add("hang", wait)
    tasks.add("quick", lambda _runtime, _payload: done.set())
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue(work, "hang", {})
        jobs.enqueue(work, "quick", {})
    worker = Worker(runtime, tasks)

    worker.start()

    assert done.wait(SECONDS)
    free.set()
    assert worker.stop(SECONDS)


def test_failing_periodic_work_does_not_end_the_worker(runtime: Runtime) -> None:
    failed, done = threading.Event(), threading.Event()

    def fail(_runtime: Runtime, _payload: Mapping[str, Any]) -> None:
        failed.set()
        raise RuntimeError

    tasks = Tasks()
    tasks.every("fail", timedelta(seconds=1), fail)
    tasks.add("note", lambda _runtime, _payload: done.set())
    worker = Worker(runtime, tasks)
    worker.start()
    assert failed.wait(SECONDS)

    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue(work, "note", {})

    assert done.wait(SECONDS)
    assert worker.stop(SECONDS)


def test_names_of_tasks_are_unique_and_every_room_that_is_there_has_its_tasks() -> None:
    tasks = all_tasks()

    names = [named.name for named in JOBS] + [named.name for named in PERIODIC]
    assert len(names) == len(set(names))
    assert "ledger.sequence" in {periodic.name for periodic in tasks.periodic}


def test_sweep_deletes_old_counts_and_dead_sessions(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        throttle.add_try(work, throttle.Limit("test", 5, 60), "kim")
    clock.move(timedelta(days=2))

    sweep(runtime, {})

    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Throttle)) == 0

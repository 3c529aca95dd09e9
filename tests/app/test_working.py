"""The worker's threads."""

import re
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import visitor
from visitor.app.tasks import JOBS, PERIODIC, Named, all_tasks, sweep
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


@pytest.mark.parametrize("table", [JOBS, PERIODIC])
def test_names_of_tasks_are_unique(table: tuple[Named, ...]) -> None:
    names = [named.name for named in table]

    assert len(names) == len(set(names))


def test_every_job_that_a_room_asks_for_has_a_task() -> None:
    sources = Path(visitor.__file__).parent.glob("*/*.py")
    asked = {name for path in sources for name in re.findall(r'_JOB(?:: Final)? = "([^"]+)"', path.read_text())}

    assert asked
    assert asked <= set(all_tasks().by_name)


def test_ledger_is_numbered_every_second() -> None:
    spans = {periodic.name: periodic.every for periodic in all_tasks().periodic}

    assert spans["ledger.sequence"] == timedelta(seconds=1)


def test_sweep_deletes_old_counts_and_dead_sessions(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        throttle.add_try(work, throttle.Limit("test", 5, 60), "kim")
    clock.move(timedelta(days=2))

    sweep(runtime, {})

    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Throttle)) == 0

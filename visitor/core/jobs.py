"""Work for later: enqueued in the business transaction, claimed with a lease, run by the worker.

Delivery is at least once, so every task can be repeated. Upward hand-off between rooms happens through task names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from visitor.core.actors import SYSTEM
from visitor.core.models import Job, JobState, PeriodicRun
from visitor.core.work import Runtime, Work

LEASE = timedelta(seconds=90)
MAX_ATTEMPTS = 8

Task = Callable[[Runtime, Mapping[str, Any]], None]
"""A task opens its own transactions, as slow work must not hold one."""

log = structlog.get_logger()


class Later(Exception):
    """Raised by a task that wants to be tried again after a while, without counting as failed."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work done once in each slot, by whichever process comes first."""

    name: str
    every: timedelta
    task: Task


class Tasks:
    """The tasks that the composition knows, by name."""

    def __init__(self) -> None:
        self.by_name: dict[str, Task] = {}
        self.periodic: list[Periodic] = []

    def add(self, name: str, task: Task) -> None:
        """Register the task that does jobs of that name."""
        self.by_name[name] = task

    def every(self, name: str, span: timedelta, task: Task) -> None:
        """Register periodic work."""
        self.periodic.append(Periodic(name, span, task))


def enqueue(work: Work, name: str, payload: dict[str, Any], *, after: timedelta = timedelta()) -> UUID:
    """Ask for `name` to be done once this transaction has committed. The payload holds ids and codes only."""
    return enqueue_all(work, name, [payload], after=after)[0]


def enqueue_all(
    work: Work, name: str, payloads: Sequence[dict[str, Any]], *, after: timedelta = timedelta()
) -> list[UUID]:
    """Ask for `name` to be done once for each payload, in one statement; none for no payload."""
    if not payloads:
        return []
    rows = waiting(work, name, payloads, after=after)
    work.session.connection().execute(sa.insert(Job), rows)
    return [row["id"] for row in rows]


def waiting(
    work: Work, name: str, payloads: Sequence[dict[str, Any]], *, after: timedelta = timedelta()
) -> list[dict[str, Any]]:
    """Return the rows of jobs, for the scan path to insert with its own statement."""
    common = {
        "name": name,
        "state": JobState.WAITING,
        "run_at": work.now + after,
        "attempts": 0,
        "created_at": work.now,
    }
    return [common | {"id": work.new_id(), "payload": payload} for payload in payloads]


def claim(work: Work, owner: str, limit: int = 1, *, lease: timedelta = LEASE) -> list[Job]:
    """Take due jobs for `owner` until their lease ends; jobs whose lease ran out are taken over."""
    taken: list[Job] = []
    for kind in _due_kinds(work.now, lease):
        # One kind after the other: each is a range of the index, so that a long queue is not sorted for each job.
        query = sa.select(Job).where(kind).order_by(Job.run_at, Job.id).limit(limit - len(taken))
        taken += work.session.scalars(query.with_for_update(skip_locked=True))
        if len(taken) == limit:
            break
    taken = [job for job in taken if not _given_up(job)]
    for job in taken:
        job.state, job.attempts = JobState.RUNNING, job.attempts + 1
        job.lease_owner, job.lease_until = owner, work.now + lease
    return taken


def run_one(runtime: Runtime, tasks: Tasks, owner: str, *, lease: timedelta = LEASE) -> bool:
    """Claim and do one job; return False when none is due."""
    with runtime.reading(SYSTEM) as work:
        # A look without the write lock: an idle worker must not stand in the writers' queue.
        if work.session.scalar(sa.select(Job.id).where(sa.or_(*_due_kinds(work.now, lease))).limit(1)) is None:
            return False
    with runtime.transaction(SYSTEM) as work:
        jobs = claim(work, owner, lease=lease)
    if not jobs:
        return False
    _do(runtime, tasks, jobs[0])
    return True


def run_periodic(runtime: Runtime, tasks: Tasks) -> int:
    """Do the periodic work whose present slot nobody has taken; return how much was done."""
    done = 0
    for periodic in tasks.periodic:
        if _take_slot(runtime, periodic):
            log.debug("periodic.run", name=periodic.name)
            periodic.task(runtime, {})
            done += 1
    return done


def run_all(runtime: Runtime, tasks: Tasks, *, limit: int = 10_000) -> int:
    """Do jobs until none is due; return how many were done. For tests, restores and the command line."""
    for count in range(limit):
        if not run_one(runtime, tasks, "all"):
            return count
    return limit


def _given_up(job: Job) -> bool:
    """Let a job go that ended its worker each time it was tried: nobody was left to count the failure."""
    if job.attempts < MAX_ATTEMPTS:
        return False
    job.state, job.fault, job.lease_owner, job.lease_until = JobState.FAILED, "Abandoned", None, None
    return True


def _due_kinds(now: datetime, lease: timedelta) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the kinds of jobs that are to be done now: left by a dead worker, due, and out of the future.

    A job that was asked for in the future, or leased for longer than a lease lasts, dates from before the clock was
    set back: it must not wait for that hour to come again. Twice the lease allows for clocks that differ a little.
    """
    ahead = now + 2 * lease
    waiting, running = Job.state == JobState.WAITING, Job.state == JobState.RUNNING
    return (
        sa.and_(running, sa.or_(Job.lease_until < now, Job.lease_until > ahead)),
        sa.and_(waiting, Job.run_at <= now),
        sa.and_(waiting, Job.run_at > ahead, Job.created_at > ahead),
    )


def _do(runtime: Runtime, tasks: Tasks, job: Job) -> None:
    task = tasks.by_name.get(job.name)
    try:
        if task is None:
            raise LookupError(job.name)
        task(runtime, job.payload)
    except Later as later:
        _put_back(runtime, job, timedelta(seconds=later.seconds), fault=None)
    except Exception as fault:  # noqa: BLE001  whatever a task raises is kept with the job and tried again
        log.warning("job.failed", name=job.name, job=str(job.id), fault=type(fault).__name__, attempt=job.attempts)
        _put_back(runtime, job, timedelta(seconds=min(3600, 2**job.attempts)), fault=type(fault).__name__)
    else:
        with runtime.transaction(SYSTEM) as work:
            work.session.execute(sa.delete(Job).where(Job.id == job.id))


def _put_back(runtime: Runtime, job: Job, wait: timedelta, *, fault: str | None) -> None:
    exhausted = fault is not None and job.attempts >= MAX_ATTEMPTS
    attempts = job.attempts if fault is not None else 0
    with runtime.transaction(SYSTEM) as work:
        values = {
            "state": JobState.FAILED if exhausted else JobState.WAITING,
            "run_at": work.now + wait,
            "attempts": attempts,
            "fault": fault,
            "lease_owner": None,
            "lease_until": None,
        }
        # Not if the lease ran out meanwhile and another worker has the job now.
        mine = (Job.id == job.id, Job.lease_owner == job.lease_owner, Job.attempts == job.attempts)
        work.session.execute(sa.update(Job).where(*mine).values(values))


def _take_slot(runtime: Runtime, periodic: Periodic) -> bool:
    seconds = periodic.every.total_seconds()
    with runtime.reading(SYSTEM) as work:
        slot = datetime.fromtimestamp(work.now.timestamp() // seconds * seconds, work.now.tzinfo)
        if work.session.get(PeriodicRun, (periodic.name, slot)) is not None:
            return False
    try:
        with runtime.transaction(SYSTEM) as work:
            row = {"name": periodic.name, "slot_at": slot}
            work.session.execute(sa.insert(PeriodicRun), [row])
            older = PeriodicRun.slot_at < slot - 5 * periodic.every
            work.session.execute(sa.delete(PeriodicRun).where(PeriodicRun.name == periodic.name, older))
    except IntegrityError:
        return False
    return True

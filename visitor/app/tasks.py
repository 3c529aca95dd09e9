"""Which task does which job. Rooms hand work upward by these names and never import one another for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from visitor.accounts import sessions
from visitor.core import throttle
from visitor.core.actors import SYSTEM
from visitor.core.jobs import Task, Tasks
from visitor.core.work import Runtime


@dataclass(frozen=True, slots=True)
class Named:
    """A task and where it is found: `visitor.<room>.tasks`."""

    name: str
    room: str
    function: str
    every: timedelta | None = None
    """For periodic work."""


JOBS: Final = (
    Named("badges.print", "badges", "print_badge"),
    Named("badges.print_test", "badges", "print_test_page"),
    Named("badges.check_printers", "badges", "check_printers"),
    Named("cctv.take_still", "cctv", "take_still"),
    Named("notify.host", "reception", "tell_host"),
    Named("reception.invite", "reception", "send_invitation"),
    Named("reception.personal_code", "reception", "send_personal_code"),
    Named("privacy.due", "privacy", "recompute_due"),
    Named("privacy.recompute", "privacy", "recompute_site"),
    Named("privacy.purge_run", "privacy", "run_planned"),
    Named("privacy.scrub", "privacy", "scrub"),
)
PERIODIC: Final = (
    Named("ledger.sequence", "ledger", "sequence_entries", timedelta(seconds=1)),
    Named("badges.check_printers", "badges", "check_printers", timedelta(minutes=1)),
    Named("visits.close_forgotten", "visits", "close_forgotten", timedelta(minutes=5)),
    Named("people.sweep_orphans", "people", "sweep_orphans", timedelta(hours=1)),
    Named("privacy.months", "privacy", "make_months", timedelta(hours=1)),
    Named("privacy.purge", "privacy", "purge_nightly", timedelta(minutes=10)),
)


def all_tasks() -> Tasks:
    """Return every task of every room that this installation has.

    Raises:
        AttributeError: a room lacks a task that stands above.
    """
    tasks = Tasks()
    for named in JOBS:
        task = _found(named)
        if task is not None:
            tasks.add(named.name, task)
    for named in PERIODIC:
        task = _found(named)
        if task is not None and named.every is not None:
            tasks.every(named.name, named.every, task)
    tasks.every("accounts.sweep", timedelta(hours=1), sweep)
    return tasks


def sweep(runtime: Runtime, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  every task takes one
    """Delete sessions that are over and counts of tries that no longer matter."""
    with runtime.transaction(SYSTEM) as work:
        sessions.sweep(work)
        throttle.sweep(work)


def _found(named: Named) -> Task | None:
    module = f"visitor.{named.room}.tasks"
    if find_spec(module) is None:
        return None
    task: Task = getattr(import_module(module), named.function)
    return task

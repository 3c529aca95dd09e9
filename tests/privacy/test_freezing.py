"""Writing a plan in short transactions: only a whole plan counts, and only one purge writes at a time."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.privacy.house import OFFICER, hold_on, put_visits, runs, visits_left
from visitor.core import leases
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime, Work
from visitor.privacy import operations, planning, purge
from visitor.privacy.due import ItemKind
from visitor.privacy.models import PurgeItem, PurgeRun, PurgeState
from visitor.privacy.purge import Refusal
from visitor.privacy.tasks import purge_nightly
from visitor.sites.models import Site


class Cut(Exception):
    """The process ends here."""


def after_items(monkeypatch: pytest.MonkeyPatch, runtime: Runtime, happens: Callable[[], object]) -> None:
    """Let plans be written item by item, and something happen once, when three are there."""
    monkeypatch.setattr(planning, "ITEMS_AT_ONCE", 1)
    pending = [happens]

    def sleep(_seconds: float) -> None:
        if pending and len(items(runtime)) == 3:
            pending.pop()()

    monkeypatch.setattr(time, "sleep", sleep)


def items(runtime: Runtime) -> list[tuple[UUID, str, UUID]]:
    with runtime.reading(SYSTEM) as work:
        rows = work.session.execute(sa.select(PurgeItem.run_id, PurgeItem.subject, PurgeItem.row_id))
        return [(row.run_id, row.subject, row.row_id) for row in rows]


def cut() -> None:
    raise Cut


def test_a_frozen_plan_is_hashed_over_the_items_that_are_stored(
    runtime: Runtime, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "ITEMS_AT_ONCE", 4)
    put_visits(runtime, site, 3, 40)

    run = operations.plan_purge(runtime, OFFICER)

    stored: dict[ItemKind, list[UUID]] = {}
    for run_id, subject, row_id in items(runtime):
        assert run_id == run.id
        stored.setdefault(ItemKind(subject), []).append(row_id)
    assert run.plan_hash == planning.plan_hash(stored)
    assert sum(map(len, stored.values())) == run.planned + 2, "and the two markers"


def test_a_plan_that_was_cut_off_is_not_carried_out_and_the_night_makes_a_new_one(
    runtime: Runtime, site: Site, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_visits(runtime, site, 3, 40)
    after_items(monkeypatch, runtime, cut)
    with pytest.raises(Cut):
        purge.run_purge(runtime)
    with runtime.reading(SYSTEM) as work:
        half = work.session.scalars(sa.select(PurgeRun)).one()
        assert planning.unfinished(work) is None
    assert half.plan_hash is None
    assert len(items(runtime)) == 3
    assert purge.run_purge(runtime, half.id).refusal is Refusal.GONE
    assert len(visits_left(runtime)) == 3
    clock.move(timedelta(minutes=3))

    purge_nightly(runtime, {})

    assert runs(runtime) == [PurgeState.FAILED, PurgeState.DONE]
    assert items(runtime) == []
    assert visits_left(runtime) == set()


def test_a_second_purge_and_a_second_plan_leave_a_plan_alone_that_is_being_written(
    runtime: Runtime, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_visits(runtime, site, 3, 40)
    seen: list[object] = []

    def others() -> None:
        seen.append(purge.run_purge(runtime).refusal)
        seen.append(purge.plan(runtime, OFFICER, lambda _work, _run: None))

    after_items(monkeypatch, runtime, others)

    assert purge.run_purge(runtime).refusal is None
    assert seen == [Refusal.BUSY, None]
    assert runs(runtime) == [PurgeState.DONE]
    assert visits_left(runtime) == set()


def test_a_purge_that_loses_its_lease_while_it_writes_its_plan_stops(
    runtime: Runtime, site: Site, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_visits(runtime, site, 3, 40)

    def usurp() -> None:
        clock.move(timedelta(minutes=3))
        with runtime.transaction(SYSTEM) as work:
            assert leases.take(work, purge.LEASE_NAME, "another", purge.LEASE_SPAN) is not None

    after_items(monkeypatch, runtime, usurp)

    assert purge.run_purge(runtime).refusal is Refusal.BUSY
    assert len(items(runtime)) == 3
    assert len(visits_left(runtime)) == 3


def test_a_plan_that_is_approved_as_the_next_one_begins_is_carried_out_and_no_second_one_is_made(
    runtime: Runtime, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_visits(runtime, site, 30, 40)
    waiting = purge.run_purge(runtime)
    assert waiting.refusal is Refusal.NEEDS_APPROVAL
    assert waiting.run_id is not None
    freeze, run_id = planning.freeze, waiting.run_id

    def approve_first(*given: Any) -> PurgeRun | None:
        with runtime.transaction(OFFICER) as work:
            operations.approve_purge(work, run_id)
        return freeze(*given)

    monkeypatch.setattr(planning, "freeze", approve_first)

    outcome = purge.run_purge(runtime)

    assert (outcome.run_id, outcome.refusal) == (run_id, None)
    assert runs(runtime) == [PurgeState.DONE]
    assert items(runtime) == []
    assert visits_left(runtime) == set()


def test_a_plan_that_is_approved_as_somebody_begins_another_leaves_no_second_one(
    runtime: Runtime, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL the approval has the row's lock, and the new plan waits for it."""
    put_visits(runtime, site, 30, 40)
    waiting = purge.run_purge(runtime)
    assert waiting.run_id is not None
    run_id, supersede, locked = waiting.run_id, planning._supersede, threading.Event()

    def approve_slowly() -> None:
        with runtime.transaction(OFFICER) as other:
            operations.approve_purge(other, run_id)
            other.session.flush()
            locked.set()
            time.sleep(0.3)

    def approve_first(work: Work) -> None:
        if runtime.embedded:  # one writes at a time
            operations.approve_purge(replace(work, actor=OFFICER), run_id)
            supersede(work)
            return
        late = threading.Thread(target=approve_slowly)
        late.start()
        assert locked.wait(60)
        supersede(work)
        late.join()

    monkeypatch.setattr(planning, "_supersede", approve_first)

    assert purge.plan(runtime, OFFICER, lambda _work, _run: None) is None
    assert runs(runtime) == [PurgeState.PLANNED]
    assert {row[0] for row in items(runtime)} == {run_id}


def test_a_hold_placed_while_the_plan_is_written_is_respected(
    runtime: Runtime, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, _other = put_visits(runtime, site, 2, 40)

    def hold() -> None:
        with runtime.transaction(OFFICER) as work:
            operations.place_hold(work, hold_on(held.visit))

    after_items(monkeypatch, runtime, hold)

    assert purge.run_purge(runtime).skipped > 0
    assert visits_left(runtime) == {held.visit.id}


def writers_at_work(runtime: Runtime) -> int:
    """Return how many transactions have written something and are not committed."""
    if not runtime.embedded:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
        with runtime.engine.connect() as connection:
            return connection.scalar(sa.text(query)) or 0
    if not runtime.writers.acquire(0):
        return 1
    runtime.writers.release()
    return 0


def test_doors_do_not_wait_while_a_purge_looks_at_what_is_due(
    runtime: Runtime, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for the plan, and once for what the certificate says is left."""
    put_visits(runtime, site, 2, 40)
    survey = planning.survey
    at_work: list[int] = []

    def looked(work: Work, *, limit: int = planning.PLAN_LIMIT) -> planning.Survey:
        found = survey(work, limit=limit)
        at_work.append(writers_at_work(runtime))
        return found

    monkeypatch.setattr(planning, "survey", looked)

    assert purge.run_purge(runtime).erased > 0

    assert at_work == [0, 0]
    with runtime.transaction(SYSTEM) as work:
        leases.take(work, "test", "somebody", timedelta(seconds=1))
        assert writers_at_work(runtime) == 1, "it would have been seen"

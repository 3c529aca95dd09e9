"""Transactions: all or nothing, writers in the order of asking, readers in nobody's way."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests import factories
from tests.conftest import MONDAY
from visitor.app.runtime import OpenRuntime
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.clock import FixedClock
from visitor.core.errors import NotAllowed, NotFound, Unavailable
from visitor.core.permissions import Permission
from visitor.core.work import FairLock, Resources, Runtime, Work
from visitor.ledger.operations import audit
from visitor.sites.models import Site

LONG = 20.0


def site_count(runtime: Runtime) -> int:
    with runtime.reading(SYSTEM) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(Site)) or 0


def failing(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        work.changed_sites.add(factories.site(work).id)
        raise LookupError


def test_error_rolls_everything_back_and_frees_the_lock(runtime: Runtime) -> None:
    for _ in range(3):
        with pytest.raises(LookupError):
            failing(runtime)
    assert site_count(runtime) == 0


def test_pages_are_told_after_the_commit_only(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        work.changed_sites.add(site.id)
        assert runtime.changes.count(site.id) == 0
    assert runtime.changes.count(site.id) == 1


def test_all_of_a_transaction_happens_at_one_instant(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        clock.move(timedelta(hours=1))
        assert work.now == MONDAY


def test_reading_does_not_wait_for_a_writer(runtime: Runtime) -> None:
    counted: list[int] = []
    with runtime.transaction(SYSTEM) as work:
        factories.site(work)
        reader = threading.Thread(target=lambda: counted.append(site_count(runtime)))
        reader.start()
        reader.join(LONG)
    assert counted == [0]
    assert site_count(runtime) == 1


@pytest.mark.postgres_only(reason="on SQLite it only takes no write lock")
def test_reading_transaction_cannot_be_used_to_write_on_postgresql(runtime: Runtime) -> None:
    with pytest.raises(sa.exc.DBAPIError), runtime.reading(SYSTEM) as work:
        factories.site(work)


def _by_entity(work: Work) -> None:
    factories.site(work)
    work.session.flush()


def _by_statement(work: Work) -> None:
    work.session.connection().execute(sa.delete(Site))


@pytest.mark.postgres_only(reason="on SQLite it only takes no write lock")
@pytest.mark.parametrize("write", [_by_entity, _by_statement])
def test_what_may_be_read_elsewhere_is_not_written_on_postgresql(
    runtime: Runtime, write: Callable[[Work], None]
) -> None:
    with pytest.raises(RuntimeError, match="only reads"):
        runtime.reading_elsewhere(SYSTEM, write)
    assert site_count(runtime) == 0


def test_what_only_reads_leaves_no_audit_entry(runtime: Runtime) -> None:
    with runtime.reading(SYSTEM) as work, pytest.raises(RuntimeError, match="only reads"):
        audit(work, "log.search")
    with pytest.raises(RuntimeError, match="only reads"):
        runtime.reading_elsewhere(SYSTEM, lambda work: audit(work, "log.search"))


@pytest.mark.sqlite_only(reason="PostgreSQL has many writers")
def test_writer_that_waits_too_long_is_told_so(runtime: OpenRuntime) -> None:
    quick = runtime.settings.database.model_copy(update={"lock_timeout_seconds": 0.05})
    runtime.settings = runtime.settings.model_copy(update={"database": quick})
    caught: list[type[Exception]] = []

    def second() -> None:
        try:
            with runtime.transaction(SYSTEM):
                pass
        except Unavailable as fault:
            caught.append(type(fault))

    with runtime.transaction(SYSTEM):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(LONG)
    assert caught == [Unavailable]
    second()
    assert caught == [Unavailable], "the lock was not lost with the time-out"


@pytest.mark.postgres_only(reason="SQLite has one writer, and readers never wait")
def test_writers_leave_connections_to_readers(runtime: Runtime) -> None:
    quick = runtime.settings.database.model_copy(update={"lock_timeout_seconds": 0.05})
    runtime.settings = runtime.settings.model_copy(update={"database": quick})
    with ExitStack() as stack:
        for _ in range(quick.pool_size):
            stack.enter_context(runtime.transaction(SYSTEM))
        with pytest.raises(Unavailable):
            stack.enter_context(runtime.transaction(SYSTEM))

        assert site_count(runtime) == 0


def queued(lock: FairLock, act: Callable[[], None], timeout_seconds: float = LONG) -> threading.Thread:
    """Start a thread that asks for the lock, and return once it stands in the queue."""
    before = len(lock._waiting)

    def run() -> None:
        if lock.acquire(timeout_seconds):
            act()
            lock.release()

    thread = threading.Thread(target=run)
    thread.start()
    pause = threading.Event()
    for _ in range(2000):
        if len(lock._waiting) > before:
            return thread
        pause.wait(0.01)
    raise AssertionError("the thread never asked")


def test_lock_is_granted_in_the_order_of_asking() -> None:
    lock, order = FairLock(), list[int]()
    assert lock.acquire(0)
    threads = [queued(lock, lambda number=number: order.append(number)) for number in range(20)]  # type: ignore[misc]  # bound now
    lock.release()
    for thread in threads:
        thread.join(LONG)
    assert order == list(range(20))


def test_one_who_gives_up_does_not_take_the_lock_along() -> None:
    lock, order = FairLock(), list[str]()
    assert lock.acquire(0)
    impatient = queued(lock, lambda: order.append("impatient"), 0.02)
    patient = queued(lock, lambda: order.append("patient"))
    impatient.join(LONG)
    lock.release()
    patient.join(LONG)
    assert order == ["patient"]
    assert lock.acquire(0)


def test_lock_with_places_is_held_by_so_many() -> None:
    lock, order = FairLock(2), list[str]()
    assert (lock.acquire(0), lock.acquire(0), lock.acquire(0)) == (True, True, False)
    third = queued(lock, lambda: order.append("third"))
    lock.release()
    third.join(LONG)
    assert order == ["third"]
    lock.release()
    assert (lock.acquire(0), lock.acquire(0), lock.acquire(0)) == (True, True, False)


def test_lock_is_held_by_one_at_a_time_under_hurry() -> None:
    lock, inside, most = FairLock(), 0, 0

    def hurry() -> None:
        nonlocal inside, most
        for _ in range(200):
            if lock.acquire(0.0005):
                inside += 1
                most = max(most, inside)
                inside -= 1
                lock.release()

    threads = [threading.Thread(target=hurry) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert most == 1
    assert lock.acquire(1), "no hand-over was lost"


def test_fifty_writers_at_once_all_commit(runtime: Runtime) -> None:
    def write() -> None:
        with runtime.transaction(SYSTEM) as work:
            factories.site(work)

    threads = [threading.Thread(target=write) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert site_count(runtime) == 50


def test_resource_is_found_by_its_class_alone() -> None:
    held = Resources()
    with pytest.raises(LookupError, match="no FixedClock was provided"):
        held.get(FixedClock)
    clock = FixedClock(MONDAY)
    held.put(FixedClock, clock)
    assert held.get(FixedClock) is clock


def test_foreign_site_looks_like_none_and_ones_own_says_what_is_missing(work: Work) -> None:
    here, elsewhere = work.new_id(), work.new_id()
    work.actor = Actor(ActorKind.STAFF, work.new_id(), at_site={here: frozenset({Permission.DESK_VIEW})})
    work.require(Permission.DESK_VIEW, here)
    with pytest.raises(NotAllowed):
        work.require(Permission.DESK_ACT, here)
    with pytest.raises(NotFound):
        work.require(Permission.DESK_VIEW, elsewhere)
    assert work.actor.sites(Permission.DESK_VIEW) == frozenset({here})
    assert SYSTEM.sites(Permission.DESK_VIEW) is None

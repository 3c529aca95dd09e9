"""What is done to a visit while it is being erased, and what a purge does that was overtaken."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests import factories
from tests.privacy.house import OFFICER, certificate_of, put_visits, runs, visits_left
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.errors import Conflict, ProductError
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import EraseReason
from visitor.people import operations as people
from visitor.people.models import PersonalRecord, PersonToken
from visitor.privacy import holds, purge, requests, scrubbing
from visitor.privacy.forms import ErasureForm
from visitor.privacy.models import PurgeState
from visitor.privacy.purge import Refusal
from visitor.sites.models import Site
from visitor.visits.models import Visit, VisitState

PATIENCE_SECONDS = 30


@contextmanager
def at_the_same_time(runtime: Runtime, *acts: Callable[[], object]) -> Iterator[Work]:
    """Begin acts one after the other, each once the one before waits for a lock; they end after this transaction."""
    threads = [threading.Thread(target=act) for act in acts]
    with runtime.transaction(SYSTEM) as work:
        yield work
        work.session.flush()
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            until_they_wait(runtime, threads[:waiting])
    for thread in threads:
        thread.join(PATIENCE_SECONDS)


def until_they_wait(runtime: Runtime, threads: list[threading.Thread]) -> None:
    """Wait until each of the threads waits for a lock or has ended."""
    query = sa.text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE"
        " datname = current_database())"
    )
    alive = len(threads)
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while (connection.scalar(query) or 0) < alive:
            for thread in threads:
                thread.join(0.02)
            alive = sum(thread.is_alive() for thread in threads)


@pytest.mark.postgres_only
def test_what_somebody_was_told_is_restricted_is_not_erased(runtime: Runtime, site: Site) -> None:
    whole = put_visits(runtime, site, 1, 40)[0]
    told: list[int] = []

    def restrict() -> None:
        with runtime.transaction(OFFICER) as work:
            told.append(people.restrict(work, whole.visit.id, restricted=True))

    # The purge has looked at what is restricted when it comes to the search tokens, and waits for them.
    with at_the_same_time(runtime, lambda: purge.run_purge(runtime), restrict) as work:
        work.session.execute(sa.select(PersonToken).where(PersonToken.record_id == whole.contact_id).with_for_update())

    with runtime.reading(SYSTEM) as work:
        left = work.session.scalars(sa.select(PersonalRecord.id).where(PersonalRecord.visit_id == whole.visit.id)).all()
    assert told == [len(left)]


@pytest.mark.postgres_only
def test_who_arrives_before_an_erasure_at_wish_has_begun_is_not_erased(runtime: Runtime, site: Site) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit_id = factories.visit(work, site, state=VisitState.EXPECTED, arrived_at=None, received_at=None).id
    faults: list[ProductError] = []

    def erase() -> None:
        form = ErasureForm(visit_id=visit_id, reason=EraseReason.REQUEST, reference="2026-014")
        try:
            with runtime.transaction(OFFICER) as work:
                requests.erase_visit(work, form)
        except ProductError as fault:
            faults.append(fault)

    with at_the_same_time(runtime, erase) as work:
        holds.alone(work)
        visit = work.session.get_one(Visit, visit_id)
        visit.state, visit.arrived_at = VisitState.ON_SITE, work.now

    assert [type(fault) for fault in faults] == [Conflict]
    assert visits_left(runtime) == {visit_id}


def test_a_purge_that_was_overtaken_at_its_end_leaves_the_certificate_as_it_is(
    runtime: Runtime, site: Site, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing a large database anew may take longer than the lease lasts."""
    put_visits(runtime, site, 3, 40)
    scrub, others, certificates = scrubbing.scrub, list[purge.Outcome](), list[dict[str, object]]()

    def slowly(given: Runtime) -> scrubbing.Scrubbed:
        monkeypatch.setattr(scrubbing, "scrub", scrub)
        clock.move(timedelta(minutes=3))
        others.append(purge.run_purge(given))
        certificates.append(certificate_of(given, others[0]))
        clock.move(timedelta(seconds=1))
        return scrub(given)

    monkeypatch.setattr(scrubbing, "scrub", slowly)

    assert purge.run_purge(runtime).refusal is Refusal.BUSY
    assert runs(runtime) == [PurgeState.DONE]
    assert certificate_of(runtime, others[0]) == certificates[0]

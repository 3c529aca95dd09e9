"""Several processes verify like one: same findings, same state, and never "good" when one of them failed."""

import os
import signal
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.ledger import stored
from tests.ledger import test_database_tampering as tampering
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.ledger import operations, queries, together
from visitor.ledger.audit import Verdict
from visitor.ledger.crew import Crew, Unfinished
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerEntry, LedgerLeaf
from visitor.ledger.queries import LedgerReport

PART = 4
ENDS_WITHIN_SECONDS = 30


@pytest.fixture
def grown(runtime: Runtime) -> Runtime:
    """Twenty scans, of which some are erased over a border of parts, and two acts; all signed.

    What the tampering of the other module is about are the entries at the border between the first two parts.
    """
    stored.scans(runtime, 10)
    stored.sign(runtime)
    stored.scans(runtime, 10)
    with runtime.transaction(SYSTEM) as work:
        operations.sequence(work)
        erased = sa.select(LedgerEntry.id).where(LedgerEntry.log == Log.ACCESS, LedgerEntry.seq.in_([5, 6, 7, 8, 11]))
        stored.erase(work, work.session.scalars(erased))
        operations.audit(work, "test.act", detail="code")
        operations.audit(work, "test.act")
    stored.sign(runtime)
    return runtime


def in_one(runtime: Runtime) -> LedgerReport:
    with runtime.reading(SYSTEM) as work:
        return queries.verify(work)


def gone(process_id: int) -> bool:
    """Tell whether a process has ended, waiting a little for it."""
    end = time.monotonic() + ENDS_WITHIN_SECONDS
    while time.monotonic() < end:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_untouched_ledger_is_good_with_several_processes(grown: Runtime) -> None:
    report = together.verify(grown, SYSTEM, jobs=3, part_size=PART)

    assert report == in_one(grown)
    assert (report.verdict, report.logs[0].missing) == (Verdict.GOOD, 5)


def test_empty_ledger_is_good_with_several_processes(runtime: Runtime) -> None:
    stored.sign(runtime)
    with Crew(runtime.engine, 2) as crew, runtime.reading(SYSTEM) as work:
        queries.freeze(work)
        assert crew.sees_the_same(work)
        report = together.verify_with(crew, work)

    assert report == in_one(runtime)
    assert report.verdict is Verdict.GOOD


def test_kept_checkpoint_is_compared_in_the_middle_of_a_part(grown: Runtime) -> None:
    kept = stored.sign(grown)
    stored.scans(grown, 6)
    stored.sign(grown)

    assert together.verify(grown, SYSTEM, kept, jobs=2, part_size=PART).verdict is Verdict.GOOD

    with grown.transaction(SYSTEM) as work:
        work.session.execute(sa.delete(LedgerLeaf).where(LedgerLeaf.seq >= PART))
    report = together.verify(grown, SYSTEM, kept, jobs=2, part_size=PART)
    with grown.reading(SYSTEM) as work:
        assert report == queries.verify(work, kept)
    assert "rolled-back" in {finding.kind for finding in report.logs[0].findings}


@pytest.mark.parametrize(
    "tamper",
    [
        tampering.edit_body,
        tampering.edit_due_day,
        tampering.cut_a_leaf,
        tampering.delete_last_row,
        tampering.delete_leaf,
        tampering.delete_leaf_and_body,
        tampering.delete_last_leaf_and_body,
        tampering.delete_leaf_and_close_the_gap,
        tampering.insert_row,
        tampering.give_one_entry_two_bodies,
        tampering.bring_back_a_body,
        tampering.forge_a_checkpoint,
    ],
)
def test_tampering_is_reported_alike_by_several_processes(grown: Runtime, tamper: Callable[[Session], None]) -> None:
    with grown.transaction(SYSTEM) as work:
        tamper(work.session)

    report = together.verify(grown, SYSTEM, jobs=2, part_size=PART)

    assert report == in_one(grown)
    assert report.verdict is Verdict.TAMPERED


def test_erasure_meanwhile_is_not_seen(grown: Runtime) -> None:
    with Crew(grown.engine, 2) as crew, grown.reading(SYSTEM) as work:
        queries.freeze(work)
        assert crew.sees_the_same(work)
        with grown.transaction(SYSTEM) as other:
            alive = list(other.session.scalars(sa.select(LedgerEntry.id).where(LedgerEntry.kind == 0x10)))
            assert stored.erase(other, alive) == 15
        report = together.verify_with(crew, work, part_size=PART)

    assert (report.verdict, report.logs[0].missing) == (Verdict.GOOD, 5)


@pytest.mark.sqlite_only
def test_log_that_grew_before_all_looked_is_not_the_same(grown: Runtime) -> None:
    with Crew(grown.engine, 2) as crew:
        with grown.reading(SYSTEM) as work:
            work.session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry))
            stored.scans(grown, 1)
            stored.sign(grown)
            assert not crew.sees_the_same(work)
        with grown.reading(SYSTEM) as work:
            assert crew.sees_the_same(work), "another look finds one state"


def test_process_that_dies_ends_the_verification_without_a_verdict(grown: Runtime) -> None:
    with Crew(grown.engine, 2) as crew, grown.reading(SYSTEM) as work:
        queries.freeze(work)
        assert crew.sees_the_same(work)
        os.kill(crew.process_ids[0], signal.SIGKILL)
        with pytest.raises(Unfinished, match="nothing is verified"):
            together.verify_with(crew, work, part_size=PART)


def test_process_that_cannot_read_ends_the_verification_without_a_verdict(grown: Runtime) -> None:
    with grown.transaction(SYSTEM) as work:
        work.session.execute(sa.text("ALTER TABLE ledger_leaf RENAME TO ledger_other"))
    try:
        with pytest.raises(Unfinished, match="nothing is verified"):
            together.verify(grown, SYSTEM, jobs=2, part_size=PART)
    finally:
        # On PostgreSQL the next test has the same tables.
        with grown.transaction(SYSTEM) as work:
            work.session.execute(sa.text("ALTER TABLE ledger_other RENAME TO ledger_leaf"))


def test_processes_end_when_the_one_that_asked_is_stopped(grown: Runtime) -> None:
    crew = Crew(grown.engine, 2)
    # A shell that starts the tests in the background lets them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), crew:
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)

    started = crew.process_ids
    assert len(started) == 2
    assert all(gone(process_id) for process_id in started)

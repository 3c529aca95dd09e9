"""Numbers without gaps, whoever writes and whoever dies; checkpoints in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.ledger import stored
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime, Work
from visitor.ledger import operations, queries, sequencer, tasks
from visitor.ledger.audit import Verdict
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerCheckpoint, LedgerEntry


def checkpoints(runtime: Runtime) -> list[int]:
    with runtime.reading(SYSTEM) as work:
        query = sa.select(LedgerCheckpoint.size).where(LedgerCheckpoint.log == Log.ACCESS)
        return list(work.session.scalars(query.order_by(LedgerCheckpoint.size)))


def verdict(runtime: Runtime) -> Verdict:
    with runtime.reading(SYSTEM) as work:
        return queries.verify(work).verdict


def test_entry_has_no_number_until_the_sequencer_comes(runtime: Runtime) -> None:
    stored.scans(runtime, 3)
    assert stored.numbers(runtime) == [None, None, None]

    tasks.sequence_entries(runtime, {})

    assert stored.numbers(runtime) == [0, 1, 2]


def test_entry_of_a_failed_transaction_leaves_no_gap(runtime: Runtime) -> None:
    stored.scans(runtime, 2)
    with stored.dying(runtime) as work:
        stored.scan(work)
        operations.sequence(work)
    stored.scans(runtime, 2)

    tasks.sequence_entries(runtime, {})

    assert stored.numbers(runtime) == [0, 1, 2, 3]


def test_sequencer_killed_before_its_commit_is_continued_by_the_next(runtime: Runtime) -> None:
    stored.scans(runtime, 5)
    with stored.dying(runtime) as work:
        assert operations.sequence(work) == 5
        operations.checkpoint_when_due(work)
    assert stored.numbers(runtime) == [None] * 5
    assert checkpoints(runtime) == []

    tasks.sequence_entries(runtime, {})

    assert stored.numbers(runtime) == [0, 1, 2, 3, 4]
    assert verdict(runtime) is Verdict.GOOD


def test_writers_beside_the_sequencer_get_gap_free_numbers(runtime: Runtime) -> None:
    writers, each = 4, 25

    def write() -> None:
        for _ in range(each):
            with runtime.transaction(SYSTEM) as work:
                stored.scan(work)
                operations.audit(work, "test.act")

    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write) for _ in range(writers)]
        while not all(future.done() for future in writing):
            tasks.sequence_entries(runtime, {})
        for future in writing:
            future.result()
    tasks.sequence_entries(runtime, {})

    for log in Log:
        assert stored.numbers(runtime, log) == list(range(writers * each))
    assert verdict(runtime) is Verdict.GOOD


def test_numbers_follow_the_order_of_ids(runtime: Runtime, clock: FixedClock) -> None:
    ids = []
    for _ in range(4):
        clock.move(timedelta(seconds=1))
        ids += stored.scans(runtime, 1)
    tasks.sequence_entries(runtime, {})
    with runtime.reading(SYSTEM) as work:
        query = sa.select(LedgerEntry.id).where(LedgerEntry.log == Log.ACCESS).order_by(LedgerEntry.seq)
        assert list(work.session.scalars(query)) == ids


def test_more_entries_than_a_batch_are_numbered_in_one_turn(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "BATCH", 4)
    stored.scans(runtime, 10)

    tasks.sequence_entries(runtime, {})

    assert stored.numbers(runtime) == list(range(10))


def test_second_process_leaves_the_sequencer_its_lease(runtime: Runtime, clock: FixedClock) -> None:
    stored.scans(runtime, 1)
    tasks.take_turn(runtime, "one")
    stored.scans(runtime, 1)

    tasks.take_turn(runtime, "two")
    assert stored.numbers(runtime).count(None) == 1

    clock.move(tasks.LEASE_SPAN + timedelta(seconds=1))
    tasks.take_turn(runtime, "two")
    assert stored.numbers(runtime) == [0, 1]


def test_checkpoint_is_signed_at_most_once_a_minute(runtime: Runtime, clock: FixedClock) -> None:
    for _ in range(3):
        stored.scans(runtime, 1)
        tasks.sequence_entries(runtime, {})
        clock.move(timedelta(seconds=25))
    assert checkpoints(runtime) == [1]

    tasks.sequence_entries(runtime, {})

    assert checkpoints(runtime) == [1, 3]


def test_checkpoint_is_signed_early_when_many_entries_came(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "CHECKPOINT_ENTRIES", 5)
    stored.scans(runtime, 1)
    tasks.sequence_entries(runtime, {})
    stored.scans(runtime, 5)
    tasks.sequence_entries(runtime, {})

    assert checkpoints(runtime) == [1, 6]


def test_idle_sequencer_writes_nothing(runtime: Runtime) -> None:
    stored.scans(runtime, 1)
    tasks.sequence_entries(runtime, {})
    with runtime.reading(SYSTEM) as work:
        assert not queries.work_waiting(work)


def test_checkpoint_on_demand_covers_what_was_just_written(work: Work) -> None:
    stored.scan(work)
    notes = operations.checkpoint(work)

    assert operations.checkpoint(work) == notes
    assert [note.splitlines()[1] for note in notes] == ["1", "0"]
    assert queries.verify(work).verdict is Verdict.GOOD


def test_installations_sign_under_names_of_their_own(work: Work) -> None:
    origins = {note.splitlines()[0] for note in operations.checkpoint(work)}
    prefixes = {origin.partition("/")[0] for origin in origins}
    assert {origin.partition("/")[2] for origin in origins} == {"visitlog/access", "visitlog/audit"}
    assert len(prefixes) == 1
    assert len(prefixes.pop()) == 8

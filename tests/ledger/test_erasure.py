"""Erasing entries: what goes, what stays, what is refused."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.ledger import stored
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime, Work
from visitor.ledger import operations, queries
from visitor.ledger.audit import Verdict
from visitor.ledger.encoding import Leaf, commitment
from visitor.ledger.entries import EntryType, EraseFact, EraseReason, Log, RecordClass
from visitor.ledger.models import LedgerEntry, LedgerLeaf


def rows(work: Work) -> list[LedgerEntry]:
    query = sa.select(LedgerEntry).where(LedgerEntry.log == Log.ACCESS).order_by(LedgerEntry.seq)
    return list(work.session.scalars(query.execution_options(populate_existing=True)))


def leaves(work: Work) -> list[Leaf]:
    query = sa.select(LedgerLeaf.leaf).where(LedgerLeaf.log == Log.ACCESS).order_by(LedgerLeaf.seq)
    return [Leaf.from_bytes(leaf) for leaf in work.session.scalars(query)]


def test_erased_entry_keeps_nothing_but_its_leaf(work: Work) -> None:
    event_id = stored.scan(work)
    before = work.session.get_one(LedgerEntry, event_id)
    committed = commitment(before.salt, before.body)

    assert stored.erase(work, [event_id]) == 1

    assert [row.kind for row in rows(work)] == [EntryType.ERASE]
    assert next((leaf.seq, leaf.kind, leaf.commitment) for leaf in leaves(work)) == (0, 16, committed)


def test_what_counts_is_the_day_in_the_leaf_and_no_column(work: Work) -> None:
    event_id = stored.scan(work, stored.LATER)
    operations.sequence(work)
    work.session.execute(sa.update(LedgerEntry).values(due_on=stored.DUE))

    with pytest.raises(ValueError, match="order"):
        stored.erase(work, [event_id])


def test_erase_entry_names_the_numbers_and_the_reason(work: Work) -> None:
    ids = [stored.scan(work) for _ in range(6)]
    operations.sequence(work)
    by_number = sorted(ids, key=lambda event_id: work.session.get_one(LedgerEntry, event_id).seq or 0)

    stored.erase(work, [by_number[0], by_number[1], by_number[4]], "case 4711")

    erase = rows(work)[-1]
    assert erase.kind == EntryType.ERASE
    fact = EraseFact.from_body(erase.body)
    assert (fact.ranges, fact.count, fact.order_reference) == (((0, 1), (4, 4)), 3, "case 4711")
    assert fact.reason is EraseReason.DUE


def test_entry_without_a_number_is_numbered_before_it_is_erased(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        stored.erase(work, [stored.scan(work)])
    assert stored.numbers(runtime) == [1], "the body of entry 0 is gone"
    with runtime.reading(SYSTEM) as work:
        assert queries.verify(work).verdict is Verdict.GOOD


def test_erasing_twice_happens_once(work: Work) -> None:
    event_id = stored.scan(work)
    assert stored.erase(work, [event_id, event_id]) == 1
    assert stored.erase(work, [event_id]) == 0
    assert len(rows(work)) == 1
    assert len(leaves(work)) == 2


def test_entry_that_is_not_due_is_erased_on_an_order_only(work: Work) -> None:
    event_id = stored.scan(work, stored.LATER)
    with pytest.raises(ValueError, match="order"):
        stored.erase(work, [event_id])
    assert stored.erase(work, [event_id], "court 12/34") == 1
    assert queries.verify(work).verdict is Verdict.GOOD


def test_bookkeeping_is_never_erased(work: Work) -> None:
    stored.erase(work, [stored.scan(work)])
    bookkeeping = rows(work)[-1]
    with pytest.raises(ValueError, match="class"):
        operations.erase(work, Log.ACCESS, [bookkeeping.id], EraseReason.ORDER, RecordClass.LEDGER, "order")


def test_erasure_under_another_class_is_refused(work: Work) -> None:
    event_id = stored.scan(work)
    with pytest.raises(ValueError, match="class"):
        operations.erase(work, Log.ACCESS, [event_id], EraseReason.DUE, RecordClass.VISIT)


def test_failed_erasure_erases_nothing(runtime: Runtime, clock: FixedClock) -> None:
    ids = stored.scans(runtime, 3)
    with stored.dying(runtime) as work:
        stored.erase(work, ids)
    clock.move(timedelta(minutes=1))
    with runtime.transaction(SYSTEM) as work:
        assert stored.erase(work, ids) == 3


def test_many_scattered_entries_get_several_erase_entries(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "ERASE_LIMIT", 2)
    ids = [stored.scan(work) for _ in range(9)]
    operations.sequence(work)
    by_number = sorted(ids, key=lambda event_id: work.session.get_one(LedgerEntry, event_id).seq or 0)

    assert stored.erase(work, by_number[::2]) == 5

    assert [row.kind for row in rows(work)].count(EntryType.ERASE) == 3
    assert queries.verify(work).verdict is Verdict.GOOD

"""A large backlog is numbered by the index of what waits, on both databases."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.ledger import stored
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime, Work
from visitor.ledger import operations, queries, sequencer
from visitor.ledger.audit import Verdict
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerEntry

BACKLOG = 300


def plan(work: Work, query: sa.Select[*tuple[Any, ...]]) -> str:
    connection = work.session.connection()
    text = query.compile(connection.engine)
    if not work.runtime.embedded:
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {text}", text.params))
    assert text.positiontup
    given = tuple(getattr(text.params[name], "bytes", text.params[name]) for name in text.positiontup)
    return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given))


@pytest.mark.parametrize("analyzed", [False, True])
def test_next_batch_is_read_from_the_index_of_what_waits(runtime: Runtime, *, analyzed: bool) -> None:
    numbered = stored.scans(runtime, BACKLOG)
    stored.sign(runtime)
    stored.scans(runtime, BACKLOG)
    with runtime.transaction(SYSTEM) as work:
        if analyzed:
            work.session.execute(sa.text("ANALYZE"))

        for after in (None, numbered[-1]):
            with sequencer.by_index(work):
                found = plan(work, sequencer.waiting(Log.ACCESS, 10, after))

            assert not re.search(r"-> +Sort|TEMP B-TREE|Seq Scan", found)
            assert re.search(
                r"ix_ledger_entry_waiting" if work.runtime.embedded else r"Index Scan using \w+_log_id_idx", found
            )


def test_backlog_is_numbered_in_the_order_of_ids_whatever_the_batch(
    runtime: Runtime, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencer, "BATCH", 7)
    for _ in range(5):
        clock.move(timedelta(seconds=1))
        stored.scans(runtime, 9)

    stored.sign(runtime)

    assert stored.numbers(runtime) == list(range(45))
    with runtime.reading(SYSTEM) as work:
        assert queries.verify(work).verdict is Verdict.GOOD
        assert not queries.work_waiting(work)


def test_entry_with_an_older_id_is_numbered_by_the_next_turn(work: Work) -> None:
    stored.scan(work)
    early = work.new_id()
    stored.scan(work)
    operations.checkpoint(work)

    entry = LedgerEntry
    row = work.session.execute(sa.select(*entry.__table__.columns).where(entry.seq == 1)).one()
    again = row._asdict() | {"id": early, "seq": None}
    work.session.execute(sa.insert(entry), [again])
    operations.checkpoint(work)

    assert work.session.scalar(sa.select(entry.seq).where(entry.id == early)) == 2

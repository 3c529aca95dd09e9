"""How many rows a purge takes in one transaction."""

from collections.abc import Collection
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.privacy.house import put_visits
from visitor.core.work import Runtime, Work
from visitor.privacy import erasing, planning, purge
from visitor.privacy.due import ItemKind
from visitor.privacy.journal import Journal
from visitor.privacy.pace import AIM_SECONDS, Pace
from visitor.sites.models import Site


@given(st.lists(st.floats(0, 100), max_size=20))
def test_rows_stay_within_their_bounds_however_long_batches_took(seconds: list[float]) -> None:
    pace = Pace(50, 200, 50)
    for took in seconds:
        pace.took(pace.rows, took)
        assert 50 <= pace.rows <= 200


def test_slow_batch_makes_the_next_one_smaller_and_a_fast_one_larger() -> None:
    pace = Pace(50, 200, 200)
    pace.took(200, 2 * AIM_SECONDS)
    assert pace.rows == 100
    pace.took(100, 0.0)
    assert pace.rows == 200


@pytest.mark.sqlite_only(reason="on PostgreSQL doors do not wait for a batch")
def test_doors_wait_for_few_rows_at_a_time(runtime: Runtime, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[ItemKind, int]] = []
    erase_due = erasing.erase_due

    def noted(work: Work, kind: ItemKind, ids: Collection[UUID], journal: Journal) -> erasing.Batch:
        asked.append((kind, len(ids)))
        return erase_due(work, kind, ids, journal)

    monkeypatch.setattr(erasing, "erase_due", noted)
    monkeypatch.setattr(planning, "FREE_ROWS", 10_000)
    put_visits(runtime, site, purge.LEAST_ROWS + 10, 40)

    purge.run_purge(runtime)

    records = [count for kind, count in asked if kind is ItemKind.RECORD]
    assert records[0] == purge.LEAST_ROWS
    assert max(count for _kind, count in asked) <= purge.EMBEDDED_ROWS


def test_on_postgresql_a_batch_is_as_large_as_may_be(runtime: Runtime) -> None:
    pace = Pace.of(runtime, 50, 500)
    assert pace.rows == (50 if runtime.embedded else 500)
    pace.took(pace.rows, 9.0)
    assert pace.rows == (50 if runtime.embedded else 500)

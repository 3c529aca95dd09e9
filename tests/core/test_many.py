"""Many rows named in one statement, on both databases."""

from collections.abc import Sequence
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.ledger import stored
from visitor.core.many import among
from visitor.core.work import Work
from visitor.ledger.models import LedgerEntry


@pytest.mark.parametrize("chosen", [(), (0,), (0, 2)])
def test_rows_among_the_ids_and_all_others_are_found(work: Work, chosen: Sequence[int]) -> None:
    ids = [stored.scan(work) for _ in range(3)]
    named = {ids[place] for place in chosen}

    def found(condition: sa.ColumnElement[bool]) -> set[UUID]:
        return set(work.session.scalars(sa.select(LedgerEntry.id).where(condition)))

    assert found(among(work, LedgerEntry.id, named)) == named
    assert found(~among(work, LedgerEntry.id, named)) == set(ids) - named

"""Changing a visit that somebody else changes at the same moment."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests import factories
from visitor.core.actors import SYSTEM
from visitor.core.errors import NotFound
from visitor.core.work import Runtime, Work
from visitor.visits import operations, policy, queries, undoing
from visitor.visits.models import Visit, VisitState

pytestmark = pytest.mark.postgres_only(reason="on SQLite one writes at a time")

CHANGES: dict[str, Callable[[Work, Visit], object]] = {
    "arrive": lambda work, visit: operations.arrive(work, visit, work.now, timedelta(hours=1)),
    "depart": lambda work, visit: operations.depart(work, visit, policy.DepartureBy.DESK, work.now),
    "reopen": undoing.reopen,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_visit_that_was_erased_meanwhile_is_not_found(
    runtime: Runtime, change: Callable[[Work, Visit], object]
) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit_id = factories.visit(work, factories.site(work), state=VisitState.EXPECTED).id

    def changed_too_late() -> None:
        with runtime.transaction(SYSTEM) as work:
            visit = queries.visit(work, visit_id)
            with runtime.transaction(SYSTEM) as other:
                other.session.execute(sa.delete(Visit).where(Visit.id == visit_id))
            change(work, visit)

    with pytest.raises(NotFound):
        changed_too_late()

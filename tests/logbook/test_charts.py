"""The pictures of security's pages: counts by zone, entries by the hour, and the same as a table."""

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.reception import arrivals
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.logbook.charts import pictures
from visitor.logbook.places import places_of


@pytest.fixture
def here(runtime: Runtime) -> arrivals.Place:
    with runtime.transaction(SYSTEM) as work:
        made = arrivals.place(work)
        factories.zone(work, made.site, name="Server hall", position=1, occupancy_limit=2)
        return made


def guard(sign_in: SignIn, here: arrivals.Place) -> FlaskClient:
    return sign_in(Role.SECURITY, at=here.site)


@pytest.mark.parametrize("hour", [0, 9, 22])
def test_pictures_hold_one_column_for_each_hour_of_the_sites_day_so_far(
    runtime: Runtime, clock: FixedClock, here: arrivals.Place, sign_in: SignIn, hour: int
) -> None:
    clock.at = datetime(2026, 3, 2, hour, 30, tzinfo=UTC)
    with runtime.reading(SYSTEM) as work:
        shown = pictures(work, here.site, places_of(work, here.site))
    assert [bar.label for bar in shown.bars] == [f"{number:02}" for number in range(hour + 2)]
    assert {len(strip.cells) for strip in shown.strips} == {hour + 2}

    page = guard(sign_in, here).get("/security/live/list")
    assert page.status_code == 200
    assert "Server hall" in page.get_data(as_text=True)


def test_who_was_seen_at_no_door_is_counted_beside_the_map(
    runtime: Runtime, here: arrivals.Place, sign_in: SignIn
) -> None:
    with runtime.transaction(SYSTEM) as work:
        here.sign_in(work)
    for path in ("/security/live", "/security/roll-call"):
        page = guard(sign_in, here).get(path).get_data(as_text=True)
        assert "1 person was not seen at a door" in page
        assert re.search(r'role="img" aria-label="People in each zone: [^"]*Server hall 0', page)

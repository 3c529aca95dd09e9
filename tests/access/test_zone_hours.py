"""How many came into each zone, hour by hour."""

from datetime import timedelta

import pytest

from tests.access import scenes
from tests.access.scenes import Door, door
from visitor.access import queries
from visitor.access.queries import ZoneHour
from visitor.core.actors import NOBODY
from visitor.core.errors import NotFound
from visitor.core.work import Work

HALF_PAST = timedelta(minutes=30)
HOUR = timedelta(hours=1)


@pytest.fixture
def at(work: Work) -> Door:
    """A door that was passed 90 and 30 minutes ago, twice now, and where one code was refused."""
    made = door(work, of_visit={"arrived_at": work.now - timedelta(days=1)}, not_before_at=work.now - 2 * HOUR, flags=0)
    for ago in (3 * HALF_PAST, HALF_PAST, timedelta(0), timedelta(0)):
        scenes.scan(work, made, scanned_at=work.now - ago, offline_granted=True)
    scenes.scan(work, made, credential="no badge")
    return made


def hours(work: Work, at: Door, since: timedelta, until: timedelta) -> list[ZoneHour]:
    return list(queries.zone_hours(work, at.site.id, work.now + since, work.now + until))


def test_hours_are_counted_from_the_beginning_of_the_range(work: Work, at: Door) -> None:
    from_half_past = hours(work, at, -3 * HALF_PAST, HOUR)
    from_full = hours(work, at, -2 * HOUR, HOUR)

    assert [(line.begins_at - work.now, line.count) for line in from_half_past] == [
        (-3 * HALF_PAST, 1),
        (-HALF_PAST, 3),
    ]
    assert [(line.begins_at - work.now, line.count) for line in from_full] == [
        (-2 * HOUR, 1),
        (-HOUR, 1),
        (timedelta(0), 2),
    ]
    assert {line.zone_id for line in from_full} == {at.zone.id}


def test_the_end_of_the_range_does_not_belong_to_it(work: Work, at: Door) -> None:
    assert sum(line.count for line in hours(work, at, -HALF_PAST, timedelta(0))) == 1


def test_a_stranger_sees_no_hour(work: Work, at: Door) -> None:
    stranger = Work(work.session, work.now, NOBODY, work.runtime)

    with pytest.raises(NotFound):
        hours(stranger, at, -HOUR, HOUR)

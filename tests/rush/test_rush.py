"""Kiosks, doors, desks and a purge at once: nothing is lost, nothing happens twice, nobody sees an error."""

from collections.abc import Iterator

import pytest

from tests.real import postgres
from visitor.app.bench import rush
from visitor.app.bench.places import Place, Postgresql, Sqlite
from visitor.app.bench.rush_load import BOARD, PICTURE, SCAN, SIGN_IN

pytestmark = pytest.mark.real
MINUTES = 0.1


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Sqlite()
        return
    with postgres.cluster() as cluster:
        yield Postgresql(cluster.url("postgres"))


def test_in_a_rush_everything_is_kept_exactly_once(place: Place) -> None:
    crowd = rush.crowd(MINUTES, small=True)

    seen = rush.run(place, crowd, lambda _what: None)

    assert list(seen.faults) == []
    assert seen.times[SIGN_IN].count == seen.times[PICTURE].count == crowd.sign_ins
    assert seen.times[SCAN].count >= crowd.doors
    assert seen.times[BOARD].count >= crowd.desks

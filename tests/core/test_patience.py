"""A request waits for locks until a certain moment, however many it meets on its way."""

import pytest
import sqlalchemy as sa

from tests.access import scenes
from tests.access.scenes import Door, door
from tests.access.test_journeys import asked
from visitor.access.operations import record_asked
from visitor.core import patience
from visitor.core.actors import SYSTEM
from visitor.core.prepared import begin_with_first, glance
from visitor.core.work import Runtime, Work

USUAL = 5.0


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock that patience looks at."""
    made = Hands()
    monkeypatch.setattr(patience, "time", made)
    return made


def limit(work: Work) -> float:
    """How many seconds the database waits for a lock now."""
    if work.runtime.embedded:
        return float(work.session.scalar(sa.text("PRAGMA busy_timeout")) or 0) / 1000
    setting = "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'"
    return float(work.session.scalar(sa.text(setting)) or 0) / 1000


def limit_of_next(runtime: Runtime) -> float:
    with runtime.transaction(SYSTEM) as work:
        return limit(work)


def test_what_is_left_is_told_in_whole_seconds_and_ends_with_a_moment(hands: Hands) -> None:
    with patience.request(USUAL):
        assert patience.left(USUAL) == USUAL
        hands.at += 0.9
        assert patience.left(USUAL) == USUAL
        hands.at += 1.2
        assert patience.left(USUAL) == 3.0
        assert patience.left(0.2) == 0.2
        hands.at += 1000
        assert patience.left(USUAL) == patience.MOMENT_SECONDS
    assert patience.left(USUAL) == USUAL


def test_work_without_a_request_has_its_time_at_each_place(hands: Hands) -> None:
    patience.hurry()
    hands.at += 1000

    assert patience.left(USUAL) == USUAL


def test_a_request_that_hurries_has_a_moment_and_the_next_one_its_time(hands: Hands) -> None:
    with patience.request(USUAL):
        patience.hurry()
        assert patience.left(USUAL) == patience.MOMENT_SECONDS
    with patience.request(USUAL):
        assert patience.left(USUAL) == USUAL
        hands.at += 1000
        patience.hurry()
        assert patience.left(USUAL) == patience.MOMENT_SECONDS


def test_the_database_waits_for_as_long_as_the_request_may(runtime: Runtime, hands: Hands) -> None:
    with patience.request(USUAL):
        assert limit_of_next(runtime) == USUAL
        hands.at += 2.5
        assert limit_of_next(runtime) == 3.0
        with runtime.reading(SYSTEM) as work:
            assert limit(work) == 3.0
    assert limit_of_next(runtime) == USUAL


def test_a_glance_of_a_late_request_waits_for_a_moment_only(runtime: Runtime, hands: Hands) -> None:
    question = "PRAGMA busy_timeout"
    if not runtime.embedded:
        question = "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'"

    def glanced() -> float:
        with glance(runtime.engine) as connection:
            return float(connection.scalar(sa.text(question)) or 0) / 1000

    with patience.request(USUAL):
        assert glanced() == USUAL
        hands.at += 1000
        assert glanced() == patience.MOMENT_SECONDS
    assert glanced() == USUAL


@pytest.mark.postgres_only(reason="on SQLite a transaction waits at its beginning only")
def test_time_that_passes_within_a_transaction_counts(runtime: Runtime, hands: Hands) -> None:
    with patience.request(USUAL), runtime.transaction(SYSTEM) as work:
        assert limit(work) == USUAL
        hands.at += 2.5
        assert limit(work) == 3.0
        hands.at += 1000
        assert limit(work) == patience.MOMENT_SECONDS


@pytest.mark.postgres_only(reason="SQLite has one lock")
def test_a_transaction_that_has_failed_can_still_go_back_to_its_savepoint(runtime: Runtime, hands: Hands) -> None:
    def fail(work: Work) -> None:
        with work.session.begin_nested():
            hands.at += 1000
            work.session.execute(sa.text("SELECT 1/0"))

    with patience.request(USUAL), runtime.transaction(SYSTEM) as work:
        assert limit(work) == USUAL
        with pytest.raises(sa.exc.DBAPIError):
            fail(work)
        assert limit(work) == patience.MOMENT_SECONDS


def test_after_somebody_waited_in_vain_requests_wait_for_a_moment_only(runtime: Runtime) -> None:
    runtime._note_busy()
    with patience.request(USUAL):
        assert (runtime.busy, limit_of_next(runtime)) == (True, patience.MOMENT_SECONDS)
    runtime._busy_until = 0.0
    with patience.request(USUAL):
        assert (runtime.busy, limit_of_next(runtime)) == (False, USUAL)


@pytest.fixture
def at(runtime: Runtime) -> Door:
    with runtime.transaction(SYSTEM) as work:
        made = door(work, flags=0)
        scenes.add_device(work, made.site, scenes.TOKEN)
    return made


def test_scans_wait_for_as_long_as_their_request_may(runtime: Runtime, at: Door, hands: Hands) -> None:
    with patience.request(USUAL):
        hands.at += 2.5
        with runtime.transaction(SYSTEM) as work:
            begin_with_first(work.session)
            record_asked(work, asked(runtime, at, at.badge))
            assert limit(work) == 3.0

"""How often scans and PostgreSQL speak, and that a fault on the way leaves nothing behind."""

import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests import factories
from tests.access import scenes
from tests.access.scenes import TOKEN, Door
from visitor.access.gathering import Scans
from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.access.operations import Asked, RecordedScan, record_asked, record_scans
from visitor.badges import queries as badges
from visitor.badges.models import Badge
from visitor.core.actors import SYSTEM
from visitor.core.errors import Unavailable
from visitor.core.ids import token_hash
from visitor.core.prepared import begin_with_first
from visitor.core.work import Runtime, Work
from visitor.ledger.models import LedgerEntry

pytestmark = pytest.mark.postgres_only

PATIENCE_SECONDS = 60.0
REFUSES = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.visit_id = '{visit_id}' THEN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END IF;
  RETURN NEW;
END $$
"""
"""As a full disk would say it; one visitor only."""
AT_ONCE = "CREATE TRIGGER refuse BEFORE INSERT ON presence FOR EACH ROW EXECUTE FUNCTION refuse()"
AT_COMMIT = (
    "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON presence DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION refuse()"
)


@pytest.fixture
def others(runtime: Runtime, at: Door) -> list[Badge]:
    with runtime.transaction(SYSTEM) as work:
        return [scenes.add_badge(work, at.site, factories.visit(work, at.site), flags=0) for _ in range(3)]


def asked(runtime: Runtime, at: Door, badge: Badge) -> Asked:
    with runtime.reading(SYSTEM) as work:
        token = badges.token_of(work, badge, at.site.number)
        return Asked(scenes.form(at, work.now, credential=token), token_hash=token_hash(TOKEN))


@pytest.fixture(params=[AT_ONCE, AT_COMMIT], ids=["when it is written", "when it is committed"])
def refused(request: pytest.FixtureRequest, runtime: Runtime, others: list[Badge]) -> Iterator[int]:
    """The place of the one whose whereabouts the database does not take."""
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql(REFUSES.format(visit_id=others[1].visit_id))
        connection.exec_driver_sql(request.param)
    yield 1
    with runtime.engine.begin() as connection:  # another test gets the same database, emptied
        connection.exec_driver_sql("DROP FUNCTION refuse() CASCADE")


def stored(runtime: Runtime) -> list[set[UUID]]:
    """The events that each table knows."""
    entries = sa.select(LedgerEntry.id).where(LedgerEntry.log == 1)
    with runtime.reading(SYSTEM) as work:
        return [
            set(work.session.scalars(query))
            for query in (sa.select(AccessEvent.id), sa.select(KnownScan.event_id), entries)
        ]


def present(runtime: Runtime) -> set[UUID]:
    with runtime.reading(SYSTEM) as work:
        return set(work.session.scalars(sa.select(Presence.visit_id)))


def in_one_group(runtime: Runtime, scans: list[Asked]) -> list[RecordedScan]:
    with runtime.transaction(SYSTEM) as work:
        begin_with_first(work.session)
        outcomes = record_scans(work, scans)
    assert all(isinstance(outcome, RecordedScan) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, RecordedScan)]


def journeys(runtime: Runtime, scans: list[Asked]) -> list[list[str]]:
    """What the server has done each time when it says that it is ready for more, which the client waits for."""
    with runtime.engine.connect() as connection:  # the one that is used next
        driver: Any = connection.connection.driver_connection
    with tempfile.TemporaryFile("w+") as trace:
        driver.pgconn.trace(trace.fileno())
        in_one_group(runtime, scans)
        driver.pgconn.untrace()
        trace.seek(0)
        # The text of a statement has lines of its own.
        said = [parts[3:] for line in trace if len(parts := line.rstrip().split("\t")) > 3]
    found: list[list[str]] = [[]]
    for kind, *words in said:
        if kind == "CommandComplete":
            found[-1].append(words[0].strip().strip('"'))
        elif kind == "ReadyForQuery":
            found.append([])
    assert found.pop() == []
    return found


def test_a_group_waits_for_the_database_twice_and_the_commit_travels_with_the_write(
    runtime: Runtime, at: Door, others: list[Badge]
) -> None:
    said = journeys(runtime, [asked(runtime, at, badge) for badge in others])

    assert said == [["BEGIN", "SELECT 3", "SELECT 3"], ["SELECT 3", "COMMIT"]]


def test_plans_are_made_for_scans_within_their_transaction_only(runtime: Runtime, at: Door) -> None:
    def setting(work: Work) -> str:
        return str(work.session.scalar(sa.text("SHOW plan_cache_mode")))

    with runtime.transaction(SYSTEM) as work:
        begin_with_first(work.session)
        record_asked(work, asked(runtime, at, at.badge))
        assert setting(work) == "force_generic_plan"

    with runtime.reading(SYSTEM) as work:
        assert setting(work) == "auto"


def test_what_is_given_up_before_the_commit_is_undone_and_the_connection_is_as_before(
    runtime: Runtime, at: Door
) -> None:
    def give_up() -> None:
        with runtime.transaction(SYSTEM) as work:
            begin_with_first(work.session)
            record_asked(work, asked(runtime, at, at.badge))
            raise LookupError

    with pytest.raises(LookupError):
        give_up()

    assert stored(runtime) == [set(), set(), set()]
    with runtime.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert not driver.autocommit
        assert driver.info.transaction_status.name == "IDLE"


@pytest.mark.usefixtures("refused")
def test_of_a_group_that_fails_nothing_at_all_is_stored(runtime: Runtime, at: Door, others: list[Badge]) -> None:
    scans = [asked(runtime, at, badge) for badge in others]

    with pytest.raises(Unavailable):
        in_one_group(runtime, scans)

    assert stored(runtime) == [set(), set(), set()]
    assert present(runtime) == set()


def test_scans_of_a_group_that_fails_are_done_by_themselves_and_only_the_one_at_fault_hears_of_it(
    runtime: Runtime, at: Door, others: list[Badge], refused: int
) -> None:
    scans, go_on = Scans(runtime), threading.Event()
    questions = [asked(runtime, at, badge) for badge in others]
    answers: dict[int, RecordedScan | Exception] = {}

    @sa.event.listens_for(runtime.engine, "checkout")
    def wait(*_about: object) -> None:
        assert go_on.wait(PATIENCE_SECONDS)

    def report(number: int) -> None:
        try:
            answers[number] = scans.result(questions[number])
        except Exception as fault:  # noqa: BLE001  whatever it is, the test looks at it
            answers[number] = fault

    threads = [threading.Thread(target=report, args=(number,)) for number in range(len(questions))]
    for thread in threads:
        thread.start()
    end = time.monotonic() + PATIENCE_SECONDS
    while scans.waiting < len(threads) - 1:  # all but the one that leads
        assert time.monotonic() < end
        threads[0].join(0.01)
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    assert isinstance(answers.pop(refused), Unavailable)
    told = {answer.id for answer in answers.values() if isinstance(answer, RecordedScan)}
    assert len(told) == len(others) - 1
    assert stored(runtime) == [told, told, told]
    assert present(runtime) == {badge.visit_id for badge in (others[0], others[2])}

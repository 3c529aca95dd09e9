"""How often a page of the log and PostgreSQL speak, and that no name is shown before its entry is kept."""

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.access import scenes
from tests.access.scenes import Door, door
from tests.logbook.scenes import name, named_scan
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Purpose, Role
from visitor.core.prepared import asked, few_journeys, round_trip
from visitor.core.wire import wire
from visitor.core.work import Runtime, Work
from visitor.ledger.models import LedgerEntry
from visitor.ledger.operations import audit
from visitor.people import queries as people

pytestmark = pytest.mark.postgres_only

OFTEN = 8
"""Statements are prepared by then."""
REFUSES = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'no room' USING ERRCODE = '53100';
END $$
"""
AT_ONCE = "CREATE TRIGGER refuse BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION refuse()"
AT_COMMIT = (
    "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION refuse()"
)


@pytest.fixture
def at(runtime: Runtime) -> Door:
    with runtime.transaction(SYSTEM) as work:
        made = door(work)
        name(work, made.visit, "Ada Lovelace")
        scenes.scan(work, made)
        named_scan(work, made, "Grace Hopper")
    return made


@pytest.fixture
def security(sign_in: SignIn, at: Door) -> FlaskClient:
    return sign_in(Role.SECURITY, at=at.site)


@pytest.fixture(params=[AT_ONCE, AT_COMMIT], ids=["when it is written", "when it is committed"])
def refused(request: pytest.FixtureRequest, runtime: Runtime, security: FlaskClient) -> Iterator[FlaskClient]:
    """Somebody who has opened the page before, and whose next entry the database does not take."""
    assert "Ada Lovelace" in security.get("/security/").get_data(as_text=True)
    with runtime.engine.begin() as connection:
        connection.exec_driver_sql(REFUSES)
        connection.exec_driver_sql(request.param)
    yield security
    with runtime.engine.begin() as connection:  # another test gets the same database, emptied
        connection.exec_driver_sql("DROP FUNCTION refuse() CASCADE")


def journeys(runtime: Runtime, do: Callable[[], object]) -> list[int]:
    """Return how many statements travelled each time that the client waited for the server."""
    runtime.engine.dispose()
    with tempfile.TemporaryFile("w+") as trace:

        @sa.event.listens_for(runtime.engine, "connect")
        def follow(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's connection
            connection.pgconn.trace(trace.fileno())

        for _ in range(OFTEN):
            do()
        before = trace.seek(0, 2)
        do()
        trace.seek(before)
        said = [parts[1:4] for line in trace if len(parts := line.rstrip().split("\t")) > 3]
        sa.event.remove(runtime.engine, "connect", follow)
        runtime.engine.dispose()
    found, sent = [], 0
    for whose, _bytes, kind in said:
        if whose != "F":
            continue
        sent += kind in {"Execute", "Query"}
        if kind in {"Sync", "Flush", "Query"} and sent:
            found.append(sent)
            sent = 0
    return found


def entries(runtime: Runtime) -> int:
    with runtime.reading(SYSTEM) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) or 0


def opened(work: Work, at: Door) -> set[str]:
    connection = work.session.connection()
    with round_trip(connection, several=True):
        sealed = asked(connection, people.sealed_contacts(work, [at.visit.id]))
    return {contact.name for contact in people.opened_contacts(work, sealed(), Purpose.SECURITY_REVIEW).values()}


def test_a_page_of_the_log_with_names_waits_for_the_database_four_times(
    runtime: Runtime, security: FlaskClient
) -> None:
    def page() -> None:
        assert security.get("/security/").get_data(as_text=True).count('data-live-key="event-') == 2

    who, rows, names, recorded = journeys(runtime, page)

    assert who == 2  # the session and all sites
    assert rows == 2  # places and events
    assert names == 4  # BEGIN, the search's entry, pictures, sealed records
    assert recorded == 2  # the entry of what was opened, and COMMIT


@pytest.mark.usefixtures("refused")
def test_no_name_is_shown_whose_entry_is_not_kept(runtime: Runtime, refused: FlaskClient) -> None:
    kept = entries(runtime)

    answer = refused.get("/security/")

    assert answer.status_code == 503
    assert "Ada" not in answer.get_data(as_text=True)
    assert entries(runtime) == kept


def test_what_is_given_up_on_the_way_is_undone_and_the_connection_is_as_before(runtime: Runtime, at: Door) -> None:
    kept = entries(runtime)

    def give_up() -> None:
        with runtime.transaction(SYSTEM) as work, few_journeys(work.session):
            assert opened(work, at) == {"Ada Lovelace"}
            audit(work, "log.search")
            raise LookupError

    with pytest.raises(LookupError):
        give_up()

    assert entries(runtime) == kept
    with runtime.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert not driver.autocommit
        assert driver.info.transaction_status.name == "IDLE"
        assert driver.info.pipeline_status.name == "OFF"


def test_a_statement_that_fails_on_the_way_is_told_and_nothing_is_kept(runtime: Runtime, at: Door) -> None:
    kept = entries(runtime)

    def fail() -> None:
        with runtime.transaction(SYSTEM) as work, few_journeys(work.session):
            audit(work, "log.search", site_id=at.site.id)
            wire(work.session.connection()).say("SELECT 1 / 0")

    with pytest.raises(sa.exc.DBAPIError):
        fail()

    assert entries(runtime) == kept

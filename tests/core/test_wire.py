"""What travels together to PostgreSQL: answers, faults on the way, and what the connection is like afterwards."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from visitor.core import wire as wires
from visitor.core.actors import SYSTEM
from visitor.core.prepared import Prepared, few_journeys, glance, round_trip
from visitor.core.wire import wire
from visitor.core.work import Runtime

pytestmark = pytest.mark.postgres_only

LOCK = 4_711
LONG = 300_000
"""More characters than a socket takes at once."""


@pytest.fixture
def connection(runtime: Runtime) -> Iterator[sa.Connection]:
    with glance(runtime.engine) as opened:
        yield opened


def echo(connection: sa.Connection) -> Prepared:
    return Prepared(sa.select(sa.cast(sa.bindparam("said"), sa.Text())), connection.dialect)


def fails(connection: sa.Connection) -> Prepared:
    return Prepared(sa.text("SELECT 1 / 0"), connection.dialect)


def test_answers_come_in_the_order_of_asking_however_long_they_are(connection: sa.Connection) -> None:
    said = [str(number) * LONG for number in range(8)]

    with round_trip(connection, several=True):
        answers = [echo(connection).send(connection, {"said": one}) for one in said]

    assert [answer.fetchall() for answer in answers] == [[(one,)] for one in said]


def test_a_fault_is_told_what_follows_is_passed_over_and_the_next_journey_is_fine(connection: sa.Connection) -> None:
    def ask_both() -> None:
        with round_trip(connection, several=True):
            fails(connection).send(connection, {})
            echo(connection).send(connection, {"said": "never"})

    with pytest.raises(sa.exc.DBAPIError) as told:
        ask_both()

    assert told.value.orig is not None
    assert type(told.value.orig).__name__ == "DivisionByZero"
    assert echo(connection).run(connection, {"said": "again"}) == [("again",)]
    with round_trip(connection, several=True):
        answer = echo(connection).send(connection, {"said": "together"})
    assert answer.fetchall() == [("together",)]


def test_a_statement_is_prepared_anew_when_the_driver_has_let_the_server_forget_all(runtime: Runtime) -> None:
    with runtime.engine.connect() as connection:
        assert echo(connection).run(connection, {"said": "before"}) == [("before",)]
        driver: Any = connection.connection.driver_connection
        driver.execute("SELECT 1", prepare=True)
        driver.rollback()
        assert not driver.execute("SELECT * FROM pg_prepared_statements").fetchall()

        assert echo(connection).run(connection, {"said": "after"}) == [("after",)]
        with round_trip(connection, several=True):
            answer = echo(connection).send(connection, {"said": "together"})
        assert answer.fetchall() == [("together",)]


def test_more_statements_are_asked_than_are_kept_prepared(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "MOST_PREPARED", 2)
    connection.info.clear()
    kinds = [Prepared(sa.text(f"SELECT {number}"), connection.dialect) for number in range(5)]

    for _ in range(2):
        assert [kind.run(connection, {}) for kind in kinds] == [[(number,)] for number in range(5)]
        with round_trip(connection, several=True):
            answers = [kind.send(connection, {}) for kind in kinds]
        assert [answer.fetchall() for answer in answers] == [[(number,)] for number in range(5)]


def test_others_run_while_an_answer_is_waited_for(runtime: Runtime, connection: sa.Connection) -> None:
    """It waits for a lock that only they can release."""
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
    got: list[object] = []

    def wait() -> None:
        with glance(runtime.engine) as waiting:
            lock = Prepared(sa.text(f"SELECT 'mine' FROM (SELECT pg_advisory_lock({LOCK})) AS held"), waiting.dialect)
            with round_trip(waiting, several=True):
                started.set()
                got.extend(lock.send(waiting, {}).fetchall())
            waiting.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")

    started = threading.Event()
    thread = threading.Thread(target=wait)
    thread.start()
    assert started.wait(10)
    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")
    thread.join(20)

    assert got == [("mine",)]


@pytest.mark.parametrize("several", [False, True])
def test_a_lost_connection_is_told_and_the_next_one_works(runtime: Runtime, several: bool) -> None:
    def lose() -> None:
        with glance(runtime.engine) as other, glance(runtime.engine) as connection:
            (number,) = connection.exec_driver_sql("SELECT pg_backend_pid()").one()
            other.exec_driver_sql(f"SELECT pg_terminate_backend({number}, 5000)")
            with round_trip(connection, several=several):
                echo(connection).send(connection, {"said": "lost"}).fetchall()

    with pytest.raises(sa.exc.OperationalError):
        lose()

    with glance(runtime.engine) as connection:
        assert echo(connection).run(connection, {"said": "back"}) == [("back",)]


@pytest.mark.parametrize("several", [False, True])
def test_what_only_reads_begins_so_and_the_first_question_begins_it(runtime: Runtime, several: bool) -> None:
    with runtime.reading(SYSTEM) as work:
        connection = work.session.connection()
        show = Prepared(sa.text("SHOW transaction_read_only"), connection.dialect)
        with round_trip(connection, several=several):
            answer = show.send(connection, {})
        assert answer.fetchall() == [("on",)]
        driver: Any = connection.connection.driver_connection
        assert driver.info.transaction_status.name == "INTRANS"


def test_what_is_done_meanwhile_counts_only_when_the_commit_succeeds(runtime: Runtime) -> None:
    done: list[str] = []

    def lose() -> None:
        with runtime.transaction(SYSTEM) as work, few_journeys(work.session) as journeys:
            connection = work.session.connection()
            journeys.meanwhile = lambda: done.append("written")
            wire(connection).say("SELECT 1 / 0")

    with pytest.raises(sa.exc.DBAPIError):
        lose()

    assert done == ["written"]
    with runtime.transaction(SYSTEM) as work, few_journeys(work.session) as journeys:
        journeys.meanwhile = lambda: done.append("again")
    assert done == ["written", "again"]

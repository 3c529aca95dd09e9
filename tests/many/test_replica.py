"""A real streaming standby: read while it is fresh, left alone while it is behind or gone, and read again."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from tests.access import scenes
from tests.access.scenes import Door
from tests.logbook.test_search import audited
from tests.many.places import Place
from tests.real.postgres import PostgresCluster
from tests.real.programs import wait_until
from tests.web import signed_in_browser
from visitor.app.checks import Grade, look
from visitor.app.factory import create_app
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.settings import load_settings
from visitor.core.work import Work

pytestmark = pytest.mark.real
LAG_SECONDS = 2.0
behind_is_fine = pytest.mark.parametrize("lag_seconds", [600.0])
"""However slow the machine is, the paused standby is read."""


@dataclass(frozen=True, slots=True)
class Twins:
    """An installation whose database has a standby."""

    runtime: OpenRuntime
    app: Flask
    standby: PostgresCluster
    door: Door
    security: FlaskClient

    def page(self) -> str:
        answer = self.security.get("/security/")
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    def scan(self) -> None:
        with self.runtime.transaction(SYSTEM) as work:
            scenes.scan(work, self.door)

    def tick(self) -> None:
        """Commit something, as a worker does each second."""
        with self.runtime.transaction(SYSTEM) as work:
            work.session.execute(sa.text("SELECT pg_current_xact_id()"))

    def readiness(self) -> tuple[int, str]:
        answer = self.app.test_client().get("/readyz")
        return answer.status_code, answer.get_json()["checks"]["replica"]["state"]

    def metric(self, name: str) -> float | None:
        text = self.app.test_client().get("/metrics").get_data(as_text=True)
        found = [line.split()[-1] for line in text.splitlines() if line.startswith(name)]
        return float(found[0]) if found else None

    def grades(self) -> set[Grade]:
        return {found.grade for found in look(self.runtime) if "The standby" in found.text}

    def caught_up(self) -> None:
        assert self.runtime.replica is not None
        replica = self.runtime.replica

        def there() -> bool:
            try:
                state = replica.look(replica.written())
            except sa.exc.OperationalError:
                return False  # the database itself has not arrived yet
            return state is not None and state.behind_seconds == 0

        wait_until(there, "the standby")


@pytest.fixture(scope="module")
def standby(cluster: PostgresCluster) -> Iterator[PostgresCluster]:
    with cluster.standby() as started:
        yield started


@pytest.fixture
def lag_seconds() -> float:
    """How far behind the standby may be."""
    return LAG_SECONDS


@pytest.fixture
def twins(place: Place, standby: PostgresCluster, lag_seconds: float) -> Iterator[Twins]:
    url = standby.url(make_url(place.database_url).database or "")
    more = f'replica_url = "{url}"\nreplica_lag_seconds = {lag_seconds}\n\n[keys]'
    place.config.write_text(place.config.read_text().replace("\n[keys]", more))
    runtime = open_runtime(load_settings(place.config))
    with runtime.transaction(SYSTEM) as work:
        door = scenes.door(work)
        scenes.scan(work, door)
    app = create_app(runtime)
    app.config["WTF_CSRF_ENABLED"] = False
    made = Twins(runtime, app, standby, door, signed_in_browser(app, runtime, Role.SECURITY, at=door.site))
    made.caught_up()
    yield made
    runtime.close()


def rows(text: str) -> int:
    return text.count('data-live-key="event-')


def paused(twins: Twins) -> None:
    """Let the standby fall behind by more than the settings allow."""
    twins.standby.replay(paused=True)
    twins.tick()

    def late() -> bool:
        twins.tick()
        return twins.readiness()[1] == "late"

    wait_until(late, "a standby that is behind")


def test_search_reads_the_standby_says_how_old_it_is_and_is_recorded_on_the_primary(twins: Twins) -> None:
    text = twins.page()

    assert (rows(text), "As of " in text) == (1, True)
    assert twins.metric('visitor_log_reads_total{source="replica"}') == 1
    assert [fact.count for fact in audited(twins.runtime, "log.search")] == [1]
    twins.caught_up()
    assert twins.readiness() == (200, "ok")
    assert twins.metric("visitor_replica_up") == 1
    assert twins.grades() == {Grade.GOOD}


@behind_is_fine
def test_what_is_a_little_behind_is_shown_with_its_age(twins: Twins) -> None:
    twins.standby.replay(paused=True)
    try:
        twins.scan()
        text = twins.page()
        assert (rows(text), " s behind." in text) == (1, True)
    finally:
        twins.standby.replay(paused=False)


def test_standby_that_is_too_far_behind_is_left_alone_until_it_has_caught_up(twins: Twins) -> None:
    paused(twins)
    try:
        twins.scan()
        text = twins.page()
        assert (rows(text), "As of " in text) == (2, False)
        assert twins.readiness() == (200, "late")
        assert (twins.metric("visitor_replica_lag_seconds") or 0) > LAG_SECONDS
        assert twins.grades() == {Grade.WRONG}
    finally:
        twins.standby.replay(paused=False)

    twins.caught_up()
    text = twins.page()
    assert (rows(text), "As of " in text) == (2, True)


def test_standby_that_is_gone_is_left_alone_until_it_is_back(twins: Twins) -> None:
    twins.standby.stop("immediate")
    try:
        text = twins.page()
        assert (rows(text), "As of " in text) == (1, False)
        assert twins.readiness() == (200, "late")
        assert twins.metric("visitor_replica_up") == 0
        assert twins.grades() == {Grade.WRONG}
    finally:
        twins.standby.start()

    wait_until(lambda: "As of " in twins.page(), "the standby's return")
    assert twins.readiness() == (200, "ok")


@behind_is_fine
def test_who_changed_something_sees_it_at_once_and_others_when_the_standby_has_it(twins: Twins) -> None:
    other = signed_in_browser(twins.app, twins.runtime, Role.SECURITY, at=twins.door.site)
    twins.caught_up()
    twins.standby.replay(paused=True)
    try:
        with twins.security.session_transaction() as session:
            before = session.get("changed")
        twins.scan()
        twins.security.post("/sign-out-everywhere-else-or-not-there")  # refused: nothing was changed
        with twins.security.session_transaction() as session:
            assert session.get("changed") == before
        assert rows(twins.page()) == 1

        change_something(twins.security)

        assert (rows(twins.page()), rows(other.get("/security/").get_data(as_text=True))) == (2, 1)
    finally:
        twins.standby.replay(paused=False)


def change_something(browser: FlaskClient) -> None:
    answer = browser.post("/security/roll-call/mode", data={"mode": "normal"})
    assert answer.status_code == 302, answer.status_code


def test_export_tells_how_old_it_is_and_goes_on_from_the_primary_when_the_standby_falls(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        twins.scan()
    twins.caught_up()
    monkeypatch.setattr("visitor.logbook.export.CHUNK", 2)
    answer = twins.security.get("/security/export.csv?names=1")
    pieces: Iterator[bytes] = answer.iter_encoded()
    first = [next(pieces), next(pieces)]
    twins.standby.stop("immediate")
    try:
        rest = list(pieces)
    finally:
        twins.standby.start()

    text = b"".join([*first, *rest]).decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text)))
    assert table[0][1].startswith("As of ")
    assert len(table) == 2 + 6


def test_standby_that_is_slow_is_given_up_for_the_primary(twins: Twins, place: Place) -> None:
    place.config.write_text(place.config.read_text().replace("\n[keys]", "replica_timeout_seconds = 0.2\n\n[keys]"))
    runtime = open_runtime(load_settings(place.config))

    def slow_there(work: Work) -> bool:
        there = bool(work.session.scalar(sa.text("SELECT pg_is_in_recovery()")))
        if there:
            work.session.execute(sa.text("SELECT pg_sleep(30)"))
        return there

    seen = runtime.reading_elsewhere(SYSTEM, slow_there)

    assert (seen.value, seen.elsewhere) == (False, False)
    runtime.close()


def test_database_that_is_no_standby_is_not_read(twins: Twins, place: Place) -> None:
    text = place.config.read_text()
    line = next(line for line in text.splitlines() if line.startswith("replica_url"))
    place.config.write_text(text.replace(line, f'replica_url = "{place.database_url}"'))
    runtime = open_runtime(load_settings(place.config))

    assert not runtime.reading_elsewhere(SYSTEM, lambda _work: None).elsewhere
    assert {found.grade for found in look(runtime) if "no standby" in found.text} == {Grade.WRONG}
    runtime.close()


def test_standby_is_not_read_for_another_database_than_its_own(
    twins: Twins, place: Place, cluster: PostgresCluster
) -> None:
    twins.runtime.engine.dispose()  # a database in use is no template
    other = cluster.create_database("a_house_beside", template=make_url(place.database_url).database or "")
    twins.tick()
    twins.caught_up()
    text = place.config.read_text()
    line = next(line for line in text.splitlines() if line.startswith("replica_url"))
    beside = twins.standby.url(make_url(other).database or "")
    place.config.write_text(text.replace(line, f'replica_url = "{beside}"'))
    runtime = open_runtime(load_settings(place.config))

    assert not runtime.reading_elsewhere(SYSTEM, lambda _work: None).elsewhere
    assert {found.grade for found in look(runtime) if "no standby of url" in found.text} == {Grade.WRONG}
    runtime.close()

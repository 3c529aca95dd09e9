"""On SQLite another program may hold the database: a clear answer, and nothing half done."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.people.sealed import MAIRE
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.clock import FixedClock
from visitor.core.errors import Unavailable
from visitor.core.permissions import Role
from visitor.core.settings import Settings, load_settings
from visitor.core.work import Runtime
from visitor.people import operations as people
from visitor.people.models import Person
from visitor.sites.models import Site

pytestmark = pytest.mark.sqlite_only(reason="the write lock of SQLite's file")
SENTENCE = "The system cannot do this just now. Nothing was lost."


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a short patience."""
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("\n[keys]", "lock_timeout_seconds = 0.2\n\n[keys]"))
    return load_settings(config)


@pytest.fixture
def locked(client: FlaskClient, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The database while a stuck program writes to it."""
    other = sqlite3.connect(tmp_path / "visitor.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_writer_is_told_and_can_repeat_it(client: FlaskClient, locked: sqlite3.Connection) -> None:
    tried = {"login_name": "kim", "password": "a wrong password"}
    refused = client.post("/sign-in", data=tried)
    assert (refused.status_code, SENTENCE in refused.get_data(as_text=True)) == (503, True)
    assert refused.headers["Retry-After"] == "10"

    locked.execute("ROLLBACK")
    assert client.post("/sign-in", data=tried).status_code == 422


def test_device_is_told_in_its_own_form(client: FlaskClient, locked: sqlite3.Connection) -> None:
    answer = client.post("/kiosk/api/pairings", json={"code": "ABCD2345", "public_key": "A" * 122})

    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "unavailable"


def test_readers_and_health_go_on(client: FlaskClient, locked: sqlite3.Connection) -> None:
    assert client.get("/sign-in").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_page_is_not_held_up_by_noting_that_somebody_is_there(
    runtime: Runtime, clock: FixedClock, sign_in: SignIn, tmp_path: Path
) -> None:
    browser = sign_in(Role.RECEPTIONIST)
    clock.move(timedelta(minutes=5))
    with closing(sqlite3.connect(tmp_path / "visitor.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert browser.get("/account/password").status_code == 200

        assert runtime.busy, "the page tried, and the next one does not"
        assert browser.get("/account/password").status_code == 200


def keep_somebody(runtime: Runtime, site: Site) -> None:
    with runtime.transaction(SYSTEM) as work:
        person = people.make_person(work, site.id)
        due = work.now + timedelta(days=1)
        people.seal(work, people.Sealing(site.id, DataClass.CONTACT, MAIRE, due, person_id=person, due_at=due))


def test_keyring_that_is_held_is_told_and_nothing_is_half_written(runtime: Runtime, tmp_path: Path) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
    with closing(sqlite3.connect(tmp_path / "keys.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            keep_somebody(runtime, site)

    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0
    keep_somebody(runtime, site)

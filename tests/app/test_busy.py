"""On SQLite another program may hold the database: a clear answer, and nothing half done."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from visitor.core.settings import Settings, load_settings

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

    locked.execute("ROLLBACK")
    assert client.post("/sign-in", data=tried).status_code == 422


def test_device_is_told_in_its_own_form(client: FlaskClient, locked: sqlite3.Connection) -> None:
    answer = client.post("/kiosk/api/pairings", json={"code": "ABCD2345", "public_key": "A" * 122})

    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "unavailable"


def test_readers_and_health_go_on(client: FlaskClient, locked: sqlite3.Connection) -> None:
    assert client.get("/sign-in").status_code == 200
    assert client.get("/readyz").status_code == 200

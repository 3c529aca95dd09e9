"""Whether the server is ready, and who learns more than that."""

import ipaddress
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.people.sealed import MAIRE
from visitor.app import health
from visitor.app.factory import create_app
from visitor.app.working import ALIVE_FOR, HEARTBEAT
from visitor.core import leases
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.clock import FixedClock
from visitor.core.db import open_engine
from visitor.core.keyring import Keyring
from visitor.core.settings import Settings
from visitor.core.work import Runtime
from visitor.people import operations as people
from visitor.privacy import months

MONITORING = "10.9.0.7"
PATHS = ["/readyz", "/metrics"]


@pytest.fixture
def watched(runtime: Runtime, settings: Settings) -> Flask:
    """An application whose monitoring and proxy are named."""
    named = {
        "metrics_networks": (ipaddress.ip_network("10.9.0.0/24"),),
        "trusted_proxies": (ipaddress.ip_network("10.1.1.1/32"),),
    }
    runtime.settings = settings.model_copy(update={"server": settings.server.model_copy(update=named)})
    return create_app(runtime)


def looked(app: Flask, peer: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, Any]]:
    answer = app.test_client().get("/readyz", environ_base={"REMOTE_ADDR": peer}, headers=headers)
    return answer.status_code, answer.get_json()


def put_due_record(runtime: Runtime, due_in: timedelta) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        person = people.make_person(work, site.id)
        at = work.now + due_in
        people.seal(work, people.Sealing(site.id, DataClass.CONTACT, MAIRE, at, person_id=person, due_at=at))


def test_healthy_house_is_ready(watched: Flask, runtime: Runtime, clock: FixedClock) -> None:
    months.make_ahead(runtime)
    with runtime.transaction(SYSTEM) as work:
        leases.take(work, HEARTBEAT, "a worker", ALIVE_FOR)
    clock.move(timedelta(seconds=12))

    status, body = looked(watched)

    assert (status, body["ready"]) == (200, True)
    assert {name: look["state"] for name, look in body["checks"].items()} == dict.fromkeys(health.LOOKS, "ok")
    assert body["checks"]["worker"]["heartbeat_age_seconds"] == 12
    assert body["checks"]["disk"]["free_bytes"] > 0


@pytest.mark.parametrize("peer", ["203.0.113.5", "10.9.1.7", "not an address", "::ffff:203.0.113.5"])
def test_strangers_learn_no_details(watched: Flask, peer: str) -> None:
    assert looked(watched, peer) == (200, {"ready": True})


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", MONITORING])
def test_this_machine_and_named_networks_learn_details(watched: Flask, peer: str) -> None:
    assert "checks" in looked(watched, peer)[1]


def test_visitor_behind_the_named_proxy_learns_no_details(watched: Flask) -> None:
    said = {"X-Forwarded-For": "203.0.113.5", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "visitors.example.org"}
    assert "checks" not in looked(watched, "10.1.1.1", **said)[1]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
@pytest.mark.parametrize("path", PATHS)
def test_proxy_on_this_machine_that_nobody_named_opens_nothing(watched: Flask, path: str, header: str) -> None:
    answer = watched.test_client().get(path, headers={header: "for=203.0.113.5"})

    assert "visitor_jobs" not in answer.get_data(as_text=True)
    assert "checks" not in answer.get_data(as_text=True)


def test_server_without_its_database_is_not_ready(watched: Flask, runtime: Runtime, tmp_path: Path) -> None:
    runtime.engine.dispose()
    nowhere = f"sqlite:///{tmp_path / 'nowhere' / 'visitor.db'}"
    runtime.engine = open_engine(nowhere, runtime.settings.database)

    status, body = looked(watched)

    assert (status, body["ready"]) == (503, False)
    assert body["checks"]["database"]["state"] == "fault"
    assert body["checks"]["keyring"]["state"] == "ok"


def test_server_without_its_keyring_is_not_ready(watched: Flask, runtime: Runtime, tmp_path: Path) -> None:
    keyring = runtime.resources.get(Keyring)
    keyring._engine.dispose()
    keyring._engine = open_engine(f"sqlite:///{tmp_path / 'nowhere' / 'keys.db'}", runtime.settings.database)

    status, body = looked(watched)

    assert status == 503
    assert body["checks"]["keyring"]["state"] == "fault"


def test_server_whose_folder_is_gone_is_not_ready(watched: Flask, runtime: Runtime) -> None:
    shutil.rmtree(runtime.settings.directories.data)

    status, body = looked(watched)

    assert status == 503
    assert body["checks"]["disk"]["state"] == "fault"


def test_server_whose_disk_is_nearly_full_is_not_ready(watched: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", shutil.disk_usage("/").total * 1_000)

    status, body = looked(watched)

    assert (status, body["ready"], body["checks"]["disk"]["state"]) == (503, False, "fault")


@pytest.mark.postgres_only(reason="months in partitions")
def test_months_that_were_not_made_show(watched: Flask, clock: FixedClock) -> None:
    clock.move(timedelta(days=3_650))

    status, body = looked(watched)

    assert status == 200
    assert body["checks"]["months"] == {"state": "late", "months_ahead": 0}


def test_dead_worker_shows_and_takes_no_server_away(watched: Flask, runtime: Runtime, clock: FixedClock) -> None:
    assert looked(watched)[1]["checks"]["worker"] == {"state": "late", "heartbeat_age_seconds": None}
    with runtime.transaction(SYSTEM) as work:
        leases.take(work, HEARTBEAT, "a worker", ALIVE_FOR)
    clock.move(timedelta(minutes=5))

    status, body = looked(watched)

    assert status == 200
    assert body["checks"]["worker"] == {"state": "late", "heartbeat_age_seconds": 300}


def test_purge_that_is_behind_shows(watched: Flask, runtime: Runtime, clock: FixedClock) -> None:
    put_due_record(runtime, timedelta(hours=1))
    assert looked(watched)[1]["checks"]["purge"]["overdue_records"] == 0
    clock.move(timedelta(hours=3))
    assert looked(watched)[1]["checks"]["purge"]["state"] == "ok"
    clock.move(timedelta(days=2))

    status, body = looked(watched)

    assert status == 200
    assert body["checks"]["purge"] == {
        "state": "late",
        "overdue_records": 1,
        "oldest_overdue_seconds": 50 * 3600,
        "last_purge_age_seconds": None,
    }

"""Scans of many readers, stored together; nothing that another process changed is overlooked."""

import subprocess
import sys
import threading
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.access import scenes
from tests.access.scenes import TOKEN, Door
from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.badges import queries as badges
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.ledger.models import LedgerEntry

READERS = 8
EACH = 6
NOW = "2026-03-02T09:00:00Z"
READER = {"Authorization": f"Bearer {TOKEN}"}
PATIENCE_SECONDS = 60.0
ELSEWHERE = """
import sys, sqlalchemy as sa
engine = sa.create_engine(sys.argv[1], connect_args={"timeout": 30} if sys.argv[1].startswith("sqlite") else {})
with engine.begin() as connection:
    assert connection.exec_driver_sql(sys.argv[2]).rowcount == 1
"""


def report(client: FlaskClient, at: Door, **values: Any) -> tuple[int, dict[str, Any]]:
    body = {
        "scan_id": str(uuid4()),
        "access_point_id": str(at.point.id),
        "credential": at.token,
        "scanned_at": NOW,
    } | values
    answer = client.post("/api/v1/scans", json=body, headers=READER)
    return answer.status_code, answer.get_json()


def elsewhere(runtime: Runtime, statement: str) -> None:
    """Change the database by a process of its own."""
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE, runtime.settings.database.url, statement],
        check=True,
        timeout=PATIENCE_SECONDS,
    )


def test_scans_of_many_readers_are_each_stored_whole(app: Flask, at: Door, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        made = [scenes.add_badge(work, at.site, factories.visit(work, at.site), flags=0) for _ in range(READERS)]
        tokens = [badges.token_of(work, badge, at.site.number) for badge in made]
    answers: list[tuple[int, dict[str, Any]]] = []
    start = threading.Barrier(READERS)

    def scan(token: str) -> None:
        client = app.test_client()
        start.wait(PATIENCE_SECONDS)
        # Every other scan is of the badge that all share.
        answers.extend(report(client, at, credential=at.token if one % 2 else token) for one in range(EACH))

    threads = [threading.Thread(target=scan, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    assert {status for status, _answer in answers} == {201}
    told = {answer["event_id"] for _status, answer in answers}
    assert len(told) == READERS * EACH
    with runtime.reading(SYSTEM) as work:
        stored = {str(one) for one in work.session.scalars(sa.select(AccessEvent.id))}
        assert stored == told
        assert {str(one) for one in work.session.scalars(sa.select(KnownScan.event_id))} == told
        assert {str(one) for one in work.session.scalars(sa.select(LedgerEntry.id).where(LedgerEntry.log == 1))} == told
        assert work.session.scalar(sa.select(sa.func.count()).select_from(Presence)) == READERS + 1


def test_a_token_that_another_process_revoked_opens_no_door_from_the_next_scan_on(
    client: FlaskClient, at: Door, runtime: Runtime
) -> None:
    assert report(client, at)[0] == 201

    instant = "1772442000000000" if runtime.embedded else f"'{NOW}'"
    elsewhere(runtime, f"UPDATE device_token SET revoked_at = {instant} WHERE name = 'Gate'")

    assert report(client, at)[0] == 403


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE site SET mode = 'lockdown'", "lockdown"),
        ("UPDATE visit SET watch_list_stop = true", "watch_list_stop"),
        ("UPDATE badge SET copy = 2", "revoked"),
        ("UPDATE zone SET requires_escort = true", "escort_missing"),
        ("UPDATE zone SET opens_minute = 0, closes_minute = 1", "outside_hours"),
        ("UPDATE zone SET position = 9", "no_rights_to_zone"),
    ],
)
def test_what_another_process_changes_holds_from_the_next_scan_on(
    client: FlaskClient, at: Door, runtime: Runtime, change: str, reason: str
) -> None:
    assert report(client, at)[1]["reason"] == "granted"

    elsewhere(runtime, change)

    assert report(client, at)[1]["reason"] == reason


def test_a_stranger_never_stands_in_the_queue_of_those_who_write(
    client: FlaskClient, at: Door, runtime: Runtime
) -> None:
    if runtime.embedded:
        assert runtime.writers.acquire(1.0)  # somebody writes for a long time

    answer = client.post("/api/v1/scans", json={}, headers={"Authorization": f"Bearer {uuid4()}"})

    assert answer.status_code == 403
    if runtime.embedded:
        runtime.writers.release()

import os
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.access import scenes
from tests.access.scenes import TOKEN, Door, door
from tests.real.programs import wait_until
from tests.web import SignIn
from visitor.access.models import AccessEvent
from visitor.badges import queries as badges
from visitor.badges.status import read_status_list
from visitor.badges.token import BadgeVerifier
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.ledger.models import LedgerEntry

NOW = "2026-03-02T09:00:00Z"
READER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def at(runtime: Runtime) -> Door:
    with runtime.transaction(SYSTEM) as work:
        made = door(work)
        scenes.add_device(work, made.site, TOKEN)
    return made


def report(client: FlaskClient, at: Door, **values: Any) -> TestResponse:
    body = {
        "scan_id": str(uuid4()),
        "access_point_id": str(at.point.id),
        "credential": at.token,
        "scanned_at": NOW,
    } | values
    return client.post("/api/v1/scans", json=body, headers=READER)


def test_a_granted_scan_is_answered_with_its_event(client: FlaskClient, at: Door, runtime: Runtime) -> None:
    answer = report(client, at)

    assert answer.status_code == 201
    body = answer.get_json()
    assert (body["granted"], body["reason"], body["message"]) == (True, "granted", "Granted.")
    with runtime.reading(SYSTEM) as work:
        assert str(work.session.scalars(sa.select(AccessEvent.id)).one()) == body["event_id"]


def test_a_refusal_is_an_answer_and_no_error(client: FlaskClient, at: Door) -> None:
    answer = report(client, at, credential="garbage")

    assert answer.status_code == 201
    assert (answer.get_json()["granted"], answer.get_json()["reason"]) == (False, "unknown_credential")
    assert "reception" in answer.get_json()["message"]


def test_a_scan_sent_again_gets_the_same_answer(client: FlaskClient, at: Door) -> None:
    scan_id = str(uuid4())

    assert report(client, at, scan_id=scan_id).get_json() == report(client, at, scan_id=scan_id).get_json()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_without_a_token_that_holds_nothing_is_answered(client: FlaskClient, at: Door, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/scans", data=b"{", headers=headers).status_code == 403
    assert client.get("/api/v1/status-list", headers=headers).status_code == 403


def test_a_member_of_staff_is_no_reader(sign_in: SignIn, at: Door) -> None:
    browser = sign_in(Role.SECURITY, Role.ADMINISTRATOR)

    assert browser.post("/api/v1/scans", json={}).status_code == 403


def test_a_revoked_device_is_refused(client: FlaskClient, at: Door, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        scenes.add_device(work, at.site, "revoked", revoked_at=work.now)

    assert client.get("/api/v1/status-list", headers={"Authorization": "Bearer revoked"}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"{}"', b"[" * 60_000, b'{"scan_id": 1}', b"\xff\xfe", b'{"credential": "\\ud800"}'],
)
def test_a_body_that_is_no_scan_is_invalid(client: FlaskClient, at: Door, body: bytes) -> None:
    answer = client.post("/api/v1/scans", data=body, headers=READER, content_type="application/json")

    assert answer.status_code == 422
    assert answer.get_json()["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scan_id", "not a uuid"),
        ("access_point_id", None),
        ("credential", 7),
        ("credential", None),
        ("scanned_at", "2026-03-02T09:00:00"),
        ("scanned_at", "yesterday"),
        ("offline_granted", "yes"),
        ("surprise", "field"),
    ],
)
def test_a_field_at_fault_is_named(client: FlaskClient, at: Door, field: str, value: object) -> None:
    answer = report(client, at, **{field: value})

    assert answer.status_code == 422
    assert list(answer.get_json()["error"]["fields"]) == [field]


def test_a_body_that_is_far_too_large_is_refused(client: FlaskClient, at: Door) -> None:
    assert report(client, at, credential="x" * 70_000).status_code == 413


def test_a_foreign_access_point_is_not_found(client: FlaskClient, at: Door, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        other = factories.access_point(work, factories.site(work))

    assert report(client, at, access_point_id=str(other.id)).status_code == 404


def test_the_status_list_is_signed_and_only_of_the_own_site(client: FlaskClient, at: Door, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        foreign = factories.site(work)
    answer = client.get("/api/v1/status-list", headers=READER)

    listed = read_status_list(answer.data, runtime.resources.get(BadgeVerifier))
    assert listed.site == at.site.number
    assert client.get(f"/api/v1/status-list?site={at.site.number}", headers=READER).status_code == 200
    assert client.get(f"/api/v1/status-list?site={foreign.number}", headers=READER).status_code == 404
    assert client.get("/api/v1/status-list?site=x", headers=READER).status_code == 422


def test_the_public_keys_check_a_real_token(client: FlaskClient, at: Door) -> None:
    [key] = client.get("/api/v1/keys").get_json()["keys"]

    from_answer = Ed25519PublicKey.from_public_bytes(b64decode(key["public_key"]))
    assert BadgeVerifier({key["key_id"]: from_answer}).verify(at.token).badge == at.badge.id


def test_the_description_names_every_field_and_answer(client: FlaskClient) -> None:
    spec = client.get("/api/v1/openapi.json").get_json()

    assert spec["openapi"].startswith("3.1")
    scans = spec["paths"]["/api/v1/scans"]["post"]
    assert {"201", "403", "404", "409", "422", "503"} <= set(scans["responses"])
    reference = scans["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    fields = spec["components"]["schemas"][reference]["properties"]
    assert set(fields) == {
        "scan_id",
        "access_point_id",
        "credential",
        "scanned_at",
        "offline_granted",
        "escorted",
    }
    assert "/api/v1/status-list" in spec["paths"]
    assert "/api/v1/keys" in spec["paths"]


def test_the_description_is_readable_without_scripts(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs").get_data(as_text=True)

    for words in ("/api/v1/scans", "scan_id", "offline_granted", "409", "unknown_credential"):
        assert words in page
    assert page.count("<script") == 1, "only the layout's own, which no page needs"


def test_the_same_scan_sent_at_once_by_many_threads_happens_once(app: Flask, at: Door, runtime: Runtime) -> None:
    scan_id, answers, start = str(uuid4()), [], threading.Barrier(8)

    def send(text: str) -> None:
        start.wait(10)
        answers.append(report(app.test_client(), at, scan_id=scan_id, credential=text).get_json())

    for text in (at.token, "not a badge"):
        scan_id, answers = str(uuid4()), []
        threads = [threading.Thread(target=send, args=(text,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(answers) == 8
        assert all(answer == answers[0] for answer in answers)
    with runtime.reading(SYSTEM) as work:
        for table in (AccessEvent, LedgerEntry):
            assert work.session.scalar(sa.select(sa.func.count()).select_from(table)) == 2


def test_two_badges_cannot_take_the_last_place_at_once(app: Flask, at: Door, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        work.session.merge(at.zone).occupancy_limit = 1
        made = [scenes.add_badge(work, at.site, factories.visit(work, at.site)) for _ in range(6)]
        tokens = [badges.token_of(work, badge, at.site.number) for badge in made]
    granted: list[bool] = []
    start = threading.Barrier(len(tokens))

    def send(text: str) -> None:
        start.wait(10)
        granted.append(report(app.test_client(), at, credential=text).get_json()["granted"])

    threads = [threading.Thread(target=send, args=(text,)) for text in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(granted) == [False] * 5 + [True]


@pytest.mark.postgres_only
def test_a_scan_over_http_takes_four_round_trips(
    client: FlaskClient, at: Door, runtime: Runtime, tmp_path: Path
) -> None:
    with runtime.transaction(SYSTEM) as work:
        for _ in range(2):
            factories.camera(work, at.site, (at.point,))
    report(client, at)  # the connection is there, the statements are known to it
    with traced(runtime.engine, tmp_path) as wires:
        assert report(client, at).status_code == 201
        # Whoever wrote the scan may give the connection back after the answer, and only then is all written down.
        wait_until(lambda: runtime.engine.pool.status().count("Current Checked out connections: 0") == 1, "the wire")

    # What else goes on in the house, such as a look whether a connection still stands, says less than a scan.
    said = max((path.read_text() for path in wires), key=len)
    # Whoever waits for the server has said Sync, or sent a whole query at once.
    lines = [line.split("\t") for line in said.splitlines()]
    waits = [line for line in lines if line[1:2] == ["F"] and line[3] in {"Sync", "Query"}]
    assert 0 < len(waits) <= 4, said


@contextmanager
def traced(engine: sa.Engine, folder: Path) -> Iterator[list[Path]]:
    """Write down what each connection says to the server while it is lent, by the protocol itself."""
    wires: list[Path] = []

    def lent(connection: psycopg.Connection, *_rest: object) -> None:
        wires.append(folder / f"wire-{len(wires)}")
        with wires[-1].open("wb") as out:
            connection.pgconn.trace(os.dup(out.fileno()))

    def returned(connection: psycopg.Connection, *_rest: object) -> None:
        connection.pgconn.untrace()

    sa.event.listen(engine, "checkout", lent)
    sa.event.listen(engine, "checkin", returned)
    yield wires
    sa.event.remove(engine, "checkout", lent)
    sa.event.remove(engine, "checkin", returned)

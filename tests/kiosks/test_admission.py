"""Only requests that a paired kiosk has just signed are let in; no cookie speaks for one."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.kiosk_client import API, KioskKey
from tests.kiosks.conftest import Reception
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.kiosks import operations
from visitor.kiosks.models import Kiosk

SignIn = Callable[..., FlaskClient]
ROUTES = [
    ("GET", "/config"),
    ("GET", "/hosts?q=sa"),
    ("POST", "/sign-ins"),
    ("POST", "/sign-outs"),
    ("POST", "/passes"),
    ("POST", "/pass-sign-ins"),
    ("POST", "/forgettings"),
    ("POST", "/photo-checks"),
    ("POST", "/qr-readings"),
    ("POST", "/help-requests"),
    ("GET", f"/sign-ins/{UUID(int=1)}/badge.png"),
    ("GET", f"/sign-ins/{UUID(int=1)}/printing"),
]


def code_of(answer: TestResponse) -> str:
    assert answer.status_code == 401
    return str(answer.get_json()["error"]["code"])


def test_list_of_routes_is_whole(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(API)]
    assert len(rules) == len(ROUTES) + 1, "one more is the pairing itself"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_unsigned_request_is_refused_everywhere(client: FlaskClient, method: str, path: str) -> None:
    assert code_of(client.open(API + path, method=method)) == "not_paired"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_session_of_a_member_of_staff_is_no_kiosk(sign_in: SignIn, method: str, path: str) -> None:
    browser = sign_in(Role.RECEPTIONIST, Role.ADMINISTRATOR, Role.SECURITY)
    assert code_of(browser.open(API + path, method=method)) == "not_paired"


def test_kiosk_needs_no_csrf_token(app: Flask, hall: Reception) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert hall.sign_in().status_code == 201


@pytest.mark.parametrize("path", ["/desk/", "/admin/", "/security/", "/privacy/"])
def test_signature_of_a_kiosk_opens_no_staff_page(hall: Reception, path: str) -> None:
    answer = hall.kiosk.client.get(path, headers=hall.kiosk.headers("GET", path))
    assert answer.status_code in {302, 403, 404}


def test_another_devices_key_is_refused(hall: Reception) -> None:
    hall.kiosk.key = KioskKey(kiosk_id=hall.kiosk.key.kiosk_id)
    assert code_of(hall.kiosk.get("/config")) == "bad_signature"


def test_kiosk_that_never_was_is_refused(hall: Reception) -> None:
    hall.kiosk.key.kiosk_id = uuid4()
    assert code_of(hall.kiosk.get("/config")) == "not_paired"


def test_kiosk_that_was_let_go_is_refused_at_once(hall: Reception, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        operations.revoke(work, hall.kiosk.key.kiosk_id)
    assert code_of(hall.kiosk.get("/config")) == "not_paired"
    assert code_of(hall.sign_in()) == "not_paired"


def test_body_that_was_changed_on_the_way_is_refused(hall: Reception) -> None:
    path = f"{API}/sign-ins"
    body = json.dumps(hall.sign_in_body()).encode()
    headers = hall.kiosk.headers("POST", path, body)
    changed = body.replace(b"Ada", b"Eve")
    answer = hall.kiosk.client.post(path, data=changed, headers=headers, content_type="application/json")
    assert code_of(answer) == "bad_signature"


@pytest.mark.parametrize("asked", ["/hosts?q=sb", "/hosts?q=sa&x=1", "/hosts", "/config?q=sa"])
def test_signature_holds_for_one_address_with_its_query(hall: Reception, asked: str) -> None:
    headers = hall.kiosk.headers("GET", f"{API}/hosts?q=sa")
    assert code_of(hall.kiosk.client.get(API + asked, headers=headers)) == "bad_signature"


def test_signature_holds_for_one_method(hall: Reception) -> None:
    headers = hall.kiosk.headers("GET", f"{API}/help-requests")
    assert code_of(hall.kiosk.client.post(f"{API}/help-requests", headers=headers)) == "bad_signature"


@pytest.mark.parametrize("query", ["q=Ren%C3%A9", "q=%E7%8E%8B", "q=a+b", "q=a%20b", "q=%2B%26"])
def test_query_in_any_script_is_signed_as_it_is_sent(hall: Reception, query: str) -> None:
    assert hall.kiosk.get(f"/hosts?{query}").status_code == 200


def test_recorded_request_is_refused_after_five_minutes(hall: Reception, clock: FixedClock) -> None:
    headers = hall.kiosk.headers("GET", f"{API}/config")
    clock.move(timedelta(minutes=5))
    assert hall.kiosk.client.get(f"{API}/config", headers=headers).status_code == 200
    clock.move(timedelta(seconds=1))
    assert code_of(hall.kiosk.client.get(f"{API}/config", headers=headers)) == "clock_skew"


def test_recorded_sign_in_makes_no_second_visit(hall: Reception) -> None:
    path, body = f"{API}/sign-ins", json.dumps(hall.sign_in_body()).encode()
    headers = hall.kiosk.headers("POST", path, body)
    answers = [
        hall.kiosk.client.post(path, data=body, headers=headers, content_type="application/json") for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json()["visit_id"] == answers[1].get_json()["visit_id"]


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=-4000)])
def test_kiosk_with_a_wrong_clock_is_told_the_time_and_goes_on(hall: Reception, ahead: timedelta) -> None:
    hall.kiosk.ahead = ahead

    answer = hall.sign_in()

    assert code_of(answer) == "clock_skew"
    told = answer.get_json()["error"]["server_time"]
    hall.kiosk.ahead -= timedelta(milliseconds=hall.kiosk.now().timestamp() * 1000 - told)
    assert hall.sign_in().status_code == 201


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Visitor-Kiosk", "nobody"),
        ("Visitor-Time", "noon"),
        ("Visitor-Time", "9" * 30),
        ("Visitor-Signature", ""),
        ("Visitor-Signature", "A" * 86),
        ("Visitor-Signature", "!"),
        ("Visitor-Signature", "é"),
    ],
)
def test_damaged_header_is_refused(hall: Reception, header: str, value: str) -> None:
    headers = hall.kiosk.headers("GET", f"{API}/config") | {header: value}
    assert code_of(hall.kiosk.client.get(f"{API}/config", headers=headers)) in {"not_paired", "bad_signature"}


def test_when_a_kiosk_was_heard_of_is_kept_once_a_minute(hall: Reception, runtime: Runtime, clock: FixedClock) -> None:
    first = clock.now()
    hall.kiosk.get("/config")
    clock.move(timedelta(seconds=30))
    hall.kiosk.get("/config")
    with runtime.reading(SYSTEM) as work:
        assert work.session.get_one(Kiosk, hall.kiosk.key.kiosk_id).seen_at == first
    clock.move(timedelta(seconds=31))
    hall.kiosk.get("/config")
    with runtime.reading(SYSTEM) as work:
        assert work.session.get_one(Kiosk, hall.kiosk.key.kiosk_id).seen_at == clock.now()

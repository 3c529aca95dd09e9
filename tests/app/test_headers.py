"""Security headers on every answer."""

import pytest
from flask.testing import FlaskClient

from visitor.app.factory import create_app
from visitor.core.settings import Settings
from visitor.core.work import Runtime


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/healthz", "/assets/0/staff.css", "/api/v1/openapi.json"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_are_kept_nowhere_and_style_sheets_are(client: FlaskClient) -> None:
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
    with client.get("/assets/0/staff.css") as answer:
        assert "no-store" not in answer.headers.get("Cache-Control", "")


def test_only_the_kiosk_may_ask_for_the_camera(client: FlaskClient) -> None:
    assert "camera=()" in client.get("/sign-in").headers["Permissions-Policy"]
    with client.get("/kiosk/") as answer:
        assert "camera=(self)" in answer.headers["Permissions-Policy"]


def test_plain_http_on_this_machine_promises_no_https(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


def test_https_is_promised_and_the_cookie_is_bound_to_the_host(runtime: Runtime, settings: Settings) -> None:
    server = settings.server.model_copy(update={"public_url": "https://visitors.example.org"})
    runtime.settings = settings.model_copy(update={"server": server})
    browser = create_app(runtime).test_client()

    answer = browser.get("/sign-in", base_url="https://visitors.example.org")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-visitor=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}

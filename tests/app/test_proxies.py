"""Only named proxies may say who the client is."""

import ipaddress

import pytest
from flask import Flask, request

from visitor.app.factory import create_app
from visitor.core import web
from visitor.core.settings import Settings
from visitor.core.work import Runtime

SAID = {"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "visitors.example.org"}


@pytest.fixture
def behind_proxy(runtime: Runtime, settings: Settings) -> Flask:
    networks = (ipaddress.ip_network("10.0.0.0/24"),)
    server = settings.server.model_copy(update={"trusted_proxies": networks})
    runtime.settings = settings.model_copy(update={"server": server})
    app = create_app(runtime)

    @web.open_to_all("a test")
    def who() -> str:
        return f"{request.remote_addr} {request.scheme} {request.host}"

    app.add_url_rule("/who", "who", who)
    return app


@pytest.mark.parametrize(
    ("peer", "seen"),
    [
        ("10.0.0.7", "198.51.100.9 https visitors.example.org"),
        ("10.0.1.7", "10.0.1.7 http localhost"),
        ("203.0.113.5", "203.0.113.5 http localhost"),
        ("not an address", "not an address http localhost"),
    ],
)
def test_forwarded_headers_count_only_from_named_proxies(behind_proxy: Flask, peer: str, seen: str) -> None:
    answer = behind_proxy.test_client().get("/who", headers=SAID, environ_base={"REMOTE_ADDR": peer})

    assert answer.get_data(as_text=True) == seen


def test_client_cannot_put_itself_before_the_proxy(behind_proxy: Flask) -> None:
    headers = SAID | {"X-Forwarded-For": "127.0.0.1, 198.51.100.9"}

    answer = behind_proxy.test_client().get("/who", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.7"})

    assert answer.get_data(as_text=True).startswith("198.51.100.9 ")

"""Who the client is: only the proxies named in the settings may say it for another."""

import ipaddress
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from visitor.core.settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STRANGER = "visitor.forwarded_by_a_stranger"
"""In the environment of a request that came through a proxy that is not named: its address is not the client's."""
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")


class TrustedProxies:
    """Uses X-Forwarded-* from named proxies and drops it from everybody else."""

    def __init__(self, app: "WSGIApplication", settings: ServerSettings) -> None:
        self._plain = app
        self._proxied = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._networks = settings.trusted_proxies

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse", /) -> "Iterable[bytes]":
        """Answer one request."""
        if self._trusted(environ.get("REMOTE_ADDR", "")):
            return self._proxied(environ, start)
        if [name for name in FORWARDED if environ.pop(name, None) is not None]:
            environ[STRANGER] = True
        return self._plain(environ, start)

    def _trusted(self, address: str) -> bool:
        try:
            client = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(client in network for network in self._networks)


def install(app: Flask, settings: ServerSettings) -> None:
    """Wrap the application."""
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings)  # type: ignore[method-assign,assignment]  # Flask's own way

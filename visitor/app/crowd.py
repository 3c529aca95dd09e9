"""Letting requests in: so many at once, in the order of asking, and doors by an entrance of their own.

More at once would only take turns at the processor and the database, and hold more memory. Doors do not stand behind
kiosks that send photos. While something holds the database, whoever has waited for as long as a lock is waited for is
sent away, so that a request is answered in time however many come. What tells whether the server lives, stands in no
queue.
"""

from typing import TYPE_CHECKING, Final

from flask import Flask, request

from visitor.core import patience
from visitor.core.errors import Unavailable
from visitor.core.together import LARGEST_GROUP
from visitor.core.work import FairLock, Runtime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DOORS: Final = LARGEST_GROUP
"""Scans that are let in at once, beside all else. Most only wait, to be stored together."""
SCANS: Final = "/api/v1/scans"
CROWDED: Final = "visitor.crowded"
ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class Admitting:
    """The application behind its entrances."""

    def __init__(self, app: "WSGIApplication", runtime: Runtime) -> None:
        self._app = app
        self._runtime = runtime
        self._doors, self._others = FairLock(DOORS), FairLock(runtime.settings.server.threads)

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse", /) -> "Iterable[bytes]":
        """Answer one request."""
        most_seconds = self._runtime.settings.database.lock_timeout_seconds
        with patience.request(most_seconds):
            path = environ.get("PATH_INFO")
            if path in ALWAYS:
                return self._app(environ, start)
            entrance = self._doors if path == SCANS else self._others
            # In a mere rush it waits for its turn: that is better than being sent away.
            if not entrance.acquire(most_seconds, hopeless=lambda: self._runtime.busy):
                environ[CROWDED] = True
                return self._app(environ, start)
            try:
                return self._app(environ, start)
            finally:
                entrance.release()


def install(app: Flask, runtime: Runtime) -> None:
    """Let requests in by their entrances; call it before whatever asks the database."""
    app.wsgi_app = Admitting(app.wsgi_app, runtime)  # type: ignore[method-assign,assignment]  # Flask's own way

    @app.before_request
    def refuse() -> None:
        if CROWDED in request.environ:
            raise Unavailable

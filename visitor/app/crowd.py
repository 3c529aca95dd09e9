"""Threads for those who can still be served while others wait in vain: health, and a clear answer for the rest.

A database that is held fast keeps each request for as long as the lock time-out. Doors and kiosks repeat theirs, so
that soon every thread would wait, and whoever watches the server would take it for dead.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import Flask, request

from visitor.core.errors import Unavailable
from visitor.core.work import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RESERVED: Final = 4
"""Threads that are kept for health and for turning others away."""
LONG_SECONDS: Final = 2.0
"""A request that takes longer waits for something; in a mere rush each is done sooner."""
CROWDED: Final = "visitor.crowded"
ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class Crowd:
    """Lets so many requests in that some threads stay free, in the order of asking."""

    def __init__(self, threads: int, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody.

        Args:
            threads: how many answer requests; live pages have theirs beside these.
            seconds: a clock.
        """
        self._room = threads - min(RESERVED, threads // 4)
        self._seconds = seconds
        self._guard = threading.Lock()
        self._began: dict[int, float] = {}
        """Thread to the time at which its request was let in."""
        self._waiting: deque[tuple[int, threading.Event]] = deque()

    def enter(self) -> bool:
        """Let this thread's request in; False: there is no room, and those inside do not move.

        In a rush it waits for its turn: that is better than being sent away.
        """
        thread, turn = threading.get_ident(), threading.Event()
        with self._guard:
            if not self._waiting and self._has_room():
                self._began[thread] = self._seconds()
                return True
            if self._stands_still():
                return False
            self._waiting.append((thread, turn))
        while not turn.wait(LONG_SECONDS):
            with self._guard:
                self._let_in()  # a live page may have ended
                if not turn.is_set() and self._stands_still():
                    self._waiting.remove((thread, turn))
                    return False
        return True

    def leave(self) -> None:
        """Note that this thread is done, and let in who has waited longest."""
        with self._guard:
            del self._began[threading.get_ident()]
            self._let_in()

    @property
    def waiting(self) -> int:
        """How many wait to be let in."""
        return len(self._waiting)

    def _let_in(self) -> None:
        while self._waiting and self._has_room():
            thread, turn = self._waiting.popleft()
            self._began[thread] = self._seconds()
            turn.set()

    def _has_room(self) -> bool:
        return len(self._began) < self._room

    def _stands_still(self) -> bool:
        now = self._seconds()
        return 2 * sum(now - since >= LONG_SECONDS for since in self._began.values()) > len(self._began)


class Admitting:
    """The application behind a crowd."""

    def __init__(self, app: "WSGIApplication", crowd: Crowd) -> None:
        self._app = app
        self._crowd = crowd

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse", /) -> "Iterable[bytes]":
        """Answer one request."""
        if environ.get("PATH_INFO") in ALWAYS:
            return self._app(environ, start)
        if not self._crowd.enter():
            environ[CROWDED] = True
            return self._app(environ, start)
        try:
            return self._app(environ, start)
        finally:
            self._crowd.leave()


def install(app: Flask, runtime: Runtime) -> None:
    """Count requests, and refuse what no thread should wait for; call it before whatever asks the database."""
    crowd = Crowd(runtime.settings.server.threads)
    app.wsgi_app = Admitting(app.wsgi_app, crowd)  # type: ignore[method-assign,assignment]  # Flask's own way

    @app.before_request
    def refuse() -> None:
        if CROWDED in request.environ:
            raise Unavailable

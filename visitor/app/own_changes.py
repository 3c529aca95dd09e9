"""Whoever has just changed something sees it, also where pages are read from a standby that is a little behind."""

from typing import Final

from flask import Flask, Response, request, session

from visitor.core import web
from visitor.core.actors import ActorKind
from visitor.core.replica import FAULTS
from visitor.core.work import Runtime

HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, runtime: Runtime) -> None:
    """Keep the place of each change in the session of who made it: it goes along to whichever server answers next."""
    if runtime.replica is None:
        return
    replica = runtime.replica

    @app.after_request
    def remember(response: Response) -> Response:
        if request.method not in HARMLESS and response.status_code < 400 and web.actor().kind is ActorKind.STAFF:
            try:
                session[web.CHANGED] = replica.written().place
            except FAULTS:
                # The change is made and must be answered; at worst a page shows it some seconds later.
                return response
        return response

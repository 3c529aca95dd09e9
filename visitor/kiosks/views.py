"""Serving the web app that visitors touch."""

from flask import Blueprint, Response, send_from_directory

from visitor.core import web
from visitor.core.migrations import carried

bp = Blueprint("kiosk_app", __name__, url_prefix="/kiosk")
APP = carried("kiosk") / "app"


@bp.get("/")
@web.open_to_all("the app holds no data; it shows nothing until it is paired")
def index() -> Response:
    """Return the app's one page."""
    return _file("index.html")


@bp.get("/sw.js")
@web.open_to_all("part of the app")
def service_worker() -> Response:
    """Return the service worker at the top of its scope."""
    return _file("sw.js")


@bp.get("/app/<path:name>")
@web.open_to_all("part of the app")
def file(name: str) -> Response:
    """Return one of the app's files."""
    return _file(name)


def _file(name: str) -> Response:
    answer = send_from_directory(APP, name)
    answer.headers["Cache-Control"] = "no-cache"
    return answer

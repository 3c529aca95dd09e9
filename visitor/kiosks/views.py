"""Serving the web app that visitors touch."""

from flask import Blueprint, Response, request

from visitor.core import web
from visitor.core.errors import NotFound
from visitor.kiosks import app_files

bp = Blueprint("kiosk_app", __name__, url_prefix="/kiosk")


@bp.get("/")
@web.open_to_all("the app holds no data; it shows nothing until it is paired")
def index() -> Response:
    """Return the app's one page."""
    return _file(app_files.PAGE)


@bp.get("/sw.js")
@web.open_to_all("part of the app")
def service_worker() -> Response:
    """Return the service worker at the top of its scope."""
    return _file(app_files.WORKER)


@bp.get("/app/<path:name>")
@web.open_to_all("part of the app")
def file(name: str) -> Response:
    """Return one of the app's files."""
    return _file(name)


def _file(name: str) -> Response:
    """Answer in the smallest encoding that the browser takes; caches keep each by itself, and ask whether it holds."""
    found = app_files.served(name)
    if found is None:
        raise NotFound
    accepted = request.accept_encodings
    encoding = next(each for each in found.encodings if each == "identity" or accepted.quality(each) > 0)
    answer = Response(found.encodings[encoding], mimetype=found.mimetype)
    if encoding != "identity":
        answer.headers["Content-Encoding"] = encoding
    answer.set_etag(f"{found.tag}-{encoding}")
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer

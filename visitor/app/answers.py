"""Answering errors: a page for people, JSON for programs, the same six meanings for both."""

import traceback
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from visitor.core import web
from visitor.core.errors import Invalid, NotAllowed, NotFound, ProductError, TooMany, Unavailable
from visitor.core.forms import field_faults
from visitor.core.i18n import N_

log = structlog.get_logger()

TOO_LARGE = N_("This is larger than can be received here. Send a smaller picture or file.")
STALE_FORM = N_("This form was open for too long or in two windows. Load the page again; then send it once more.")
WRONG_METHOD = N_("This address cannot be used in this way.")
UNKNOWN = N_(
    "Something went wrong on our side, and nothing was saved. Try again; if it stays, tell your administrator."
)


class _HttpFault(ProductError):
    """An HTTP error of the web layer itself."""

    code = "request"
    message = WRONG_METHOD

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.http_status = status


def install(app: Flask) -> None:
    """Register one handler for each sort of error."""
    app.register_error_handler(ProductError, answer)
    app.register_error_handler(CSRFError, lambda _fault: answer(_HttpFault(HTTPStatus.BAD_REQUEST, STALE_FORM)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)
    app.after_request(_say_when_again)


def wants_json() -> bool:
    """Tell whether a program asks."""
    if request.path.startswith(("/api/", "/kiosk/api/")):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def answer(fault: ProductError) -> ResponseReturnValue:
    """Answer one of the six errors in the reader's language."""
    status = getattr(fault, "http_status", None) or fault.status
    text = web.text(fault.text)
    message = text % fault.values if fault.values else text
    response = _json(fault, message) if wants_json() else _page(message, status)
    response.status_code = status
    if isinstance(fault, TooMany):
        response.headers["Retry-After"] = str(fault.retry_after_seconds)
    return response


def _say_when_again(response: Response) -> Response:
    """Say when to try again, whichever page tells that it cannot be done now."""
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(Unavailable.retry_after_seconds)
    return response


def invalid_request(fault: ValidationError) -> Response:
    """Turn a fault of the JSON API's input into the common answer."""
    raise Invalid(fields=field_faults(fault))


def _json(fault: ProductError, message: str) -> Response:
    error: dict[str, object] = {"code": fault.code, "message": message}
    if isinstance(fault, Invalid):
        error["fields"] = {name: web.text(text) for name, text in fault.fields.items()}
    if isinstance(fault, TooMany):
        error["retry_after_seconds"] = fault.retry_after_seconds
    error |= getattr(fault, "extra", {})
    return jsonify({"error": error, "request_id": g.get("request_id")})


def _page(message: str, status: int) -> Response:
    body = render_template("errors/error.html", message=message, status=status, request_id=g.get("request_id"))
    return Response(body, status, mimetype="text/html")


def _http(fault: HTTPException) -> ResponseReturnValue:
    known: dict[int | None, ProductError] = {
        HTTPStatus.NOT_FOUND: NotFound(),
        HTTPStatus.UNAUTHORIZED: NotAllowed(),
        HTTPStatus.FORBIDDEN: NotAllowed(),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _HttpFault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE),
    }
    if fault.response is not None and fault.code is None:
        return fault.response
    if fault.code is not None and fault.code < HTTPStatus.BAD_REQUEST:
        return fault  # a redirection
    return answer(known.get(fault.code) or _HttpFault(fault.code or HTTPStatus.BAD_REQUEST, WRONG_METHOD))


def _unknown(fault: Exception) -> ResponseReturnValue:
    """Answer a fixed text. The log gets the class and the places, never the message: it may hold a name."""
    places = traceback.format_tb(fault.__traceback__)
    log.error("request.failed", fault=type(fault).__name__, request_id=g.get("request_id"), places="".join(places[-8:]))
    if isinstance(fault, DBAPIError | PoolTimeout):
        return answer(web.runtime().as_told(fault) or Unavailable())
    return answer(_HttpFault(HTTPStatus.INTERNAL_SERVER_ERROR, UNKNOWN))

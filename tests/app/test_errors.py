"""Errors: a page for people, JSON for programs, and nothing personal in the log."""

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from visitor.app.factory import refuse_undeclared
from visitor.core import web
from visitor.core.errors import Conflict, Invalid, NotAllowed, NotFound, ProductError, TooMany, Unavailable

JSON = {"Accept": "application/json"}
NAME = "Sanne de Boer"
FAULTS: list[tuple[Exception, int, str]] = [
    (NotFound(), 404, "not_found"),
    (NotAllowed(), 403, "not_allowed"),
    (Invalid(fields={"name": "Please fill this in."}), 422, "invalid"),
    (Conflict(), 409, "conflict"),
    (TooMany(retry_after_seconds=7), 429, "too_many"),
    (Unavailable(), 503, "unavailable"),
    (RuntimeError(f"no badge for {NAME}"), 500, "request"),
    (OperationalError("SELECT", {}, Exception(NAME)), 503, "unavailable"),
]


@pytest.fixture
def faulty(app: Flask) -> dict[str, Exception]:
    """The fault that `/faulty` ends in."""
    held: dict[str, Exception] = {}

    @web.open_to_all("a test")
    def view() -> str:
        raise held["fault"]

    app.add_url_rule("/faulty", "faulty", view, methods=["GET", "POST"])
    return held


@pytest.mark.parametrize(("fault", "status", "code"), FAULTS)
def test_program_gets_json_with_code_message_and_request_id(
    client: FlaskClient, faulty: dict[str, Exception], fault: Exception, status: int, code: str
) -> None:
    faulty["fault"] = fault

    answer = client.get("/faulty", headers=JSON)

    assert answer.status_code == status
    body = answer.get_json()
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert len(body["request_id"]) == 16
    assert NAME not in answer.get_data(as_text=True)


@pytest.mark.parametrize(("fault", "status", "code"), FAULTS)
def test_person_gets_a_page_with_the_request_id(
    client: FlaskClient, faulty: dict[str, Exception], fault: Exception, status: int, code: str
) -> None:
    faulty["fault"] = fault

    answer = client.get("/faulty", headers={"Accept": "text/html"})

    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert "<h1" in page
    assert "<code>" in page
    assert NAME not in page


def test_fields_at_fault_and_waiting_time_are_told(client: FlaskClient, faulty: dict[str, Exception]) -> None:
    faulty["fault"] = FAULTS[2][0]
    assert client.get("/faulty", headers=JSON).get_json()["error"]["fields"] == {"name": "Please fill this in."}

    faulty["fault"] = FAULTS[4][0]
    answer = client.get("/faulty", headers=JSON)
    assert answer.headers["Retry-After"] == "7"
    assert answer.get_json()["error"]["retry_after_seconds"] == 7


def test_log_of_an_unknown_fault_has_its_class_and_never_its_message(
    client: FlaskClient, faulty: dict[str, Exception]
) -> None:
    faulty["fault"] = RuntimeError(f"no badge for {NAME}")

    with structlog.testing.capture_logs() as lines:
        answer = client.get("/faulty", headers=JSON)

    assert [line["event"] for line in lines] == ["request.failed"]
    assert lines[0]["fault"] == "RuntimeError"
    assert lines[0]["request_id"] == answer.get_json()["request_id"]
    assert NAME not in str(lines)


def test_message_with_places_is_filled_in_the_readers_language(
    client: FlaskClient, faulty: dict[str, Exception]
) -> None:
    faulty["fault"] = ProductFault("Only %(count)s are left.", count=3)

    assert client.get("/faulty", headers=JSON).get_json()["error"]["message"] == "Only 3 are left."


class ProductFault(ProductError):
    """A fault of this test."""

    code = "test"
    status = 418
    message = "A test."


def test_wrong_method_and_unknown_address_are_answered_alike(client: FlaskClient) -> None:
    assert client.delete("/sign-in", headers=JSON).status_code == 405
    assert client.get("/api/v1/nowhere").get_json()["error"]["code"] == "not_found"


def test_too_large_a_body_is_refused(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"login_name": "x" * (13 * 1024 * 1024)}, headers=JSON)

    assert answer.status_code == 413


def test_view_that_declares_nothing_is_refused(app: Flask) -> None:
    app.add_url_rule("/undeclared", "undeclared", lambda: "")

    with pytest.raises(RuntimeError, match="undeclared"):
        refuse_undeclared(app)


def test_request_ids_differ(client: FlaskClient) -> None:
    seen = {client.get("/nowhere", headers=JSON).get_json()["request_id"] for _ in range(20)}

    assert len(seen) == 20

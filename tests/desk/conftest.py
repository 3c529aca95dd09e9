"""A reception desk with visitors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.reception import arrivals
from tests.web import app, client, sign_in
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.permissions import Role
from visitor.core.work import Runtime, Work
from visitor.people import operations as people
from visitor.people.records import Contact
from visitor.visits.models import Visit, VisitState

__all__ = ["app", "client", "sign_in"]
SignIn = Callable[..., FlaskClient]


@dataclass(slots=True)
class Desk:
    """A site, its kind of visit, and the receptionist's browser."""

    here: arrivals.Place
    browser: FlaskClient
    runtime: Runtime

    def fields(self, **values: Any) -> dict[str, Any]:
        """What the receptionist's form sends."""
        return {
            "client_id": str(uuid4()),
            "visit_type_id": str(self.here.visit_type.id),
            "name": "Ada Lovelace",
        } | values

    def sign_in(self, **values: Any) -> TestResponse:
        """Send the form."""
        return self.browser.post("/desk/sign-in", data=self.fields(**values))

    def visitor(self, **values: Any) -> UUID:
        """Sign somebody in at the kiosk; return the visit."""
        with self.runtime.transaction(SYSTEM) as work:
            return self.here.sign_in(work, **values).visit_id

    def page(self, path: str = "/desk/") -> str:
        """Read a page."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)


@pytest.fixture
def here(runtime: Runtime) -> arrivals.Place:
    with runtime.transaction(SYSTEM) as work:
        return arrivals.place(work)


@pytest.fixture
def desk(runtime: Runtime, here: arrivals.Place, sign_in: SignIn) -> Desk:
    return Desk(here, sign_in(Role.RECEPTIONIST, at=here.site), runtime)


def expected(work: Work, here: arrivals.Place, name: str = "Grace Hopper", **values: Any) -> Visit:
    """Somebody who is to come in an hour."""
    row = {
        "state": VisitState.EXPECTED,
        "person_id": people.make_person(work, here.site.id),
        "visit_type_id": here.visit_type.id,
        "arrived_at": None,
        "received_at": None,
        "due_out_at": None,
        "expected_at": work.now + timedelta(hours=1),
    } | values
    visit = factories.visit(work, here.site, **row)
    latest_at = work.now + timedelta(days=30)
    sealing = people.Sealing(
        here.site.id, DataClass.CONTACT, Contact(name=name), latest_at, person_id=visit.person_id, visit_id=visit.id
    )
    people.seal(work, sealing)
    return visit

"""A site with a paired kiosk."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.kiosk_client import KioskClient
from tests.reception import arrivals
from tests.web import app, client, sign_in
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.sites.models import Site
from visitor.visits.models import VisitType

__all__ = ["app", "client", "sign_in"]


@dataclass(slots=True)
class Reception:
    """A site, its kind of visit, a host, and the kiosk in its hall."""

    site: Site
    visit_type: VisitType
    host_id: UUID
    kiosk: KioskClient

    def sign_in_body(self, **values: Any) -> dict[str, Any]:
        """What the kiosk sends for a visitor."""
        return {
            "client_id": str(uuid4()),
            "happened_at": self.kiosk.now().isoformat(),
            "language": "en",
            "visit_type_id": str(self.visit_type.id),
            "name": "Ada Lovelace",
            "host_id": str(self.host_id),
        } | values

    def sign_in(self, **values: Any) -> TestResponse:
        """Sign a visitor in."""
        return self.kiosk.post("/sign-ins", self.sign_in_body(**values))

    def sign_out(self, **values: Any) -> TestResponse:
        """Sign a visitor out."""
        body = {"client_id": str(uuid4()), "happened_at": self.kiosk.now().isoformat()}
        return self.kiosk.post("/sign-outs", body | values)


def reception_at(app: Flask, runtime: Runtime, preset: str = "NL") -> Reception:
    """Open another reception."""
    with runtime.transaction(SYSTEM) as work:
        here = arrivals.place(work, preset=preset)
        host_id = factories.host(work, here.site).id
    return Reception(here.site, here.visit_type, host_id, KioskClient(app.test_client(), runtime, here.site).pair())


@pytest.fixture
def hall(app: Flask, runtime: Runtime) -> Reception:
    return reception_at(app, runtime)


@pytest.fixture
def elsewhere(app: Flask, runtime: Runtime) -> Reception:
    return reception_at(app, runtime)

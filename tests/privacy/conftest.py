"""Fixtures of the room's tests."""

import pytest

from tests import factories
from tests.web import app, client, sign_in
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.sites.models import Site

__all__ = ["app", "client", "sign_in"]


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)

"""The application under test, and signing in to it as staff do."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from visitor.accounts import passwords
from visitor.app.factory import create_app
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.sites.models import Site

PASSWORD = "correct horse battery staple"
SignIn = Callable[..., FlaskClient]


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    made = create_app(runtime)
    made.config["TESTING"] = False
    made.config["WTF_CSRF_ENABLED"] = False
    """Most tests are about something else; tests/app/test_csrf.py turns it on."""
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, runtime: Runtime) -> SignIn:
    """Return a browser in which somebody with these roles is signed in."""

    return lambda *roles, at=None: signed_in_browser(app, runtime, *roles, at=at)


def signed_in_browser(app: Flask, runtime: Runtime, *roles: Role, at: Site | None = None) -> FlaskClient:
    """Return a browser in which somebody with these roles is signed in."""
    with runtime.transaction(SYSTEM) as work:
        hashed = passwords.quick_hash(PASSWORD)
        account = factories.account(work, *roles, at=at, password_hash=hashed)
    browser = app.test_client()
    answer = browser.post("/sign-in", data={"login_name": account.sign_in_name, "password": PASSWORD})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return browser

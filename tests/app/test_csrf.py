"""Forms without their token are refused, and nothing happens."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.web import PASSWORD
from visitor.accounts import passwords
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime

FORM = {"login_name": "kim", "password": PASSWORD}


@pytest.fixture
def browser(app: Flask, runtime: Runtime) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = True
    with runtime.transaction(SYSTEM) as work:
        factories.account(work, sign_in_name="kim", password_hash=passwords.quick_hash(PASSWORD))
    return app.test_client()


def token(browser: FlaskClient, path: str = "/sign-in") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).get_data(as_text=True))
    assert found is not None
    return found[1]


def test_form_without_a_token_is_refused_in_clear_words_and_nothing_happens(browser: FlaskClient) -> None:
    browser.get("/sign-in")

    answer = browser.post("/sign-in", data=FORM)

    assert answer.status_code == 400
    assert "Load the page again" in answer.get_data(as_text=True)
    assert browser.get("/account/password").status_code != 200


def test_token_of_another_browser_is_refused(browser: FlaskClient, app: Flask) -> None:
    foreign = token(app.test_client())
    browser.get("/sign-in")

    assert browser.post("/sign-in", data=FORM | {"csrf_token": foreign}).status_code == 400


def test_form_with_its_token_is_taken(browser: FlaskClient) -> None:
    assert browser.post("/sign-in", data=FORM | {"csrf_token": token(browser)}).status_code == 302


def test_sign_out_needs_the_token_too(browser: FlaskClient) -> None:
    browser.post("/sign-in", data=FORM | {"csrf_token": token(browser)})

    assert browser.post("/sign-out").status_code == 400
    assert browser.get("/account/password").status_code == 200

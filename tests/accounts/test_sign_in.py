"""Signing in and out: refusals first."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.web import PASSWORD, SignIn
from visitor.accounts import passwords, sessions
from visitor.accounts.models import Account, Grant, StaffSession
from visitor.core import web
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.ids import token_hash
from visitor.core.permissions import Permission, Role
from visitor.core.work import Runtime
from visitor.ledger.entries import AuditFact
from visitor.ledger.models import LedgerEntry

REFUSED = "The name or the password is not right."


@pytest.fixture
def account(runtime: Runtime) -> Account:
    with runtime.transaction(SYSTEM) as work:
        hashed = passwords.quick_hash(PASSWORD)
        return factories.account(work, Role.ADMINISTRATOR, sign_in_name="kim", password_hash=hashed)


def try_in(browser: FlaskClient, name: str, password: str, after: str = "") -> tuple[int, str]:
    answer = browser.post("/sign-in", data={"login_name": name, "password": password, "next": after})
    return answer.status_code, answer.headers.get("Location") or answer.get_data(as_text=True)


def without_token(page: str) -> str:
    """The page without its form token, which changes with the second."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def is_signed_in(browser: FlaskClient) -> bool:
    return browser.get("/account/password").status_code == 200


def sessions_of(runtime: Runtime) -> list[StaffSession]:
    with runtime.reading(SYSTEM) as work:
        return list(work.session.scalars(sa.select(StaffSession).order_by(StaffSession.began_at)))


def actions(runtime: Runtime) -> list[str]:
    with runtime.reading(SYSTEM) as work:
        bodies = work.session.scalars(sa.select(LedgerEntry.body).order_by(LedgerEntry.id))
        return [AuditFact.from_body(body).action for body in bodies]


def test_wrong_password_is_refused_and_kept_for_auditors(
    client: FlaskClient, account: Account, runtime: Runtime
) -> None:
    status, page = try_in(client, "kim", "wrong horse battery staple")

    assert status == 422
    assert REFUSED in page
    assert not is_signed_in(client)
    assert actions(runtime) == ["account.sign_in_refused"]


def test_unknown_name_wrong_password_and_disabled_account_look_the_same(
    client: FlaskClient, account: Account, runtime: Runtime
) -> None:
    with runtime.transaction(SYSTEM) as work:
        hashed = passwords.quick_hash(PASSWORD)
        factories.account(work, sign_in_name="gone", password_hash=hashed, disabled_at=work.now)

    pages = [try_in(client, name, PASSWORD) for name in ("nobody", "gone")] + [try_in(client, "kim", "x" * 12)]

    names = ("nobody", "gone", "kim")
    plain = [
        (status, without_token(page).replace(name, "NAME")) for (status, page), name in zip(pages, names, strict=True)
    ]
    assert plain[0] == plain[1] == plain[2]


def test_unknown_name_costs_a_whole_hash(monkeypatch: pytest.MonkeyPatch, client: FlaskClient) -> None:
    compared: list[str] = []
    strong = passwords._strong.verify

    class Watching:
        def hash(self, password: str) -> str:
            return passwords._quick.hash(password)

        def verify(self, stored: str, password: str) -> bool:
            compared.append(stored)
            return strong(stored, password)

    monkeypatch.setattr(passwords, "_strong", Watching())
    try_in(client, "nobody", PASSWORD)

    assert len(compared) == 1


def test_sixth_wrong_try_in_a_minute_waits_even_with_the_right_password(
    client: FlaskClient, account: Account, clock: FixedClock
) -> None:
    for _ in range(5):
        assert try_in(client, "KIM", "wrong password here")[0] == 422

    answer = client.post("/sign-in", data={"login_name": "kim", "password": PASSWORD})

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    clock.move(timedelta(seconds=60))
    assert try_in(client, "kim", PASSWORD)[0] == 302


def test_waits_grow_with_the_number_of_failures(client: FlaskClient, account: Account, clock: FixedClock) -> None:
    for _ in range(4):
        for _ in range(5):
            assert try_in(client, "kim", "wrong password here")[0] == 422
        clock.move(timedelta(seconds=61))

    answer = client.post("/sign-in", data={"login_name": "kim", "password": PASSWORD})

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60


def test_one_address_cannot_try_many_names(client: FlaskClient) -> None:
    statuses = [try_in(client, f"name{number}", "wrong password here")[0] for number in range(21)]

    assert statuses == [422] * 20 + [429]


def test_signing_in_rightly_is_not_counted(app: Flask, account: Account) -> None:
    statuses = [try_in(app.test_client(), "kim", PASSWORD)[0] for _ in range(8)]

    assert statuses == [302] * 8


@pytest.mark.parametrize(
    "after",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "",
        "desk",
    ],
)
def test_next_never_leads_to_another_site(client: FlaskClient, account: Account, after: str) -> None:
    assert try_in(client, "kim", PASSWORD, after) == (302, "/")


def test_next_leads_back_to_the_page_that_was_asked_for(client: FlaskClient, account: Account) -> None:
    asked = client.get("/admin/accounts?words=a", headers={"Accept": "text/html"})

    assert asked.headers["Location"] == "/sign-in?next=%2Fadmin%2Faccounts%3Fwords%3Da"
    assert try_in(client, "kim", PASSWORD, "/admin/accounts?words=a") == (302, "/admin/accounts?words=a")


def test_session_is_new_after_signing_in_and_the_one_before_has_ended(
    client: FlaskClient, account: Account, runtime: Runtime
) -> None:
    try_in(client, "kim", PASSWORD)
    with client.session_transaction() as cookie:
        first = cookie["_user_id"]
    try_in(client, "kim", PASSWORD)
    with client.session_transaction() as cookie:
        second = cookie["_user_id"]

    assert first != second
    assert [kept.ended_at is None for kept in sorted(sessions_of(runtime), key=lambda kept: kept.ended_at is None)] == [
        False,
        True,
    ]


def test_planted_cookie_is_worth_nothing(client: FlaskClient, account: Account) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"] = str(account.id)

    assert not is_signed_in(client)


def test_only_the_hash_of_the_token_is_stored(client: FlaskClient, account: Account, runtime: Runtime) -> None:
    try_in(client, "kim", PASSWORD)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]

    assert [kept.token_hash for kept in sessions_of(runtime)] == [token_hash(token)]


def test_signing_out_ends_the_session_even_for_a_stolen_cookie(client: FlaskClient, account: Account) -> None:
    try_in(client, "kim", PASSWORD)
    with client.session_transaction() as cookie:
        stolen = dict(cookie)

    assert client.post("/sign-out").headers["Location"] == "/sign-in"

    with client.session_transaction() as cookie:
        cookie.update(stolen)
    assert not is_signed_in(client)


def test_idle_session_ends(client: FlaskClient, account: Account, clock: FixedClock) -> None:
    try_in(client, "kim", PASSWORD)
    clock.move(timedelta(minutes=59))
    assert is_signed_in(client)
    clock.move(timedelta(minutes=59))
    assert is_signed_in(client)

    clock.move(timedelta(minutes=60))

    assert not is_signed_in(client)


def test_page_that_keeps_itself_fresh_does_not_keep_the_session(
    client: FlaskClient, account: Account, clock: FixedClock
) -> None:
    try_in(client, "kim", PASSWORD)
    for _ in range(4):
        clock.move(timedelta(minutes=20))
        client.get("/account/password", headers={"Accept": "text/event-stream"})

    assert not is_signed_in(client)


def test_busy_session_ends_after_the_longest_time(client: FlaskClient, account: Account, clock: FixedClock) -> None:
    try_in(client, "kim", PASSWORD)
    for _ in range(23):
        clock.move(timedelta(minutes=30))
        assert is_signed_in(client)

    clock.move(timedelta(minutes=30))

    assert not is_signed_in(client)


def test_session_is_touched_at_most_once_a_minute(
    client: FlaskClient, account: Account, clock: FixedClock, runtime: Runtime
) -> None:
    try_in(client, "kim", PASSWORD)
    began = clock.now()
    clock.move(timedelta(seconds=59))
    is_signed_in(client)
    assert sessions_of(runtime)[0].seen_at == began

    clock.move(timedelta(seconds=1))
    is_signed_in(client)

    assert sessions_of(runtime)[0].seen_at == began + timedelta(minutes=1)


def test_withdrawn_role_ends_with_the_next_request(client: FlaskClient, account: Account, runtime: Runtime) -> None:
    try_in(client, "kim", PASSWORD)
    assert client.get("/admin/accounts").status_code == 200

    with runtime.transaction(SYSTEM) as work:
        work.session.execute(sa.delete(Grant).where(Grant.account_id == account.id))

    assert client.get("/admin/accounts").status_code == 403


def test_password_changed_while_it_was_compared_opens_nothing(runtime: Runtime, account: Account) -> None:
    with runtime.transaction(SYSTEM) as work, pytest.raises(Exception, match="not right"):
        sessions.begin(work, account.id, "an earlier hash", "192.0.2.7")


def test_somebody_without_a_role_reads_what_to_do(sign_in: SignIn) -> None:
    answer = sign_in().get("/")

    assert answer.status_code == 403
    assert "no role yet" in answer.get_data(as_text=True)


def test_account_reads_the_product_in_its_own_language(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.transaction(SYSTEM) as work:
        hashed = passwords.quick_hash(PASSWORD)
        factories.account(work, sign_in_name="jan", password_hash=hashed, language="nl")
    try_in(client, "jan", PASSWORD)

    assert '<html lang="nl"' in client.get("/account/password", headers={"Accept-Language": "de"}).get_data(
        as_text=True
    )


def test_program_without_a_session_is_refused_and_not_redirected(client: FlaskClient) -> None:
    assert client.get("/admin/accounts", headers={"Accept": "application/json"}).status_code == 403


def test_cookie_does_not_speak_on_the_device_api(sign_in: SignIn) -> None:
    browser = sign_in(Role.ADMINISTRATOR)

    with browser.application.test_request_context("/api/v1/scans", headers={"Cookie": _cookie(browser)}):
        browser.application.preprocess_request()
        assert web.actor().id is None


def _cookie(browser: FlaskClient) -> str:
    kept = browser.get_cookie("visitor")
    assert kept is not None
    return f"visitor={kept.value}"


def test_stranger_at_a_page_that_opens_photos_is_sent_to_sign_in(client: FlaskClient) -> None:
    """The name of that permission begins like the mark of an open view."""
    app = client.application
    demands = {name: getattr(view, web.DEMAND, None) for name, view in app.view_functions.items()}
    rules = [rule for rule in app.url_map.iter_rules() if demands[rule.endpoint] == Permission.OPEN_PHOTO]
    closed = [rule.rule for rule in rules if "GET" in (rule.methods or ())]
    assert closed

    for path in closed:
        answer = client.get(re.sub("<[^>]+>", str(uuid4()), path))
        assert answer.headers.get("Location", "").startswith("/sign-in"), path

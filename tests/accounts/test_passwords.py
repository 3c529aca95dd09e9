"""Choosing, changing and hashing passwords."""

import threading

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.web import PASSWORD
from visitor.accounts import passwords
from visitor.accounts.models import Account
from visitor.accounts.policy import LEAST_CHARACTERS, PasswordFault, password_fault
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime

NEW = "seven herons over the quay"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("elevenchars", PasswordFault.TOO_SHORT),
        ("x1" * 101, PasswordFault.TOO_LONG),
        ("abababababab", PasswordFault.TOO_UNIFORM),
        ("qwerty123456", PasswordFault.TOO_COMMON),
        ("Qwerty-123-456", PasswordFault.TOO_COMMON),
        ("visitor-badge-2026", PasswordFault.TOO_NEAR),
        ("Havenstad2026!", PasswordFault.TOO_NEAR),
        ("kim.jansen-kim.jansen", PasswordFault.TOO_NEAR),
        (PASSWORD, PasswordFault.TOO_COMMON),
        (NEW, None),
        ("кошка на крыше ест", None),
        ("aaaabbbbccccdddde" * 4, None),
    ],
)
def test_password_is_judged_by_length_and_by_what_attackers_try(password: str, fault: PasswordFault | None) -> None:
    assert password_fault(password, ["Havenstad", "kim.jansen"]) is fault


@given(st.text(max_size=LEAST_CHARACTERS - 1))
def test_short_password_is_never_accepted(password: str) -> None:
    assert password_fault(password) is not None


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz 0123456789", min_size=64, max_size=200))
def test_long_password_is_refused_for_uniformity_or_nearness_only(password: str) -> None:
    assert password_fault(password) in {None, PasswordFault.TOO_UNIFORM, PasswordFault.TOO_NEAR}


def test_every_way_to_type_an_accent_is_the_same_password() -> None:
    assert passwords.verify(passwords.quick_hash("caf\u00e9 on the quay"), "cafe\u0301 on the quay")


def test_strong_hash_is_argon2id_with_64_mib() -> None:
    hashed = passwords.hash_password(PASSWORD)

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.verify(hashed, PASSWORD)
    assert not passwords.verify(hashed, PASSWORD + " ")


def test_nothing_fits_a_missing_or_damaged_hash() -> None:
    assert not passwords.verify(None, PASSWORD)
    assert not passwords.verify("none", PASSWORD)


def test_at_most_two_hashes_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, guard = 0, 0, threading.Lock()
    full = threading.Barrier(passwords.AT_ONCE)

    class Counting:
        def hash(self, _password: str) -> str:
            nonlocal running, most
            with guard:
                running += 1
                most = max(most, running)
            full.wait(10)
            with guard:
                running -= 1
            return "hash"

    monkeypatch.setattr(passwords, "_strong", Counting())
    threads = [threading.Thread(target=passwords.hash_password, args=("p",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert most == passwords.AT_ONCE


@pytest.fixture
def kim(runtime: Runtime, client: FlaskClient) -> Account:
    """Somebody signed in with a one-time password."""
    with runtime.transaction(SYSTEM) as work:
        hashed = passwords.quick_hash(PASSWORD)
        made = factories.account(
            work, Role.ADMINISTRATOR, sign_in_name="kim", password_hash=hashed, must_change_password=True
        )
    assert client.post("/sign-in", data={"login_name": "kim", "password": PASSWORD}).status_code == 302
    return made


def change(client: FlaskClient, **values: str) -> tuple[int, str]:
    form = {"current_password": PASSWORD, "new_password": NEW, "again": NEW} | values
    answer = client.post("/account/password", data=form)
    return answer.status_code, answer.get_data(as_text=True)


def test_one_time_password_opens_nothing_but_the_change(client: FlaskClient, kim: Account) -> None:
    answer = client.get("/admin/accounts")

    assert answer.headers["Location"] == "/account/password"
    assert client.post(f"/admin/accounts/{kim.id}/sessions/end").headers["Location"] == "/account/password"


def test_who_has_a_one_time_password_is_led_to_the_form_and_from_there_in(client: FlaskClient, kim: Account) -> None:
    shown = client.get("/", follow_redirects=True)

    assert (shown.status_code, shown.request.path) == (200, "/account/password")
    assert 'name="new_password"' in shown.get_data(as_text=True)
    assert change(client)[0] == 302
    assert client.get(f"/admin/accounts/{kim.id}").status_code == 200


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"current_password": "not this one at all"}, "not your present password"),
        ({"new_password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": "something else entirely"}, "not the same"),
        ({"new_password": PASSWORD, "again": PASSWORD}, "your present password"),
        ({"new_password": "qwerty123456", "again": "qwerty123456"}, "tried first"),
    ],
)
def test_refused_change_says_why_and_changes_nothing(
    client: FlaskClient, kim: Account, runtime: Runtime, values: dict[str, str], words: str
) -> None:
    status, page = change(client, **values)

    assert status == 422
    assert words in page
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(Account.must_change_password)).all() == [True]


def test_guessing_the_present_password_is_throttled(client: FlaskClient, kim: Account) -> None:
    statuses = [change(client, current_password=f"guess number {number}")[0] for number in range(6)]

    assert statuses == [422] * 5 + [429]


def test_changed_password_holds_and_ends_the_other_sessions(client: FlaskClient, kim: Account) -> None:
    other = client.application.test_client()
    other.post("/sign-in", data={"login_name": "kim", "password": PASSWORD})

    assert change(client)[0] == 302

    assert client.get("/admin/accounts").status_code == 200
    assert other.get("/account/password").status_code == 302
    assert other.post("/sign-in", data={"login_name": "kim", "password": PASSWORD}).status_code == 422
    assert other.post("/sign-in", data={"login_name": "kim", "password": NEW}).status_code == 302


def test_all_other_sessions_can_be_ended(client: FlaskClient, kim: Account) -> None:
    change(client)
    other = client.application.test_client()
    other.post("/sign-in", data={"login_name": "kim", "password": NEW})

    client.post("/account/sessions/end")

    assert client.get("/account/password").status_code == 200
    assert other.get("/account/password").headers["Location"].startswith("/sign-in")

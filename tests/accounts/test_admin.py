"""Administering accounts and devices: who may, and what is left in the audit log."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.web import SignIn
from visitor.accounts import operations, queries
from visitor.accounts.models import Account, DeviceToken, Grant
from visitor.core import web
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.errors import Conflict, NotAllowed, NotFound
from visitor.core.permissions import Permission, Role
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import AuditFact
from visitor.ledger.models import LedgerEntry
from visitor.sites.models import Site

Make = Callable[..., Account]


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


@pytest.fixture
def add(runtime: Runtime) -> Make:
    def made(*roles: Role, at: Site | None = None, **values: object) -> Account:
        with runtime.transaction(SYSTEM) as work:
            return factories.account(work, *roles, at=at, **values)

    return made


def facts(runtime: Runtime, action: str) -> list[AuditFact]:
    with runtime.reading(SYSTEM) as work:
        bodies = work.session.scalars(sa.select(LedgerEntry.body).order_by(LedgerEntry.id))
        read = [AuditFact.from_body(body) for body in bodies]
    return [fact for fact in read if fact.action == action]


def roles_of(runtime: Runtime, account_id: UUID) -> set[tuple[Role, UUID | None]]:
    with runtime.reading(SYSTEM) as work:
        return {(row.role, row.site_id) for row in queries.grants(work, [account_id])[account_id]}


PATHS = [
    ("GET", "/admin/accounts"),
    ("GET", "/admin/accounts/new"),
    ("POST", "/admin/accounts"),
    ("GET", "/admin/accounts/{id}"),
    ("POST", "/admin/accounts/{id}/grants"),
    ("POST", "/admin/accounts/{id}/grants/withdraw"),
    ("POST", "/admin/accounts/{id}/password"),
    ("POST", "/admin/accounts/{id}/disable"),
    ("POST", "/admin/accounts/{id}/enable"),
    ("POST", "/admin/accounts/{id}/sessions/end"),
    ("GET", "/admin/devices"),
    ("POST", "/admin/devices"),
    ("POST", "/admin/devices/{id}/revoke"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_administration_is_closed_to_strangers_and_to_every_other_role(
    client: FlaskClient, sign_in: SignIn, add: Make, method: str, path: str
) -> None:
    address = path.format(id=add().id)
    others = sign_in(*(role for role in Role if role is not Role.ADMINISTRATOR))

    assert client.open(address, method=method).status_code in {302, 403}
    assert others.open(address, method=method).status_code == 403


def test_added_account_gets_a_password_that_is_shown_once_and_must_be_changed(
    app: Flask, sign_in: SignIn, runtime: Runtime
) -> None:
    form = {"sign_in_name": "Kim@Example.org", "display_name": "Kim", "language": "en", "role": "receptionist"}
    page = sign_in(Role.ADMINISTRATOR).post("/admin/accounts", data=form).get_data(as_text=True)
    found = re.search(r"(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}", page)
    assert found is not None
    browser = app.test_client()

    assert browser.post("/sign-in", data={"login_name": "kim@example.org", "password": found[0]}).status_code == 302
    assert browser.get("/").headers["Location"] == "/account/password"
    assert [fact.detail for fact in facts(runtime, "account.grant")] == ["receptionist"]
    assert len(facts(runtime, "account.add")) == 1


def test_name_that_is_taken_is_refused_in_any_spelling(sign_in: SignIn, add: Make) -> None:
    add(sign_in_name="kim")
    form = {"sign_in_name": "ＫＩＭ", "display_name": "Kim", "language": "en"}

    answer = sign_in(Role.ADMINISTRATOR).post("/admin/accounts", data=form)

    assert answer.status_code == 422
    assert "already signs in" in answer.get_data(as_text=True)


def test_roles_are_given_and_taken_away_and_both_are_audited(
    sign_in: SignIn, add: Make, site: Site, runtime: Runtime
) -> None:
    browser, account = sign_in(Role.ADMINISTRATOR), add()
    form = {"role": "security", "site_id": str(site.id)}

    for _ in range(2):
        assert browser.post(f"/admin/accounts/{account.id}/grants", data=form).status_code == 302
    assert roles_of(runtime, account.id) == {(Role.SECURITY, site.id)}
    browser.post(f"/admin/accounts/{account.id}/grants/withdraw", data=form)

    assert roles_of(runtime, account.id) == set()
    assert [fact.site_id for fact in facts(runtime, "account.grant")] == [site.id]
    assert [fact.subject_id for fact in facts(runtime, "account.withdraw")] == [account.id]


def test_page_of_an_account_shows_its_roles(sign_in: SignIn, add: Make, site: Site) -> None:
    account = add(Role.SECURITY, at=site, display_name="Zoë <b>")

    page = sign_in(Role.ADMINISTRATOR).get(f"/admin/accounts/{account.id}").get_data(as_text=True)

    assert "Zoë &lt;b&gt;" in page
    assert site.name in page


def test_administrator_of_one_site_cannot_reach_beyond_it(sign_in: SignIn, add: Make, site: Site) -> None:
    chief, neighbour, own = add(Role.ADMINISTRATOR), add(Role.SECURITY), add(Role.SECURITY, at=site)
    browser = sign_in(Role.ADMINISTRATOR, at=site)

    listed = browser.get("/admin/accounts").get_data(as_text=True)
    assert str(own.id) in listed
    assert str(chief.id) not in listed
    for target in (chief, neighbour):
        assert browser.get(f"/admin/accounts/{target.id}").status_code == 404
        assert browser.post(f"/admin/accounts/{target.id}/password").status_code == 404
        assert browser.post(f"/admin/accounts/{target.id}/disable").status_code == 404
    everywhere = {"role": "administrator", "site_id": ""}
    assert browser.post(f"/admin/accounts/{own.id}/grants", data=everywhere).status_code == 404


def test_last_administrator_can_neither_be_disabled_nor_lose_the_role(work: Work) -> None:
    account = factories.account(work, Role.ADMINISTRATOR)
    factories.account(work, Role.ADMINISTRATOR, disabled_at=work.now)

    with pytest.raises(Conflict):
        operations.disable(work, account.id)
    with pytest.raises(Conflict):
        operations.withdraw(work, account.id, Role.ADMINISTRATOR, None)


def test_disabled_account_is_out_at_once_and_can_come_back(
    app: Flask, sign_in: SignIn, add: Make, runtime: Runtime
) -> None:
    admin, victim = sign_in(Role.ADMINISTRATOR), sign_in(Role.RECEPTIONIST)
    with runtime.reading(SYSTEM) as work:
        lines, _more = queries.accounts(Work(work.session, work.now, SYSTEM, runtime))
    account = next(line.account for line in lines if line.grants[0].role is Role.RECEPTIONIST)

    admin.post(f"/admin/accounts/{account.id}/disable")
    assert victim.get("/account/password").status_code == 302
    admin.post(f"/admin/accounts/{account.id}/enable")

    assert len(facts(runtime, "account.disable")) == len(facts(runtime, "account.enable")) == 1


def test_reset_password_is_shown_once_and_ends_the_sessions(sign_in: SignIn, runtime: Runtime) -> None:
    admin, other = sign_in(Role.ADMINISTRATOR), sign_in(Role.SECURITY)
    with runtime.reading(SYSTEM) as work:
        account_id = work.session.scalars(sa.select(Grant.account_id).where(Grant.role == Role.SECURITY)).one()

    page = admin.post(f"/admin/accounts/{account_id}/password").get_data(as_text=True)

    assert re.search(r"(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}", page)
    assert other.get("/account/password").status_code == 302
    assert [fact.detail for fact in facts(runtime, "account.password")] == ["reset"]


def test_list_is_paged_by_name(work: Work) -> None:
    for number in range(queries.PAGE_ROWS + 5):
        factories.account(work, sign_in_name=f"page{number:03}")

    wanted = queries.AccountFilter("page")
    first, after = queries.accounts(work, wanted)
    rest, end = queries.accounts(work, wanted, after)

    assert [len(first), len(rest), end] == [queries.PAGE_ROWS, 5, None]
    assert first[-1].account.sign_in_name < rest[0].account.sign_in_name


def test_list_of_accounts_needs_two_statements(work: Work, statements: list[str]) -> None:
    for _ in range(5):
        factories.account(work, Role.SECURITY)
    statements.clear()

    queries.accounts(work)

    assert len([one for one in statements if one.startswith("SELECT")]) == 2


def test_device_token_is_shown_once_and_only_its_hash_is_kept(
    sign_in: SignIn, site: Site, runtime: Runtime, app: Flask
) -> None:
    browser = sign_in(Role.ADMINISTRATOR, at=site)
    page = browser.post("/admin/devices", data={"name": "Reader", "site_id": str(site.id)}).get_data(as_text=True)
    found = re.search(r"<code>([\w-]{43})</code>", page)
    assert found is not None

    assert found[1] not in browser.get("/admin/devices").get_data(as_text=True)
    assert device_may_scan(app, found[1], site)
    with runtime.reading(SYSTEM) as work:
        device_id = work.session.scalars(sa.select(DeviceToken.id)).one()
    for _ in range(2):
        browser.post(f"/admin/devices/{device_id}/revoke")
    assert not device_may_scan(app, found[1], site)
    assert len(facts(runtime, "device.add")) == len(facts(runtime, "device.revoke")) == 1


def device_may_scan(app: Flask, token: str, site: Site) -> bool:
    with app.test_request_context("/api/v1/status-list", headers={"Authorization": f"Bearer {token}"}):
        try:
            app.preprocess_request()
        except NotAllowed:
            return False
        return web.actor().may(Permission.ACCESS_SCAN, site.id) and not web.actor().may(Permission.DESK_VIEW)


def test_device_of_a_foreign_site_is_not_there(sign_in: SignIn, site: Site, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        elsewhere = factories.site(work)
    browser = sign_in(Role.ADMINISTRATOR, at=site)

    form = {"name": "Reader", "site_id": str(elsewhere.id)}
    assert browser.post("/admin/devices", data=form).status_code == 404
    assert browser.post(f"/admin/devices/{uuid4()}/revoke").status_code == 404


def test_access_point_of_another_site_is_refused(sign_in: SignIn, site: Site, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        point = factories.access_point(work, factories.site(work))

    form = {"name": "Reader", "site_id": str(site.id), "access_point_id": str(point.id)}

    assert sign_in(Role.ADMINISTRATOR).post("/admin/devices", data=form).status_code == 422


def test_operations_check_the_site_themselves(work: Work) -> None:
    site = factories.site(work)
    account = factories.account(work, Role.SECURITY)
    work.actor = Actor(ActorKind.STAFF, uuid4(), at_site={site.id: frozenset({Permission.ADMIN_ACCOUNTS})})

    with pytest.raises(NotFound):
        operations.end_all_sessions(work, account.id)


def test_landing_page_lists_only_what_may_be_used(sign_in: SignIn) -> None:
    assert "/admin/accounts" in sign_in(Role.ADMINISTRATOR).get("/admin/").get_data(as_text=True)
    assert sign_in(Role.RECEPTIONIST).get("/admin/").status_code == 403

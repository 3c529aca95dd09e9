"""The administrator's pages for kinds of visits and hosts."""

from collections.abc import Callable
from typing import TypeVar

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from visitor.core.actors import SYSTEM
from visitor.core.db import Model
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.sites.models import Site
from visitor.visits.models import Host, VisitType, VisitTypeZone

M = TypeVar("M", bound=Model)
SignIn = Callable[..., FlaskClient]
TYPE = {
    "name.en": "Contractor",
    "colour": "#1f6feb",
    "duration_minutes": "120",
    "ask_company": "required",
    "ask_email": "off",
    "ask_host": "optional",
    "ask_id": "seen",
    "photo": "off",
}


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


@pytest.fixture
def admin(sign_in: SignIn, site: Site) -> FlaskClient:
    return sign_in(Role.ADMINISTRATOR, at=site)


def rows(runtime: Runtime, kind: type[M]) -> list[M]:
    with runtime.reading(SYSTEM) as work:
        return list(work.session.scalars(sa.select(kind)))


def test_kind_of_visit_is_added_as_it_was_entered(admin: FlaskClient, runtime: Runtime, site: Site) -> None:
    with runtime.transaction(SYSTEM) as work:
        zones = [factories.zone(work, site, position=number) for number in range(2)]

    fields = TYPE | {"zone_ids": [str(zone.id) for zone in zones], "needs_escort": "1"}
    assert admin.post("/admin/visit-types/", data=fields).status_code == 302

    (made,) = rows(runtime, VisitType)
    assert (made.names, made.duration_minutes, made.ask_company, made.needs_escort) == (
        {"en": "Contractor"},
        120,
        "required",
        True,
    )
    assert len(rows(runtime, VisitTypeZone)) == 2
    assert "Contractor" in admin.get("/admin/visit-types/").get_data(as_text=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name.en": ""},
        {"name.en": "x" * 61},
        {"name.../x": "Gast"},
        {"colour": "red"},
        {"colour": '#1f6feb"><script>'},
        {"duration_minutes": "5"},
        {"duration_minutes": "long"},
        {"ask_id": "copy"},
        {"zone_ids": "nonsense"},
    ],
)
def test_kind_of_visit_that_cannot_be_is_refused(admin: FlaskClient, runtime: Runtime, wrong: dict[str, str]) -> None:
    assert admin.post("/admin/visit-types/", data=TYPE | wrong).status_code == 422
    assert rows(runtime, VisitType) == []


def test_host_is_added_and_can_be_kept_from_kiosks(admin: FlaskClient, runtime: Runtime) -> None:
    fields = {"name": "Sanne de Boer", "email": "sanne@northwind.example"}
    assert admin.post("/admin/hosts/", data=fields).status_code == 302
    (made,) = rows(runtime, Host)
    assert (made.name, made.email, made.listed, made.search_words) == (
        "Sanne de Boer",
        "sanne@northwind.example",
        False,
        " sanne de boer",
    )


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 201}, {"email": "nobody"}, {"email": "a@b.example, c@d.example"}]
)
def test_host_that_cannot_be_is_refused_and_what_was_typed_stays(
    admin: FlaskClient, runtime: Runtime, wrong: dict[str, str]
) -> None:
    answer = admin.post("/admin/hosts/", data={"name": "Sanne & Co", "email": "s@n.example"} | wrong)
    assert answer.status_code == 422
    assert ("Sanne &amp; Co" in answer.get_data(as_text=True)) is ("name" not in wrong)
    assert rows(runtime, Host) == []


@pytest.mark.parametrize("path", ["/admin/visit-types/", "/admin/hosts/"])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_come_here(sign_in: SignIn, site: Site, path: str, role: Role) -> None:
    browser = sign_in(role, at=site)
    assert browser.get(path).status_code == 403
    assert browser.post(path, data=TYPE | {"name": "Somebody"}).status_code == 403

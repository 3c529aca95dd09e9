"""The pages that belong to no room."""

from tests import factories
from tests.web import SignIn
from visitor.app.sections import ADMIN_SECTIONS
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime


def test_administration_offers_every_section_that_there_is(sign_in: SignIn) -> None:
    page = sign_in(*Role).get("/admin/").get_data(as_text=True)
    missing = [section.label for section in ADMIN_SECTIONS if f'href="{section.path}"' not in page]
    assert missing == []


def test_first_administrator_of_a_house_without_sites_is_sent_to_where_sites_are_made(sign_in: SignIn) -> None:
    page = sign_in(Role.ADMINISTRATOR).get("/", follow_redirects=True)
    assert (page.status_code, page.request.path) == (200, "/admin/sites")


def test_administrator_of_a_house_with_sites_is_sent_to_a_desk(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        factories.site(work)
    page = sign_in(Role.ADMINISTRATOR).get("/", follow_redirects=True)
    assert (page.status_code, page.request.path) == (200, "/privacy/")

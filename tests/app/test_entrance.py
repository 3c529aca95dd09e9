"""The pages that belong to no room."""

from tests.web import SignIn
from visitor.app.sections import ADMIN_SECTIONS
from visitor.core.permissions import Role


def test_administration_offers_every_section_that_there_is(sign_in: SignIn) -> None:
    page = sign_in(*Role).get("/admin/").get_data(as_text=True)
    missing = [section.label for section in ADMIN_SECTIONS if f'href="{section.path}"' not in page]
    assert missing == []

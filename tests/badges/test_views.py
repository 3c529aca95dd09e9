"""Badges in the browser, and the administration of printers."""

import io
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader

from tests import factories
from tests.badges import guests
from tests.web import SignIn
from visitor.badges import operations, queries
from visitor.badges.faults import SENTENCES
from visitor.badges.ipp_faults import PrinterFault
from visitor.badges.models import Badge, Printer
from visitor.core.actors import SYSTEM
from visitor.core.models import Job
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.sites.models import Site

FORM = {"name": "Gate", "uri": "ipp://127.0.0.1:9/ipp/print", "size": "label"}


@dataclass(frozen=True)
class Place:
    """A site with a badge and a printer, and the same elsewhere."""

    site: Site
    badge: Badge
    token: str
    printer: Printer
    elsewhere: Site
    foreign_badge: Badge
    foreign_printer: Printer


@pytest.fixture
def place(runtime: Runtime) -> Place:
    with runtime.transaction(SYSTEM) as work:
        site, elsewhere = factories.site(work), factories.site(work)
        badge = guests.badge(work, site, photo=True)
        return Place(
            site=site,
            badge=badge,
            token=queries.token(work, badge),
            printer=guests.printer(work, site, name="Havenstad labels"),
            elsewhere=elsewhere,
            foreign_badge=guests.badge(work, elsewhere),
            foreign_printer=guests.printer(work, elsewhere, name="Somebody else's"),
        )


def jobs(runtime: Runtime, name: str) -> list[dict[str, str]]:
    with runtime.reading(SYSTEM) as work:
        return [job.payload for job in work.session.scalars(sa.select(Job).where(Job.name == name))]


@pytest.mark.parametrize("kind", ["png", "pdf"])
@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 302), (Role.RECEPTIONIST, 200), (Role.SECURITY, 403), (Role.ADMINISTRATOR, 403), (Role.AUDITOR, 403)],
)
def test_who_gets_a_badge(
    client: FlaskClient, sign_in: SignIn, place: Place, kind: str, role: Role | None, status: int
) -> None:
    browser = sign_in(role, at=place.site) if role else client
    answer = browser.get(f"/badges/{place.badge.visit_id}.{kind}")
    assert answer.status_code == status


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_a_badge_of_another_site_is_not_there(sign_in: SignIn, place: Place, kind: str) -> None:
    browser = sign_in(Role.RECEPTIONIST, at=place.site)
    for visit_id in (place.foreign_badge.visit_id, uuid4()):
        assert browser.get(f"/badges/{visit_id}.{kind}").status_code == 404


def test_a_visit_without_a_badge_has_no_picture(sign_in: SignIn, runtime: Runtime, place: Place) -> None:
    with runtime.transaction(SYSTEM) as work:
        visit = guests.guest(work, place.site)
    assert sign_in(Role.RECEPTIONIST, at=place.site).get(f"/badges/{visit.id}.png").status_code == 404


def test_the_picture_and_the_document_carry_the_token_and_are_not_kept(sign_in: SignIn, place: Place) -> None:
    browser = sign_in(Role.RECEPTIONIST, at=place.site)
    picture = browser.get(f"/badges/{place.badge.visit_id}.png")
    with Image.open(io.BytesIO(picture.data)) as image:
        assert [code.text for code in zxingcpp.read_barcodes(image)] == [place.token]
        assert image.width < 500
    document = browser.get(f"/badges/{place.badge.visit_id}.pdf")
    assert len(PdfReader(io.BytesIO(document.data)).pages) == 1
    assert place.badge.number in document.headers["Content-Disposition"]
    assert picture.headers["Cache-Control"] == document.headers["Cache-Control"] == "no-store"


def test_a_revoked_badge_is_shown_and_not_given_out_for_printing(
    sign_in: SignIn, runtime: Runtime, place: Place
) -> None:
    with runtime.transaction(SYSTEM) as work:
        operations.revoke(work, place.badge.id, "lost")
    browser = sign_in(Role.RECEPTIONIST, at=place.site)
    assert browser.get(f"/badges/{place.badge.visit_id}.png").status_code == 200
    assert browser.get(f"/badges/{place.badge.visit_id}.pdf").status_code == 409


def test_printers_are_for_administrators(sign_in: SignIn, place: Place) -> None:
    browser = sign_in(Role.RECEPTIONIST, at=place.site)
    assert browser.get("/admin/printers/").status_code == 403
    assert browser.post("/admin/printers/", data=FORM).status_code == 403
    for act in ("test", "retire"):
        assert browser.post(f"/admin/printers/{place.printer.id}/{act}").status_code == 403


@pytest.mark.parametrize("act", ["test", "retire"])
def test_a_foreign_printer_is_not_there(sign_in: SignIn, runtime: Runtime, place: Place, act: str) -> None:
    browser = sign_in(Role.ADMINISTRATOR, at=place.site)
    for printer_id in (place.foreign_printer.id, uuid4()):
        assert browser.post(f"/admin/printers/{printer_id}/{act}").status_code == 404
    assert jobs(runtime, operations.TEST_JOB) == []


def test_the_list_shows_the_sites_own_printers_and_their_faults(
    sign_in: SignIn, runtime: Runtime, place: Place
) -> None:
    with runtime.transaction(SYSTEM) as work:
        queries.printer(work, place.printer.id).fault = PrinterFault.MEDIA_EMPTY
    page = sign_in(Role.ADMINISTRATOR, at=place.site).get("/admin/printers/").get_data(as_text=True)
    assert "Havenstad labels" in page
    assert SENTENCES[PrinterFault.MEDIA_EMPTY] in page
    assert "Somebody else" not in page


def test_a_printer_is_added_and_looked_at(sign_in: SignIn, runtime: Runtime, place: Place) -> None:
    browser = sign_in(Role.ADMINISTRATOR, at=place.site)
    assert browser.post("/admin/printers/", data=FORM).status_code == 302
    assert "Gate" in browser.get("/admin/printers/").get_data(as_text=True)
    with runtime.reading(SYSTEM) as work:
        added = next(printer for printer in queries.printers(work, place.site.id) if printer.name == "Gate")
    assert jobs(runtime, operations.CHECK_JOB) == [{"printer_id": str(added.id)}]


@pytest.mark.parametrize(
    ("field", "value"),
    [("uri", "http://127.0.0.1/"), ("uri", "ipp://10.1.2.3/ipp/print"), ("name", " "), ("size", "poster")],
)
def test_a_printer_that_cannot_work_is_refused_and_the_form_stays_filled(
    sign_in: SignIn, runtime: Runtime, place: Place, field: str, value: str
) -> None:
    browser = sign_in(Role.ADMINISTRATOR, at=place.site)
    answer = browser.post("/admin/printers/", data=FORM | {field: value})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in page
    assert ("Gate" in page) == (field != "name")
    assert jobs(runtime, operations.CHECK_JOB) == []


def test_test_page_and_retirement(sign_in: SignIn, runtime: Runtime, place: Place) -> None:
    browser = sign_in(Role.ADMINISTRATOR, at=place.site)
    printer_id: UUID = place.printer.id
    assert browser.post(f"/admin/printers/{printer_id}/test").status_code == 302
    assert jobs(runtime, operations.TEST_JOB) == [{"printer_id": str(printer_id)}]
    assert browser.post(f"/admin/printers/{printer_id}/retire").status_code == 302
    assert "Havenstad labels" not in browser.get("/admin/printers/").get_data(as_text=True)

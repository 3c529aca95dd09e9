"""Visitors with a badge, for tests."""

from datetime import timedelta
from functools import cache

from tests import factories
from tests.imaging import photos
from visitor.badges import operations
from visitor.badges.forms import IssueBadge
from visitor.badges.models import Badge, BadgeSize, Printer
from visitor.badges.token import BadgeFlags
from visitor.core.classes import DataClass
from visitor.core.work import Work
from visitor.imaging.portrait import prepare_portrait
from visitor.people import operations as people
from visitor.people.records import Contact
from visitor.sites.models import Site
from visitor.visits.models import Visit

ANNA = Contact(name="Anna Berg", company="Lindqvist & Co")


@cache
def portrait() -> bytes:
    """A photo as the product keeps it."""
    return prepare_portrait(photos.jpeg(photos.picture(photos.astronaut()))).jpeg


def guest(work: Work, at: Site, contact: Contact = ANNA, *, photo: bool = False, **values: object) -> Visit:
    """A visit with its sealed contact and, if wanted, a photo."""
    person_id = people.make_person(work, at.id)
    visit = factories.visit(work, at, person_id=person_id, **values)
    contents: list[tuple[DataClass, Contact | bytes]] = [(DataClass.CONTACT, contact)]
    if photo:
        contents.append((DataClass.PHOTO, portrait()))
    latest_at = work.now + timedelta(days=30)
    people.seal_all(
        work,
        [
            people.Sealing(at.id, kind, content, latest_at, person_id=person_id, visit_id=visit.id)
            for kind, content in contents
        ],
    )
    return visit


def order(work: Work, visit: Visit, **values: object) -> IssueBadge:
    """What a badge of the visit is made from."""
    row = {
        "site_id": visit.site_id,
        "visit_id": visit.id,
        "not_before_at": work.now,
        "expires_at": work.now + timedelta(hours=8),
    } | values
    return IssueBadge(**row)  # type: ignore[arg-type]  # each test names what matters to it


def badge(work: Work, at: Site | None = None, *, photo: bool = False, **values: object) -> Badge:
    """A badge of a visit of its own."""
    visit = guest(work, at or factories.site(work), photo=photo)
    flags = BadgeFlags.PHOTO if photo else BadgeFlags.NONE
    return operations.issue(work, order(work, visit, **({"flags": flags} | values)))


def printer(work: Work, at: Site, uri: str = "ipp://127.0.0.1:9/ipp/print", **values: object) -> Printer:
    """A printer in use; by default one that does not answer."""
    row = {"id": work.new_id(), "site_id": at.id, "name": "Front desk", "uri": uri, "size": BadgeSize.LABEL} | values
    made = Printer(**row)
    work.session.add(made)
    work.session.flush()
    return made

"""Rows for tests; each test names only what matters to it."""

from datetime import timedelta
from itertools import count
from typing import Any, TypeVar

from visitor.accounts.models import Account, Grant
from visitor.core.db import Model
from visitor.core.permissions import Role
from visitor.core.work import Work
from visitor.sites.models import AccessPoint, Camera, CameraKind, LegalEntity, PointCamera, PointKind, Site, Zone
from visitor.visits.models import Host, Visit, VisitSource, VisitState, VisitType, VisitTypeZone

M = TypeVar("M", bound=Model)
_numbers = count(1)


def _kept(work: Work, row: M) -> M:
    work.session.add(row)
    work.session.flush()
    return row


def legal_entity(work: Work, **values: Any) -> LegalEntity:
    row = {
        "id": work.new_id(),
        "name": "Northwind Harbour B.V.",
        "country": "NL",
        "address": "Kade 1, Havenstad",
        "privacy_contact": "privacy@northwind.example",
    } | values
    return _kept(work, LegalEntity(**row))


def site(work: Work, **values: Any) -> Site:
    entity = values.pop("legal_entity_id", None) or legal_entity(work).id
    row = {
        "id": work.new_id(),
        "number": next(_numbers),
        "legal_entity_id": entity,
        "name": "Havenstad",
        "preset": "NL",
        "time_zone": "Europe/Amsterdam",
        "languages": ["en", "nl", "de", "fr"],
        "reception_hint": "The reception is to the right of the entrance.",
        "created_at": work.now,
    } | values
    return _kept(work, Site(**row))


def zone(work: Work, at: Site, **values: Any) -> Zone:
    row = {"id": work.new_id(), "site_id": at.id, "position": 0, "name": "Lobby"} | values
    return _kept(work, Zone(**row))


def access_point(work: Work, at: Site, **values: Any) -> AccessPoint:
    row = {"id": work.new_id(), "site_id": at.id, "name": "Main door", "kind": PointKind.ENTRY} | values
    return _kept(work, AccessPoint(**row))


def camera(work: Work, at: Site, points: tuple[AccessPoint, ...] = (), **values: Any) -> Camera:
    row = {
        "id": work.new_id(),
        "site_id": at.id,
        "name": "Door camera",
        "kind": CameraKind.HTTP_SNAPSHOT,
        "address": "http://127.0.0.1:9/still.jpg",
    } | values
    made: Camera = _kept(work, Camera(**row))
    for point in points:
        _kept(work, PointCamera(access_point_id=point.id, camera_id=made.id))
    return made


def visit_type(work: Work, at: Site, zones: tuple[Zone, ...] = (), **values: Any) -> VisitType:
    row = {
        "id": work.new_id(),
        "site_id": at.id,
        "names": {"en": "Guest", "nl": "Gast", "de": "Gast", "fr": "Invité"},
        "colour": "#1f6feb",
    } | values
    made: VisitType = _kept(work, VisitType(**row))
    for opened in zones:
        _kept(work, VisitTypeZone(visit_type_id=made.id, zone_id=opened.id))
    return made


def host(work: Work, at: Site, **values: Any) -> Host:
    name = values.pop("name", "Sanne de Boer")
    row = {
        "id": work.new_id(),
        "site_id": at.id,
        "name": name,
        "search_words": "".join(f" {word}" for word in name.casefold().split()),
        "email": "host@northwind.example",
    } | values
    return _kept(work, Host(**row))


def visit(work: Work, at: Site, **values: Any) -> Visit:
    kind = values.pop("visit_type_id", None) or visit_type(work, at).id
    row = {
        "id": work.new_id(),
        "site_id": at.id,
        "visit_type_id": kind,
        "state": VisitState.ON_SITE,
        "source": VisitSource.DESK,
        "language": "en",
        "client_id": work.new_id(),
        "arrived_at": work.now,
        "received_at": work.now,
        "due_out_at": work.now + timedelta(hours=8),
    } | values
    return _kept(work, Visit(**row))


def account(work: Work, *roles: Role, at: Site | None = None, **values: Any) -> Account:
    """An account with the roles, everywhere or at one site. Its password hash fits nothing."""
    row = {
        "id": work.new_id(),
        "sign_in_name": f"somebody{next(_numbers)}",
        "display_name": "Some Body",
        "password_hash": "none",
        "created_at": work.now,
    } | values
    made: Account = _kept(work, Account(**row))
    for role in roles:
        grant = Grant(
            id=work.new_id(), account_id=made.id, role=role, site_id=at and at.id, granted_at=work.now, granted_by=None
        )
        _kept(work, grant)
    return made

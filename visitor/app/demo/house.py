"""The places of the demo: two companies, two sites, their zones, doors, cameras, visit types and hosts."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from visitor.accounts import operations as accounts
from visitor.accounts import queries as account_queries
from visitor.accounts.forms import DeviceForm
from visitor.accounts.queries import KnownDevice
from visitor.app.demo import catalogue, names
from visitor.core.work import Work
from visitor.kiosks import operations as kiosks
from visitor.kiosks.forms import PairingForm
from visitor.sites import operations as sites
from visitor.sites.forms import CameraForm, EntityForm, PointForm, SiteForm, ZoneForm
from visitor.sites.models import AccessPoint, CameraKind, Site, Zone
from visitor.visits import operations as visits
from visitor.visits.forms import HostForm, TypeForm
from visitor.visits.models import Host, VisitType

CAMERAS: Final = {"lobby": "Lobby camera", "offices": "Office gate camera", "servers": "Server hall camera"}
"""Path of the picture to the camera's name."""


@dataclass(frozen=True, slots=True)
class Place:
    """One site of the demo with everything that visits need."""

    site: Site
    types: Mapping[str, VisitType]
    hosts: tuple[Host, ...]
    guests: tuple[names.Guest, ...]
    points: Mapping[str, AccessPoint]
    cameras: Mapping[str, tuple[tuple[UUID, str], ...]]
    """Point to the cameras that cover it, each with the name of its picture."""
    reader: KnownDevice
    kiosk_id: UUID


def build_havenstad(work: Work, camera_url: str) -> Place:
    """Make the large site."""
    entity = sites.add_entity(work, EntityForm(**catalogue.ENTITY_NL))
    site = sites.add_site(work, SiteForm(legal_entity_id=entity.id, **catalogue.SITE_NL))
    cameras = {
        path: sites.add_camera(
            work, site.id, CameraForm(name=name, kind=CameraKind.HTTP_SNAPSHOT, address=f"{camera_url}/{path}.jpg")
        ).id
        for path, name in CAMERAS.items()
    }
    zones = {key: sites.add_zone(work, site.id, ZoneForm(**form)) for key, form in catalogue.ZONES_NL.items()}
    points = {
        key: sites.add_point(work, site.id, _point(form, zones, cameras)) for key, form in catalogue.POINTS_NL.items()
    }
    types = {key: visits.add_type(work, site.id, _type(form, zones)) for key, form in catalogue.TYPES_NL.items()}
    hosts = tuple(
        visits.add_host(
            work,
            site.id,
            HostForm(name=name, email=names.address(name, "northwind"), listed=name != names.HIDDEN_HOST),
        )
        for name in names.HOSTS
    )
    covering = {
        key: tuple((cameras[path], path) for path in form.get("cameras", ()))
        for key, form in catalogue.POINTS_NL.items()
    }
    kiosk_id = _kiosk(work, site, "Lobby kiosk")
    return Place(site, types, hosts, names.GUESTS, points, covering, _reader(work, site), kiosk_id)


def build_singapore(work: Work) -> Place:
    """Make the small site, under another country's rules."""
    entity = sites.add_entity(work, EntityForm(**catalogue.ENTITY_SG))
    site = sites.add_site(work, SiteForm(legal_entity_id=entity.id, **catalogue.SITE_SG))
    zones = {key: sites.add_zone(work, site.id, ZoneForm(**form)) for key, form in catalogue.ZONES_SG.items()}
    points = {key: sites.add_point(work, site.id, _point(form, zones, {})) for key, form in catalogue.POINTS_SG.items()}
    types = {key: visits.add_type(work, site.id, _type(form, zones)) for key, form in catalogue.TYPES_SG.items()}
    hosts = tuple(
        visits.add_host(work, site.id, HostForm(name=name, email=names.address(name, "northwind")))
        for name in names.SINGAPORE_HOSTS
    )
    guests = names.SINGAPORE_GUESTS
    kiosk_id = _kiosk(work, site, "Front desk kiosk")
    return Place(site, types, hosts, guests, points, {}, _reader(work, site), kiosk_id)


def _point(form: Mapping[str, Any], zones: Mapping[str, Zone], cameras: Mapping[str, UUID]) -> PointForm:
    left, entered = form.get("left"), form.get("entered")
    return PointForm(
        name=form["name"],
        kind=form["kind"],
        from_zone_id=zones[left].id if left else None,
        to_zone_id=zones[entered].id if entered else None,
        camera_ids=tuple(cameras[path] for path in form.get("cameras", ()) if path in cameras),
    )


def _type(form: Mapping[str, Any], zones: Mapping[str, Zone]) -> TypeForm:
    values = {name: value for name, value in form.items() if name != "opens"}
    return TypeForm(**values, zone_ids=tuple(zones[key].id for key in form["opens"]))


def _reader(work: Work, site: Site) -> KnownDevice:
    """Make the device that all door readers of the site report as."""
    token = accounts.make_device_token(work, DeviceForm(name="Door controller", site_id=site.id))
    found = account_queries.device_by_token(work.session.connection(), token)
    assert found is not None
    return found


def _kiosk(work: Work, site: Site, name: str) -> UUID:
    """Pair the kiosk at which the visitors of the past six weeks signed in; nobody keeps its key."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    packed = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    code = kiosks.make_pairing_code(work, site.id, name)
    work.session.flush()
    return kiosks.pair(work, PairingForm(code=code, public_key=base64.urlsafe_b64encode(packed).decode())).id

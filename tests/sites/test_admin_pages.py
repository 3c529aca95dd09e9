from typing import Any, TypeVar
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.db import Model
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.sites.models import AccessPoint, Antipassback, LegalEntity, PointCamera, PointKind, Site, Zone

HERE = "/admin/sites"
M = TypeVar("M", bound=Model)
ENTITY = {
    "name": "Southwind GmbH",
    "country": "DE",
    "address": "Kai 2, Hafenstadt",
    "representative": "",
    "privacy_contact": "datenschutz@southwind.example",
}


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


@pytest.fixture
def admin(sign_in: SignIn) -> FlaskClient:
    return sign_in(Role.ADMINISTRATOR)


def fields(site: Site, **values: Any) -> dict[str, Any]:
    return {
        "legal_entity_id": str(site.legal_entity_id),
        "name": "Hafenstadt",
        "address": "Kai 2",
        "preset": "DE",
        "time_zone": "Europe/Berlin",
        "reception_hint": "Links vom Tor",
        "languages": ["de", "en"],
    } | values


def only(runtime: Runtime, kind: type[M], **where: Any) -> M:
    with runtime.reading(SYSTEM) as work:
        return work.session.scalars(sa.select(kind).filter_by(**where)).one()


def test_a_legal_entity_and_its_first_site_are_added(admin: FlaskClient, runtime: Runtime) -> None:
    assert admin.post(f"{HERE}/entities", data=ENTITY).status_code == 302
    entity = only(runtime, LegalEntity, name="Southwind GmbH")

    values = {
        "legal_entity_id": str(entity.id),
        "name": "Hafenstadt",
        "preset": "DE",
        "time_zone": "Europe/Berlin",
        "languages": ["de", "en"],
        "visitor_log_days": "14",
        "photo_off": "1",
    }
    assert admin.post(HERE, data=values).status_code == 302

    made = only(runtime, Site, name="Hafenstadt")
    assert made.languages == ["de", "en"]
    assert made.tightened == {"visitor_log_days": 14, "photo_on_badge": "off"}
    assert "Hafenstadt" in admin.get(HERE).get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"time_zone": "Mars/Olympus"}, "Use a name such as Europe/Amsterdam."),
        ({"languages": []}, "field-error"),
        ({"visitor_log_days": "many"}, "Enter a whole number."),
        ({"visitor_log_days": "9999"}, "only be stricter"),
        ({"preset": "XX"}, "There is no preset"),
    ],
)
def test_what_is_wrong_with_a_site_is_said_and_nothing_is_lost(
    admin: FlaskClient, runtime: Runtime, site: Site, change: dict[str, Any], words: str
) -> None:
    answer = admin.post(f"{HERE}/{site.id}", data=fields(site, reception_hint="Behind the gate") | change)

    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in text
    assert "Behind the gate" in text
    assert only(runtime, Site, id=site.id).name == "Havenstad"


def test_ways_are_told_in_each_language_of_the_site(admin: FlaskClient, runtime: Runtime, site: Site) -> None:
    ways = {"reception-de": "Links vom Tor", "way-de": "← Zum Aufzug\n\n Ebene 2 ", "reception-en": "", "way-en": ""}
    assert admin.post(f"{HERE}/{site.id}", data=fields(site) | ways).status_code == 302

    told = only(runtime, Site, id=site.id).guidance
    assert told == {"de": {"reception": "Links vom Tor", "way": ["← Zum Aufzug", "Ebene 2"]}}
    assert "← Zum Aufzug\nEbene 2" in admin.get(f"{HERE}/{site.id}").get_data(as_text=True)

    refused = admin.post(f"{HERE}/{site.id}", data=fields(site) | ways | {"way-de": "x" * 121})
    assert refused.status_code == 422
    assert "x" * 121 in refused.get_data(as_text=True)


def test_a_site_is_changed_and_keeps_its_number(admin: FlaskClient, runtime: Runtime, site: Site) -> None:
    assert (
        admin.post(f"{HERE}/{site.id}", data=fields(site, languages=["en", "de"], first_language="de")).status_code
        == 302
    )

    changed = only(runtime, Site, id=site.id)
    assert changed.languages == ["de", "en"]
    assert (changed.name, changed.preset, changed.number) == ("Hafenstadt", "DE", site.number)
    assert "Links vom Tor" in admin.get(f"{HERE}/{site.id}").get_data(as_text=True)


def test_a_zone_is_added_and_changed_and_keeps_its_bit(admin: FlaskClient, runtime: Runtime, site: Site) -> None:
    values = {"name": "Lab", "occupancy_limit": "5", "opens": "08:00", "closes": "17:30", "requires_escort": "1"}
    assert admin.post(f"{HERE}/{site.id}/zones", data=values).status_code == 302
    made = only(runtime, Zone, name="Lab")
    assert (made.opens_minute, made.closes_minute, made.requires_escort, made.position) == (480, 1050, True, 0)
    page = admin.get(f"{HERE}/zones/{made.id}").get_data(as_text=True)
    assert 'value="08:00"' in page

    assert admin.post(f"{HERE}/zones/{made.id}", data={"name": "Lab", "antipassback": "hard"}).status_code == 302

    changed = only(runtime, Zone, name="Lab")
    assert (changed.opens_minute, changed.requires_escort, changed.antipassback) == (None, False, Antipassback.HARD)
    assert changed.position == 0


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"opens": "late"}, {"occupancy_limit": "0"}, {"antipassback": "maybe"}]
)
def test_a_zone_that_cannot_be_is_refused_on_both_pages(
    admin: FlaskClient, runtime: Runtime, site: Site, change: dict[str, str]
) -> None:
    with runtime.transaction(SYSTEM) as work:
        zone = factories.zone(work, site)

    assert admin.post(f"{HERE}/{site.id}/zones", data={"name": "Lab"} | change).status_code == 422
    assert admin.post(f"{HERE}/zones/{zone.id}", data={"name": "Lab"} | change).status_code == 422


def test_an_access_point_is_added_and_its_cameras_changed(admin: FlaskClient, runtime: Runtime, site: Site) -> None:
    with runtime.transaction(SYSTEM) as work:
        zone = factories.zone(work, site)
        cameras = [factories.camera(work, site, name=f"Camera {number}") for number in range(3)]
    values = {"name": "Gate", "kind": "entry", "from_zone_id": "", "to_zone_id": str(zone.id)}
    data = values | {"camera_ids": [str(camera.id) for camera in cameras[:2]]}
    assert admin.post(f"{HERE}/{site.id}/points", data=data).status_code == 302
    made = only(runtime, AccessPoint, name="Gate")
    page = admin.get(f"{HERE}/points/{made.id}").get_data(as_text=True)
    assert page.count(" checked") == 2

    change = values | {"kind": "exit", "camera_ids": [str(cameras[2].id)]}
    assert admin.post(f"{HERE}/points/{made.id}", data=change).status_code == 302

    assert only(runtime, AccessPoint, id=made.id).kind is PointKind.EXIT
    assert only(runtime, PointCamera, access_point_id=made.id).camera_id == cameras[2].id


def test_places_of_other_sites_cannot_be_used_or_seen(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    browser = sign_in(Role.ADMINISTRATOR, at=site)
    with runtime.transaction(SYSTEM) as work:
        other = factories.site(work)
        zone, point = factories.zone(work, other), factories.access_point(work, other)
        camera = factories.camera(work, other)

    for path in (
        f"{other.id}",
        f"zones/{zone.id}",
        f"points/{point.id}",
        f"{other.id}/cameras",
        f"cameras/{camera.id}",
    ):
        assert browser.get(f"{HERE}/{path}").status_code == 404
        assert browser.post(f"{HERE}/{path}", data={}).status_code in {404, 422}
    for values in ({"to_zone_id": str(zone.id)}, {"camera_ids": [str(camera.id)]}, {"to_zone_id": str(uuid4())}):
        data = {"name": "Gate", "kind": "entry"} | values
        assert browser.post(f"{HERE}/{site.id}/points", data=data).status_code == 404


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.SECURITY, Role.PRIVACY_OFFICER, Role.AUDITOR])
def test_only_administrators_change_places(sign_in: SignIn, site: Site, role: Role) -> None:
    browser = sign_in(role, at=site)

    assert browser.get(HERE).status_code == 403
    assert browser.get(f"{HERE}/{site.id}").status_code == 403
    assert browser.post(f"{HERE}/{site.id}/zones", data={"name": "Lab"}).status_code == 403

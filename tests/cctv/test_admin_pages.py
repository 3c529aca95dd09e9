from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.real.camera import HttpFault, http_camera
from tests.real.scenes import face
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.people.models import PersonalRecord
from visitor.sites.models import Camera, Site

HERE = "/admin/sites"


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


@pytest.fixture
def admin(sign_in: SignIn, site: Site) -> FlaskClient:
    return sign_in(Role.ADMINISTRATOR, at=site)


def entered(**values: Any) -> dict[str, Any]:
    return {
        "name": "Gate",
        "kind": "rtsp",
        "address": "rtsp://10.0.0.5/stream1",
        "credentials": "",
        "clip_address": "",
        "before_seconds": "5",
        "after_seconds": "25",
    } | values


def kept(runtime: Runtime, name: str) -> Camera:
    with runtime.reading(SYSTEM) as work:
        return work.session.scalars(sa.select(Camera).where(Camera.name == name)).one()


def test_a_camera_is_added_and_changed(admin: FlaskClient, runtime: Runtime, site: Site) -> None:
    assert admin.post(f"{HERE}/{site.id}/cameras", data=entered(takes_stills="1")).status_code == 302
    made = kept(runtime, "Gate")
    assert (made.takes_stills, made.before_seconds, made.credentials) == (True, 5, None)
    assert "rtsp://10.0.0.5/stream1" in admin.get(f"{HERE}/cameras/{made.id}").get_data(as_text=True)

    assert admin.post(f"{HERE}/cameras/{made.id}", data=entered(name="Yard")).status_code == 302

    assert kept(runtime, "Yard").takes_stills is False
    assert "Yard" in admin.get(f"{HERE}/{site.id}/cameras").get_data(as_text=True)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"address": "rtsp://user:secret@10.0.0.5/stream1"},
        {"address": "file:///etc/passwd"},
        {"before_seconds": "-1"},
        {"clip_address": "javascript:alert(1)"},
        {"kind": "webcam"},
    ],
)
def test_a_camera_that_cannot_be_is_refused(
    admin: FlaskClient, runtime: Runtime, site: Site, change: dict[str, str]
) -> None:
    answer = admin.post(f"{HERE}/{site.id}/cameras", data=entered(**change))

    assert answer.status_code == 422
    assert "field-error" in answer.get_data(as_text=True)


def test_a_try_says_that_a_picture_came_and_shows_it_to_security_alone(
    runtime: Runtime, sign_in: SignIn, site: Site
) -> None:
    with http_camera(face()) as real:
        with runtime.transaction(SYSTEM) as work:
            camera = factories.camera(work, site, address=real.snapshot_url)
        alone = sign_in(Role.ADMINISTRATOR, at=site).post(f"{HERE}/cameras/{camera.id}/test")
        both = sign_in(Role.ADMINISTRATOR, Role.SECURITY, at=site).post(f"{HERE}/cameras/{camera.id}/test")

    assert "A picture came" in alone.get_data(as_text=True)
    assert "data:image/jpeg" not in alone.get_data(as_text=True)
    assert "data:image/jpeg" in both.get_data(as_text=True)
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(PersonalRecord)).all() == []


def test_a_try_in_vain_says_what_to_do(admin: FlaskClient, runtime: Runtime, site: Site) -> None:
    with http_camera(face(), fault=HttpFault.MISSING) as real:
        with runtime.transaction(SYSTEM) as work:
            wrong = factories.camera(work, site, address=real.snapshot_url)
            unknown = factories.camera(work, site, address=real.snapshot_url, credentials="nobody")
            far = factories.camera(work, site, address="http://10.1.2.3/still.jpg")
        said = [admin.post(f"{HERE}/cameras/{one.id}/test").get_data(as_text=True) for one in (wrong, unknown, far)]

    assert "What came is no picture" in said[0]
    assert "missing in the settings" in said[1]
    assert "allowed_networks" in said[2]


def test_cameras_of_other_sites_cannot_be_tried(admin: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        foreign = factories.camera(work, factories.site(work))

    assert admin.post(f"{HERE}/cameras/{foreign.id}/test").status_code == 404

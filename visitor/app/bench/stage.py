"""A small site for measuring: one zone, one door, one visit type with everybody's notice, a reader and a kiosk."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.sessions import SecureCookieSessionInterface

from visitor.accounts import operations as accounts
from visitor.accounts import sessions
from visitor.accounts.forms import AccountForm, DeviceForm
from visitor.app.factory import create_app
from visitor.badges.models import Badge, BadgeCopy, BadgeSize
from visitor.core.actors import SYSTEM
from visitor.core.db import microseconds
from visitor.core.ids import new_id
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.kiosks import operations as kiosks
from visitor.kiosks.admission import signed_text
from visitor.kiosks.forms import PairingForm
from visitor.sites import operations as sites
from visitor.sites.forms import CameraForm, EntityForm, PointForm, SiteForm, ZoneForm
from visitor.sites.models import CameraKind, PointKind
from visitor.visits import operations as visits
from visitor.visits.forms import HostForm, TypeForm
from visitor.visits.models import Visit, VisitSource, VisitState

CHUNK: Final = 5_000
_CODE: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Stage:
    """The ids and secrets that requests need."""

    site_id: UUID
    site_number: int
    zone_id: UUID
    point_id: UUID
    camera_id: UUID
    type_id: UUID
    host_id: UUID
    device_token: str
    kiosk_id: UUID
    kiosk_key: ec.EllipticCurvePrivateKey

    def signed(self, method: str, path: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers with which the kiosk signs a request."""
        return signed(self.kiosk_id, self.kiosk_key, f"{method} {path}", body, now)


def signed(kiosk_id: UUID, key: ec.EllipticCurvePrivateKey, line: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers with which a kiosk signs a request; `line` is method and path."""
    method, path = line.split(" ", 1)
    milliseconds = microseconds(now) // 1000
    r, s = decode_dss_signature(key.sign(signed_text(method, path, milliseconds, body), ec.ECDSA(SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return {
        "Visitor-Kiosk": str(kiosk_id),
        "Visitor-Time": str(milliseconds),
        "Visitor-Signature": base64.urlsafe_b64encode(signature).decode().rstrip("="),
    }


def build(runtime: Runtime) -> Stage:
    """Make the site."""
    key = ec.generate_private_key(ec.SECP256R1())
    with runtime.transaction(SYSTEM) as work:
        entity = sites.add_entity(
            work, EntityForm(name="Bench", country="NL", address="Here", privacy_contact="privacy@bench.example")
        )
        site = sites.add_site(
            work,
            SiteForm(
                legal_entity_id=entity.id, name="Bench", preset="NL", time_zone="Europe/Amsterdam", languages=("en",)
            ),
        )
        zone = sites.add_zone(work, site.id, ZoneForm(name="Inside"))
        # The camera gives each event its clip; a still would measure the camera.
        camera = sites.add_camera(
            work,
            site.id,
            CameraForm(
                name="Door", kind=CameraKind.HTTP_SNAPSHOT, address="http://127.0.0.1:9/x.jpg", takes_stills=False
            ),
        )
        point = sites.add_point(
            work,
            site.id,
            PointForm(name="Door", kind=PointKind.ENTRY, to_zone_id=zone.id, camera_ids=(camera.id,)),
        )
        kind = visits.add_type(work, site.id, TypeForm(names={"en": "Guest"}, colour="#1f5fa8", zone_ids=(zone.id,)))
        host = visits.add_host(work, site.id, HostForm(name="Pat Example"))
        token = accounts.make_device_token(work, DeviceForm(name="Reader", site_id=site.id))
        code = kiosks.make_pairing_code(work, site.id, "Kiosk")
        work.session.flush()
        kiosk = kiosks.pair(work, PairingForm(code=code, public_key=_public(key)))
    return Stage(site.id, site.number, zone.id, point.id, camera.id, kind.id, host.id, token, kiosk.id, key)


def staff_cookie(runtime: Runtime) -> str:
    """Return the cookie of somebody who is signed in with every role and has opened a page, as browsers keep it."""
    with runtime.transaction(SYSTEM) as work:
        form = AccountForm(sign_in_name=f"bench.{work.new_id().hex}", display_name="Bench")
        account = accounts.add_account(work, form, password_hash="", must_change=False)
        for role in Role:
            accounts.grant(work, account.id, role, None)
        token = sessions.renew(work, account.id)
    app = create_app(runtime)
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    name, browser = app.config["SESSION_COOKIE_NAME"], app.test_client()
    browser.set_cookie(name, serializer.dumps({"_user_id": token, "_fresh": True}))
    browser.get("/account/password")
    kept = browser.get_cookie(name)
    assert kept is not None
    return f"{name}={kept.value}"


def add_kiosks(runtime: Runtime, stage: Stage, count: int) -> list[tuple[UUID, ec.EllipticCurvePrivateKey]]:
    """Pair kiosks; return their ids and keys."""
    made = []
    for number in range(count):
        key = ec.generate_private_key(ec.SECP256R1())
        with runtime.transaction(SYSTEM) as work:
            code = kiosks.make_pairing_code(work, stage.site_id, f"Kiosk {number + 1}")
            work.session.flush()
            made.append((kiosks.pair(work, PairingForm(code=code, public_key=_public(key))).id, key))
    return made


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    packed = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(packed).decode()


def add_badges(runtime: Runtime, stage: Stage, many: range, now: datetime) -> None:
    """Insert visits that are on site, each with its badge, in bulk; badges have these ids."""
    for first in range(0, len(many), CHUNK):
        numbers = many[first : first + CHUNK]
        visit_ids = {number: new_id(now) for number in numbers}
        with runtime.engine.begin() as connection:
            connection.execute(sa.insert(Visit), [visit_row(stage, visit_ids[number], now) for number in numbers])
            connection.execute(sa.insert(Badge), [_badge(stage, number, visit_ids[number], now) for number in numbers])
            connection.execute(sa.insert(BadgeCopy), [_copy(stage, number, now) for number in numbers])


def badge_number(number: int) -> str:
    """Return a six-character number that no other badge has."""
    letters = []
    for _ in range(6):
        number, rest = divmod(number, len(_CODE))
        letters.append(_CODE[rest])
    return "".join(letters)


def visit_row(stage: Stage, visit_id: UUID, now: datetime) -> dict[str, object]:
    """Return the row of a visit that is on site."""
    return {
        "id": visit_id,
        "site_id": stage.site_id,
        "person_id": None,
        "visit_type_id": stage.type_id,
        "host_id": stage.host_id,
        "state": VisitState.ON_SITE,
        "source": VisitSource.KIOSK,
        "language": "en",
        "client_id": UUID(bytes=hashlib.blake2b(visit_id.bytes, digest_size=16).digest()),
        "arrived_at": now - timedelta(minutes=5),
        "received_at": now - timedelta(minutes=5),
        "due_out_at": now + timedelta(hours=8),
        "auto_closed": False,
        "id_check_needed": False,
        "photo_declined": False,
        "watch_list_stop": False,
    }


def _badge(stage: Stage, number: int, visit_id: UUID, now: datetime) -> dict[str, object]:
    return {
        "id": number,
        "site_id": stage.site_id,
        "visit_id": visit_id,
        "number": badge_number(number),
        "key_id": 1,
        "copy": 1,
        "status_index": number,
        "not_before_at": now - timedelta(minutes=5),
        "expires_at": now + timedelta(hours=8),
        "zones": 1,
        "flags": 0,
        "size": BadgeSize.LABEL,
        "issued_at": now - timedelta(minutes=5),
    }


def _copy(stage: Stage, number: int, now: datetime) -> dict[str, object]:
    return {
        "badge_id": number,
        "copy": 1,
        "site_id": stage.site_id,
        "status_index": number,
        "expires_at": now + timedelta(hours=8),
        "reason": "first",
        "made_at": now - timedelta(minutes=5),
    }

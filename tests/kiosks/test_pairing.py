"""Pairing: a code works once, for a while, from an address that has not guessed too often."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.badges import guests
from tests.kiosk_client import API, KioskClient, KioskKey, unpadded
from tests.kiosks.conftest import Reception
from visitor.badges.models import PrintJob
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.kiosks import operations
from visitor.kiosks.models import Kiosk, PairingCode

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def code(runtime: Runtime) -> str:
    with runtime.transaction(SYSTEM) as work:
        return operations.make_pairing_code(work, factories.site(work).id, "Main entrance")


def pair(client: FlaskClient, code: str, public_key: str | None = None) -> TestResponse:
    key = KioskKey().public_text if public_key is None else public_key
    return client.post(f"{API}/pairings", json={"code": code, "public_key": key})


def test_code_works_once(client: FlaskClient, code: str) -> None:
    assert pair(client, code).status_code == 201

    second = pair(client, code)

    assert second.status_code == 404
    assert "Ask an administrator" in second.get_json()["error"]["message"]


def test_code_is_taken_as_people_type_it(client: FlaskClient, code: str) -> None:
    assert pair(client, f" {code[:5].lower()}-{code[5:9]} {code[9:]}").status_code == 201


def test_code_is_stored_only_as_a_hash(runtime: Runtime, code: str) -> None:
    with runtime.reading(SYSTEM) as work:
        kept = work.session.query(PairingCode).one()
    assert code.encode() not in kept.code_hash
    assert len(kept.code_hash) == 32


def test_code_expires(client: FlaskClient, clock: FixedClock, code: str) -> None:
    clock.move(timedelta(minutes=10))
    assert pair(client, code).status_code == 404


def test_guessing_from_one_address_ends_after_ten_tries(client: FlaskClient, code: str) -> None:
    for _ in range(10):
        assert pair(client, "AAAAAAAAAAAAA").status_code == 404

    refused = pair(client, code)

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.get_json()["error"]["retry_after_seconds"] > 0


def spki(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey) -> str:
    return unpadded(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


FOREIGN_KEYS: dict[str, Callable[[], str]] = {
    "ed25519": lambda: spki(ed25519.Ed25519PrivateKey.generate().public_key()),
    "p384": lambda: spki(ec.generate_private_key(ec.SECP384R1()).public_key()),
    "rsa": lambda: spki(rsa.generate_private_key(65537, 2048).public_key()),
    "cut off": lambda: KioskKey().public_text[:-8],
    "no point of the curve": lambda: KioskKey().public_text[:40] + "A" * 80,
    "no key": lambda: "no key",
    "not ascii": lambda: "é",
}


@pytest.mark.parametrize("kind", FOREIGN_KEYS)
def test_only_a_p256_key_is_taken_and_the_code_stays_good(client: FlaskClient, code: str, kind: str) -> None:
    refused = pair(client, code, FOREIGN_KEYS[kind]())
    assert refused.status_code == 422
    assert list(refused.get_json()["error"]["fields"]) == ["public_key"]
    assert pair(client, code).status_code == 201


def test_unknown_field_is_refused(client: FlaskClient, code: str) -> None:
    answer = client.post(f"{API}/pairings", json={"code": code, "public_key": "x", "site_id": "y"})
    assert answer.status_code == 422
    assert "site_id" in answer.get_json()["error"]["fields"]


def test_administrator_sees_the_code_once_and_can_let_the_kiosk_go(
    client: FlaskClient, sign_in: SignIn, runtime: Runtime, hall: Reception
) -> None:
    admin = sign_in(Role.ADMINISTRATOR, at=hall.site)
    page = admin.post("/admin/kiosks/", data={"name": "Back door", "printer_id": ""}).get_data(as_text=True)
    code = page.split("data-pairing-code>")[1].split("<")[0]
    assert code not in admin.get("/admin/kiosks/").get_data(as_text=True)
    kiosk_id = UUID(pair(client, code).get_json()["kiosk_id"])

    assert "Back door" in admin.get("/admin/kiosks/").get_data(as_text=True)
    assert admin.post(f"/admin/kiosks/{kiosk_id}/revoke").status_code == 302
    assert admin.post(f"/admin/kiosks/{kiosk_id}/revoke").status_code == 409

    with runtime.reading(SYSTEM) as work:
        assert work.session.get_one(Kiosk, kiosk_id).revoked_at == work.now


def test_administrator_of_another_site_lets_no_kiosk_of_ours_go(
    sign_in: SignIn, hall: Reception, elsewhere: Reception
) -> None:
    admin = sign_in(Role.ADMINISTRATOR, at=elsewhere.site)
    assert admin.post(f"/admin/kiosks/{hall.kiosk.key.kiosk_id}/revoke").status_code == 404
    assert hall.kiosk.get("/config").status_code == 200


@pytest.mark.parametrize("printer", ["nonsense", "01a2036b-240d-7e88-ac5c-9f2ef47acf3c"])
def test_unknown_printer_is_refused_in_words(sign_in: SignIn, hall: Reception, printer: str) -> None:
    admin = sign_in(Role.ADMINISTRATOR, at=hall.site)
    answer = admin.post("/admin/kiosks/", data={"name": "Back door", "printer_id": printer})
    assert answer.status_code in {404, 422}


def test_printer_of_another_site_is_not_given_to_a_kiosk(
    sign_in: SignIn, runtime: Runtime, hall: Reception, elsewhere: Reception
) -> None:
    with runtime.transaction(SYSTEM) as work:
        printer = guests.printer(work, elsewhere.site)
    admin = sign_in(Role.ADMINISTRATOR)
    path = f"/admin/kiosks/?site={hall.site.number}"
    assert admin.post(path, data={"name": "Back door", "printer_id": str(printer.id)}).status_code == 404


def test_kiosk_prints_where_its_pairing_said(
    client: FlaskClient, sign_in: SignIn, runtime: Runtime, hall: Reception
) -> None:
    with runtime.transaction(SYSTEM) as work:
        guests.printer(work, hall.site)
        second = guests.printer(work, hall.site, name="Back office")
    hall.kiosk = KioskClient(client, runtime, hall.site).pair(second.id)

    assert hall.sign_in().get_json()["printing"] == "queued"

    with runtime.reading(SYSTEM) as work:
        assert [job.printer_id for job in work.session.query(PrintJob)] == [second.id]

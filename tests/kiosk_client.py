"""A kiosk as the server sees it: it pairs, and signs its requests as the web app in the browser does."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.kiosks import operations
from visitor.sites.models import Site

API = "/kiosk/api"


@dataclass(slots=True)
class KioskKey:
    """The device's key pair and, once it is paired, its id."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    kiosk_id: UUID = field(default_factory=uuid4)

    @property
    def public_text(self) -> str:
        """The public key as the device sends it."""
        packed = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return unpadded(packed)

    def headers(self, method: str, path: str, milliseconds: int, body: bytes = b"") -> dict[str, str]:
        """The three headers of a signed request."""
        digest = hashlib.sha256(body).hexdigest()
        text = f"VK1\n{method}\n{path}\n{milliseconds}\n{digest}"
        r, s = decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(SHA256())))
        return {
            "Visitor-Kiosk": str(self.kiosk_id),
            "Visitor-Time": str(milliseconds),
            "Visitor-Signature": unpadded(r.to_bytes(32) + s.to_bytes(32)),
        }


class KioskClient:
    """A paired kiosk at a site; `ahead` is by how much its clock is wrong."""

    def __init__(self, client: FlaskClient, runtime: Runtime, site: Site) -> None:
        self.client = client
        self.runtime = runtime
        self.site = site
        self.key = KioskKey()
        self.ahead = timedelta()

    def pair(self, printer_id: UUID | None = None) -> "KioskClient":
        """Pair with a fresh code; call it before anything else."""
        with self.runtime.transaction(SYSTEM) as work:
            code = operations.make_pairing_code(work, self.site.id, "Main entrance", printer_id)
        answer = self.client.post(f"{API}/pairings", json={"code": code, "public_key": self.key.public_text})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        self.key.kiosk_id = UUID(answer.get_json()["kiosk_id"])
        return self

    def now(self) -> datetime:
        """The device's time."""
        return self.runtime.clock.now() + self.ahead

    def headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        """Sign a request at the device's time."""
        return self.key.headers(method, path, int(self.now().timestamp() * 1000), body)

    def get(self, path: str) -> TestResponse:
        """Ask for `path` below the kiosk API."""
        return self.client.get(API + path, headers=self.headers("GET", API + path))

    def post(self, path: str, content: object) -> TestResponse:
        """Send JSON, or bytes as they are, to `path` below the kiosk API."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        kind = "image/jpeg" if isinstance(content, bytes) else "application/json"
        return self.client.post(
            API + path, data=body, content_type=kind, headers=self.headers("POST", API + path, body)
        )


def unpadded(packed: bytes) -> str:
    """Base64url without its padding."""
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")

"""A door of an installation, badges to scan there, and scans as requests."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from visitor.app.bench import load, stage
from visitor.app.bench.rounds import Numbers
from visitor.badges.token import BadgeClaims, BadgeFlags, BadgeKind, BadgeSigner, BadgeVerifier, encode
from visitor.core.clock import SystemClock
from visitor.core.work import Runtime

MOST_PER_SECOND: Final = 2_500
"""More requests than this are not prepared for a second; where a run takes fewer, the rest is left over."""
PATH: Final = "/api/v1/scans"


def now() -> datetime:
    """Return this second."""
    return SystemClock().now().replace(microsecond=0)


def body(credential: str, point_id: UUID) -> bytes:
    """Return a scan under a new id."""
    scan = {
        "scan_id": str(uuid4()),
        "access_point_id": str(point_id),
        "credential": credential,
        "scanned_at": SystemClock().now().isoformat(),
    }
    return json.dumps(scan).encode()


class Doors:
    """One door, its reader, and badges of visitors who are on site."""

    def __init__(self, runtime: Runtime, at: Path, badges: int, seconds: float) -> None:
        self.runtime, self.badges, self.seconds, self._at = runtime, badges, seconds, at
        self.stage = stage.build(runtime)
        self.port = runtime.settings.server.port
        self.verifier = runtime.resources.get(BadgeVerifier)
        self._signer = runtime.resources.get(BadgeSigner)
        self._chance = random.Random(1)  # noqa: S311  which badges are scanned
        self._now = now()
        stage.add_badges(runtime, self.stage, range(1, badges + 1), self._now)

    def send(self, connections: int) -> Numbers:
        """Send scans of badges drawn by chance from all, with as many connections, for a run's time."""
        many = range(int(self.seconds * MOST_PER_SECOND))
        return load.send(self.port, connections, self.seconds, (self.request() for _ in many), self._at)

    def request(self) -> bytes:
        """Return one scan as it goes over the wire."""
        return load.request("POST", PATH, self.headers, self.scan())

    @property
    def headers(self) -> dict[str, str]:
        """What the reader sends with each scan."""
        return {"Authorization": f"Bearer {self.stage.device_token}", "Content-Type": "application/json"}

    def scan(self) -> bytes:
        """Return the body of a scan."""
        return body(self.token(self._chance.randrange(1, self.badges + 1)), self.stage.point_id)

    def token(self, number: int) -> str:
        """Return the signed token of a badge."""
        return token(self._signer, self.stage.site_number, number, self._now)


def token(signer: BadgeSigner, site_number: int, number: int, at: datetime) -> str:
    """Return the signed token of a badge that `stage.add_badges` made at that time."""
    claims = BadgeClaims(
        kind=BadgeKind.VISIT,
        key_id=1,
        site=site_number,
        badge=number,
        copy=1,
        not_before_at=at - timedelta(minutes=5),
        expires_at=at + timedelta(hours=8),
        zones=1,
        flags=BadgeFlags.NONE,
        status_index=number,
    )
    return encode(claims, signer)

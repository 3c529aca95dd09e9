"""Scans at doors over HTTP, beside a bare Flask view that does one SELECT and one INSERT with COMMIT."""

import json
import random
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from visitor.app.bench import bare, load, scratch, stage
from visitor.app.bench.rounds import Contest, Numbers, Size
from visitor.app.bench.stage import Stage
from visitor.badges.token import BadgeClaims, BadgeFlags, BadgeKind, BadgeSigner, encode
from visitor.core.clock import SystemClock
from visitor.core.db import open_engine
from visitor.core.work import Runtime

MOST_PER_SECOND: Final = 1_500
"""More requests than this are not prepared for a second; where a run takes fewer, the rest is left over."""
CONNECTIONS: Final = (1, 8)
BARE: Final = "Flask, one SELECT, one INSERT, COMMIT"


class Scanning:
    """Prepared sites, badges and requests of one run."""

    def __init__(self, runtime: Runtime, at: Path, size: Size) -> None:
        self._runtime, self._folder, self._size = runtime, at, size
        self._chance = random.Random(1)  # noqa: S311  which badges are scanned
        self._now = SystemClock().now().replace(microsecond=0)
        self._stage: Stage = stage.build(runtime)
        self.port = runtime.settings.server.port
        self.bare_port = scratch.free_port()
        self.bare_url = f"sqlite:///{at / 'bare.db'}"
        stage.add_badges(runtime, self._stage, size.badges, self._now)
        self._fill_bare()

    def product(self, connections: int) -> Numbers:
        """Send scans to the product."""
        headers = {"Authorization": f"Bearer {self._stage.device_token}", "Content-Type": "application/json"}
        requests = (load.request("POST", "/api/v1/scans", headers, self._body(self._token())) for _ in self._many())
        return load.send(self.port, connections, self._size.seconds, requests, self._folder)

    def bare(self, connections: int) -> Numbers:
        """Send the same scans to the bare program."""
        headers = {"Content-Type": "application/json"}
        requests = (load.request("POST", "/scans", headers, self._body(self._code())) for _ in self._many())
        return load.send(self.bare_port, connections, self._size.seconds, requests, self._folder)

    def _many(self) -> range:
        return range(int(self._size.seconds * MOST_PER_SECOND))

    def _body(self, credential: str) -> bytes:
        scan = {
            "scan_id": str(uuid4()),
            "access_point_id": str(self._stage.point_id),
            "credential": credential,
            "scanned_at": SystemClock().now().isoformat(),
        }
        return json.dumps(scan).encode()

    def _token(self) -> str:
        """Return the signed token of one badge, drawn by chance from all."""
        number = self._chance.randrange(1, self._size.badges + 1)
        return encode(_claims(number, self._now), self._runtime.resources.get(BadgeSigner))

    def _code(self) -> str:
        return _bare_code(self._chance.randrange(1, self._size.badges + 1))

    def _fill_bare(self) -> None:
        engine = open_engine(self.bare_url, bare.settings_for(self.bare_url))
        bare.metadata.create_all(engine)
        expires_at = int((self._now + timedelta(hours=8)).timestamp())
        with engine.begin() as connection:
            rows = [
                {"code": _bare_code(number), "visit": str(uuid4()), "expires_at": expires_at}
                for number in range(1, self._size.badges + 1)
            ]
            connection.execute(sa.insert(bare.badge), rows)
        engine.dispose()


@contextmanager
def prepare(size: Size) -> Generator[Sequence[Contest]]:
    """Start both servers with as many badges each."""
    with scratch.folder() as at, scratch.installation(at) as runtime:
        both = Scanning(runtime, at, size)
        threads = runtime.settings.server.threads
        with (
            scratch.serving(scratch.product_command(at), both.port),
            scratch.serving(scratch.bare_command(both.bare_url, both.bare_port, threads), both.bare_port),
        ):
            both.product(1)
            both.bare(1)
            yield [
                Contest(
                    f"Scans, {size.badges:,} badges, {count} connection{'s' if count > 1 else ''}",
                    partial(both.product, count),
                    partial(both.bare, count),
                    BARE,
                )
                for count in CONNECTIONS
            ]


def _bare_code(number: int) -> str:
    """Return a code as long as a token."""
    return f"BARE{number:0144d}"


def _claims(number: int, now: datetime) -> BadgeClaims:
    return BadgeClaims(
        kind=BadgeKind.VISIT,
        key_id=1,
        site=1,
        badge=number,
        copy=1,
        not_before_at=now - timedelta(minutes=5),
        expires_at=now + timedelta(hours=8),
        zones=1,
        flags=BadgeFlags.NONE,
        status_index=number,
    )

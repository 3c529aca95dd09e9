"""Sign-ins with a photo over HTTP, signed as a kiosk signs them, beside a bare insert of as many bytes with commit."""

import base64
import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from visitor.app.bench import bare, load, scratch, stage
from visitor.app.bench.rounds import Contest, Numbers, Size
from visitor.app.bench.timing import rate
from visitor.app.drawn import drawn_photo
from visitor.core.clock import SystemClock
from visitor.core.db import open_engine
from visitor.core.work import Runtime
from visitor.imaging.decoding import PhotoRefused
from visitor.imaging.portrait import prepare_portrait

PATH: Final = "/kiosk/api/sign-ins"
PHOTOS: Final = 6
MOST_PER_SECOND: Final = 60
CONNECTIONS: Final = (1, 4)
"""Kiosks that sign in at the same time."""


def photos(count: int = PHOTOS) -> list[bytes]:
    """Return drawn photos that pass the check."""
    found: list[bytes] = []
    seed = 0
    while len(found) < count:
        with suppress(PhotoRefused):
            prepare_portrait(drawn_photo(seed))
            found.append(drawn_photo(seed))
        seed += 1
    return found


class SigningIn:
    """A kiosk with photos."""

    def __init__(self, runtime: Runtime, at: Path, size: Size) -> None:
        self._folder, self._size = at, size
        self._stage = stage.build(runtime)
        self._photos = [base64.b64encode(photo).decode() for photo in photos()]
        self.port = runtime.settings.server.port
        url = f"sqlite:///{at / 'bare.db'}"
        self._engine = open_engine(url, bare.settings_for(url))
        with self._engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE bare_visit (id TEXT PRIMARY KEY, name TEXT, photo BLOB)"))
        self._portrait = prepare_portrait(base64.b64decode(self._photos[0])).jpeg

    def product(self, connections: int) -> Numbers:
        """Send sign-ins to the product."""
        many = range(max(8, int(self._size.seconds * MOST_PER_SECOND)))
        requests = [self._request(number) for number in many]
        return load.send(self.port, connections, self._size.seconds, requests, self._folder)

    def bare(self) -> Numbers:
        """Insert a name and a portrait with commit, straight through the driver."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()

            def insert(photo: bytes) -> None:
                cursor.execute("BEGIN IMMEDIATE")
                cursor.execute("INSERT INTO bare_visit VALUES (?, ?, ?)", (str(uuid4()), "Ada Example", photo))
                cursor.execute("COMMIT")

            one = rate(insert, [self._portrait], self._size.seconds / 2)
        finally:
            connection.close()
        return dict(one)

    def close(self) -> None:
        """Close the bare database."""
        self._engine.dispose()

    def _request(self, number: int) -> bytes:
        now = SystemClock().now()
        form = {
            "client_id": str(uuid4()),
            "happened_at": now.isoformat(),
            "language": "en",
            "visit_type_id": str(self._stage.type_id),
            "name": f"Ada Example {stage.badge_number(number)}",
            "company": "Example Engines",
            "email": "ada@engines.example",
            "host_id": str(self._stage.host_id),
            "notice_version_id": None,
            "notice_shown_at": (now - timedelta(seconds=30)).isoformat(),
            "photo": self._photos[number % len(self._photos)],
        }
        body = json.dumps(form).encode()
        headers = {"Content-Type": "application/json"} | self._stage.signed("POST", PATH, body, now)
        return load.request("POST", PATH, headers, body)


@contextmanager
def prepare(size: Size) -> Generator[Sequence[Contest]]:
    """Start the product's server."""
    with scratch.folder() as at, scratch.installation(at) as runtime:
        both = SigningIn(runtime, at, size)
        try:
            with scratch.serving(scratch.product_command(at), both.port):
                both.product(1)
                yield [
                    Contest(
                        f"Sign-ins with photo, {count} kiosk{'s' if count > 1 else ''}",
                        partial(_rate_only, both, count),
                        both.bare,
                        "one INSERT of name and portrait, COMMIT, one connection",
                    )
                    for count in CONNECTIONS
                ]
        finally:
            both.close()


def _rate_only(both: SigningIn, connections: int) -> Numbers:
    """Return the rate; the bare insert has no times over HTTP to set beside the others."""
    return {"per second": both.product(connections)["per second"]}

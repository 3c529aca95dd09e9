"""Sign-ins with a photo over HTTP, beside a bare insert of as many bytes with commit; then their badges as PDF."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from visitor.app.bench import arrivals, bare, load, scratch, stage
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import P50, P99, PRODUCT, Beside, Contest, Numbers, Size
from visitor.app.bench.timing import rate
from visitor.app.drawn import drawn_photo
from visitor.badges.models import Badge
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.db import open_engine
from visitor.core.work import Runtime
from visitor.imaging.decoding import PhotoRefused
from visitor.imaging.portrait import prepare_portrait

PHOTOS: Final = 6
MOST_PER_SECOND: Final = 60
BARE: Final = "one INSERT of name and portrait, COMMIT, one connection"
CONNECTIONS: Final = (1, 4)
"""Kiosks that sign in at the same time."""
BADGES: Final = 200
AGAIN: Final = 5
"""Each badge is asked for so many times at most."""


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

    def __init__(self, place: Place, runtime: Runtime, at: Path, size: Size) -> None:
        self._runtime, self._folder, self._size = runtime, at, size
        self._stage = stage.build(runtime)
        self._photos = [base64.b64encode(photo).decode() for photo in photos()]
        self.port = runtime.settings.server.port
        url = place.new_url(at, "bare")
        self._engine = open_engine(url, bare.settings_for(url))
        metadata = sa.MetaData()
        self._table = sa.Table(
            "bare_visit",
            metadata,
            sa.Column("id", sa.String(40), primary_key=True),
            sa.Column("name", sa.Text),
            sa.Column("photo", sa.LargeBinary),
        )
        metadata.create_all(self._engine)
        self._portrait = prepare_portrait(base64.b64decode(self._photos[0])).jpeg

    def product(self, connections: int) -> Numbers:
        """Send sign-ins to the product."""
        many = range(max(8, int(self._size.seconds * MOST_PER_SECOND)))
        requests = [self._request(number) for number in many]
        return load.send(self.port, connections, self._size.seconds, requests, self._folder)

    def bare(self) -> Numbers:
        """Insert a name and a portrait with commit, one after another."""

        def insert(photo: bytes) -> None:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(self._table), {"id": str(uuid4()), "name": "Ada Example", "photo": photo})

        return rate(insert, [self._portrait], self._size.seconds / 2)

    def badges(self) -> Numbers:
        """Ask for badges of those who signed in, one after another, as a receptionist who prints from the browser."""
        cookie = {"Cookie": stage.staff_cookie(self._runtime)}
        with self._runtime.reading(SYSTEM) as work:
            visits = work.session.scalars(sa.select(Badge.visit_id).limit(BADGES)).all()
        many = [load.request("GET", f"/badges/{visit}.pdf", cookie, b"") for visit in visits]
        return load.send(self.port, 1, self._size.seconds, many * AGAIN, self._folder)

    def close(self) -> None:
        """Close the bare database."""
        self._engine.dispose()

    def _request(self, number: int) -> bytes:
        now = SystemClock().now()
        person = f"Ada Example {stage.badge_number(number)}"
        photo = self._photos[number % len(self._photos)]
        sent = arrivals.form(str(self._stage.type_id), str(self._stage.host_id), person, photo)
        body = json.dumps(sent).encode()
        headers = {"Content-Type": "application/json"} | self._stage.signed("POST", arrivals.PATH, body, now)
        return load.request("POST", arrivals.PATH, headers, body)


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Start the product's server."""
    with scratch.folder() as at, scratch.installation(place, at) as runtime:
        both = SigningIn(place, runtime, at, size)
        try:
            with scratch.product(place, at, both.port):
                both.product(1)
                for count in CONNECTIONS:
                    yield Contest(
                        {PRODUCT: partial(both.product, count), BARE: both.bare},
                        [_pair(count)],
                    )
                title = "One badge with photo, from its row to a PDF, over HTTP"
                yield Contest({PRODUCT: both.badges}, [Beside("sign_ins.badge", title, None, (P50, P99))])
        finally:
            both.close()


def _pair(count: int) -> Beside:
    title = f"Sign-ins with photo, {count} kiosk{'s' if count > 1 else ''}"
    return Beside(f"sign_ins.{count}", title, BARE)

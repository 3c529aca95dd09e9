"""The crowd of a rush, in a process of its own: kiosks, doors and desks, each request at the time it is due.

`python -m visitor.app.bench.rush_load PLAN RESULT` reads a plan and writes what was sent and how long it took. A
request that waits for its turn is late from when it was due, so that a slow server is not spared by waiting clients.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from visitor.app.bench import arrivals, doors, load, stage
from visitor.app.bench.live_load import answer
from visitor.core.clock import SystemClock

SETTLE_SECONDS: Final = 0.25
"""Many events at once make one refresh, as in the browser."""
PATIENCE_SECONDS: Final = 90.0
COME_AGAIN: Final = "HTTP/1.1 503"
AGAIN_SECONDS: Final = 2.0
CHANGED: Final = b"event: changed"
MOST_FAULTS: Final = 20
SIGN_IN, PICTURE, SCAN, BOARD = "sign-in", "badge picture", "scan", "desk board"
PAGE, PDF = "staff page", "badge as PDF"
KINDS: Final = (SIGN_IN, PICTURE, SCAN, BOARD, PAGE, PDF)
CLERK_PAGES: Final = ("/desk/", "/security/", "/security/roll-call", "/privacy/audit", "/admin/sites", "/desk/expect")
CLERK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Kiosk:
    """One kiosk with its key."""

    id: str
    key_pem: str
    type_id: str
    host_id: str
    due: list[float]
    """Seconds after the beginning at which somebody signs in."""


@dataclass(frozen=True, slots=True)
class Door:
    """One door with its reader, and badges that pass it."""

    device_token: str
    point_id: str
    badges: list[str]
    every_seconds: float


@dataclass(frozen=True, slots=True)
class Desk:
    """One desk that watches its site."""

    site_id: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Who does what."""

    port: int
    seconds: float
    photos: list[str]
    kiosks: list[Kiosk]
    doors: list[Door]
    desks: list[Desk]
    clerks: list[str] = field(default_factory=list)
    """The cookies of those who go from page to page."""

    @staticmethod
    def read(file: Path) -> "Plan":
        """Read a plan."""
        given = json.loads(file.read_text(encoding="utf-8"))
        return Plan(
            given["port"],
            given["seconds"],
            given["photos"],
            [Kiosk(**one) for one in given["kiosks"]],
            [Door(**one) for one in given["doors"]],
            [Desk(**one) for one in given["desks"]],
            given["clerks"],
        )

    def write(self, file: Path) -> None:
        """Write it down."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


@dataclass(slots=True)
class Seen:
    """What was sent, and how long it took."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    client_ids: list[str] = field(default_factory=list)
    scan_ids: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    turned_away: int = 0
    """Answers that ask to come again later. Kiosks and readers do; so does the crowd."""


class Crowd:
    """Everybody at once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seen = Seen()
        self._chance = random.Random(1)  # noqa: S311  which photo, which badge
        self._began = 0.0
        self._newest: str | None = None
        """The address of the badge that was made last."""

    async def go(self) -> Seen:
        """Let the rush happen."""
        self._began = time.perf_counter()
        desks = [asyncio.create_task(self._watched(self._desk(desk))) for desk in self._plan.desks]
        kiosks = (self._watched(self._kiosk(kiosk)) for kiosk in self._plan.kiosks)
        readers = (self._watched(self._door(door, number)) for number, door in enumerate(self._plan.doors))
        clerks = (self._watched(self._clerk(cookie, number)) for number, cookie in enumerate(self._plan.clerks))
        await asyncio.gather(*kiosks, *readers, *clerks)
        for desk in desks:
            desk.cancel()
        await asyncio.gather(*desks, return_exceptions=True)
        return self._seen

    async def _watched(self, part: Awaitable[None]) -> None:
        try:
            await part
        except (TimeoutError, OSError, EOFError, load.Failed) as fault:
            if len(self._seen.faults) < MOST_FAULTS:
                self._seen.faults.append(f"{type(fault).__name__}: {fault}"[:300])

    async def _kiosk(self, kiosk: Kiosk) -> None:
        key = load_pem_private_key(kiosk.key_pem.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)

        def signed(line: str, body: bytes) -> bytes:
            method, path = line.split(" ", 1)
            headers = stage.signed(UUID(kiosk.id), key, line, body, SystemClock().now())
            return load.request(method, path, {"Content-Type": "application/json"} | headers, body)

        for number, due in enumerate(kiosk.due):
            await self._at(due)
            sent = arrivals.form(kiosk.type_id, kiosk.host_id, f"Ada {number} {kiosk.id[:8]}", self._photo())
            self._seen.client_ids.append(str(sent["client_id"]))
            body = json.dumps(sent).encode()
            told = await self._timed(SIGN_IN, due, partial(signed, f"POST {arrivals.PATH}", body))
            picture = json.loads(told)["badge"]["picture_url"]
            self._newest = f"/badges/{UUID(picture.split('/')[-2])}.pdf"
            shown_at = time.perf_counter() - self._began
            await self._timed(PICTURE, shown_at, partial(signed, f"GET {picture}", b""))

    async def _door(self, door: Door, number: int) -> None:
        headers = {"Authorization": f"Bearer {door.device_token}", "Content-Type": "application/json"}
        due = door.every_seconds * number / len(self._plan.doors)
        while due < self._plan.seconds:
            await self._at(due)
            body = doors.body(self._chance.choice(door.badges), UUID(door.point_id))
            self._seen.scan_ids.append(json.loads(body)["scan_id"])
            await self._timed(SCAN, due, partial(load.request, "POST", doors.PATH, headers, body))
            due += door.every_seconds

    async def _desk(self, desk: Desk) -> None:
        """Watch live; a stream has an end, after which a browser opens the next."""
        while True:
            with suppress(asyncio.IncompleteReadError):
                await self._watch(desk)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _watch(self, desk: Desk) -> None:
        site = f"site={desk.site_id}"
        reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
        headers = {"Cookie": desk.cookie}
        writer.write(load.request("GET", f"/desk/live/events?{site}", headers | {"Accept": "text/event-stream"}, b""))
        try:
            while True:
                await reader.readuntil(CHANGED)
                await asyncio.sleep(SETTLE_SECONDS)
                begun = time.perf_counter() - self._began
                fetch = load.request("GET", f"/desk/live/list?{site}", headers | {"Accept": "text/html"}, b"")
                await self._timed(BOARD, begun, partial(bytes, fetch))
                await _forget(reader)
        finally:
            writer.close()

    async def _clerk(self, cookie: str, number: int) -> None:
        headers = {"Cookie": cookie, "Accept": "text/html"}
        due = CLERK_SECONDS * number / len(self._plan.clerks)
        while due < self._plan.seconds:
            await self._at(due)
            page = CLERK_PAGES[number % len(CLERK_PAGES)]
            await self._timed(PAGE, due, partial(load.request, "GET", page, headers, b""))
            if self._newest is not None:
                printed_at = time.perf_counter() - self._began
                await self._timed(PDF, printed_at, partial(load.request, "GET", self._newest, headers, b""))
            number, due = number + 1, due + CLERK_SECONDS

    async def _timed(self, kind: str, due: float, make: Callable[[], bytes]) -> bytes:
        """Send until it is taken; late from when it was due."""
        while True:
            try:
                body = await self._sent(make)
            except load.Failed as fault:
                late = time.perf_counter() - self._began - due
                if not str(fault).startswith(COME_AGAIN) or late > PATIENCE_SECONDS:
                    raise
                self._seen.turned_away += 1
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                break
        self._seen.milliseconds.setdefault(kind, []).append(1000 * (time.perf_counter() - self._began - due))
        return body

    async def _sent(self, make: Callable[[], bytes]) -> bytes:
        """Send over a connection of its own, as a browser does after a while."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
        try:
            writer.write(make())
            _head, body = await asyncio.wait_for(answer(reader), PATIENCE_SECONDS)
        finally:
            writer.close()
        return body

    async def _at(self, due: float) -> None:
        await asyncio.sleep(max(0.0, due - (time.perf_counter() - self._began)))

    def _photo(self) -> str:
        return self._chance.choice(self._plan.photos)


async def _forget(reader: asyncio.StreamReader) -> None:
    """Drop what came while the page was fetched: it is one refresh."""
    while True:
        try:
            await asyncio.wait_for(reader.readuntil(CHANGED), 0.001)
        except TimeoutError:
            return


def main(plan: Path, result: Path) -> None:
    """Let the rush happen, and write down what was seen."""
    seen = asyncio.run(Crowd(Plan.read(plan)).go())
    result.write_text(json.dumps(asdict(seen)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

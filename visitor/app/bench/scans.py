"""Scans at doors over HTTP: beside a bare Flask view, raw inserts, and the product with its ledger switched off."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from visitor.app.bench import bare, doors, load, raw, scratch, trips
from visitor.app.bench.doors import Doors
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import P50, P99, PRODUCT, RATE, Beside, Contest, Numbers, Run, Size
from visitor.app.bench.timing import each
from visitor.core.db import open_engine
from visitor.core.work import Runtime

BARE: Final = "bare Flask: one SELECT, one INSERT, COMMIT"
RAW: Final = "one INSERT and COMMIT through the driver, 8 connections"
NAIVE: Final = "bare Flask in 2 processes without a lock"
UNCHAINED: Final = "the product, its ledger entries thrown away by a trigger"
CONNECTIONS: Final = (1, 8)
TRIPS: Final = 50
OFF: Final = {
    "sqlite": ("CREATE TRIGGER bench_off BEFORE INSERT ON ledger_entry BEGIN SELECT RAISE(IGNORE); END",),
    "postgresql": (
        "CREATE FUNCTION bench_off() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER bench_off BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION bench_off()",
    ),
}
ON: Final = {
    "sqlite": ("DROP TRIGGER bench_off",),
    "postgresql": ("DROP TRIGGER bench_off ON ledger_entry", "DROP FUNCTION bench_off()"),
}


class Bare:
    """The bare program with as many badges, served by one process and, on SQLite, by two naive ones."""

    def __init__(self, place: Place, at: Path, badges: int, seconds: float) -> None:
        self._at, self._badges, self._seconds = at, badges, seconds
        self.url = place.new_url(at, "bare")
        self._fill()

    @contextmanager
    def serving(self, threads: int, processes: int = 1) -> Generator[int]:
        """Serve; yields the port."""
        port = scratch.free_port()
        with scratch.serving(scratch.bare_command(self.url, port, threads, processes), port):
            yield port

    def send(self, port: int, connections: int) -> Numbers:
        """Send scans."""
        headers = {"Content-Type": "application/json"}
        many = range(int(self._seconds * doors.MOST_PER_SECOND))
        codes = (doors.body(_code(number % self._badges + 1), uuid4()) for number in many)
        requests = (load.request("POST", "/scans", headers, packed) for packed in codes)
        return load.send(port, connections, self._seconds, requests, self._at)

    def _fill(self) -> None:
        engine = open_engine(self.url, bare.settings_for(self.url))
        bare.metadata.create_all(engine)
        expires_at = int((doors.now() + timedelta(hours=8)).timestamp())
        with engine.begin() as connection:
            rows = [
                {"code": _code(number), "visit": str(uuid4()), "expires_at": expires_at}
                for number in range(1, self._badges + 1)
            ]
            connection.execute(sa.insert(bare.badge), rows)
        engine.dispose()


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Start the servers with as many badges each."""
    with ExitStack() as opened:
        at = opened.enter_context(scratch.folder())
        runtime = opened.enter_context(scratch.installation(place, at))
        scanned = Doors(runtime, at, size.badges[0], size.seconds)
        rival = Bare(place, at, size.badges[0], size.seconds)
        yield _checking(scanned)
        if not place.embedded:
            yield _counting(scanned)
        opened.enter_context(scratch.product(place, at, scanned.port))
        threads = runtime.settings.server.threads
        port = opened.enter_context(rival.serving(threads))
        naive = opened.enter_context(rival.serving(threads, 2)) if place.embedded else port
        scanned.send(1)
        rival.send(port, 1)
        for count in CONNECTIONS:
            yield _scanning(scanned, rival, (port, naive), count, runtime)


def _scanning(scanned: Doors, rival: Bare, ports: tuple[int, int], count: int, runtime: Runtime) -> Contest:
    port, naive = ports
    title = f"Scans, {scanned.badges:,} badges, {count} connection{'s' if count > 1 else ''}"
    sides: dict[str, Run] = {PRODUCT: partial(scanned.send, count), BARE: partial(rival.send, port, count)}
    pairs = [Beside(f"scans.{count}", title, BARE, (RATE, P50, P99))]
    if count > 1:
        sides |= {RAW: partial(raw.insert, rival.url, count, scanned.seconds)}
        sides |= {UNCHAINED: partial(_unchained, scanned, count, runtime)}
        pairs.append(Beside("scans.raw", title, RAW))
        pairs.append(Beside("scans.chain", title, UNCHAINED))
    if count > 1 and runtime.embedded:
        sides |= {NAIVE: partial(rival.send, naive, count)}
        pairs.append(Beside("scans.naive", title, NAIVE, (RATE, P99)))
    return Contest(sides, pairs)


def _unchained(scanned: Doors, count: int, runtime: Runtime) -> Numbers:
    """Let the database throw ledger entries away, so that none is stored, numbered or signed."""
    _carry_out(runtime, OFF)
    try:
        return scanned.send(count)
    finally:
        _carry_out(runtime, ON)


def _carry_out(runtime: Runtime, statements: dict[str, tuple[str, ...]]) -> None:
    with runtime.engine.begin() as connection:
        for statement in statements[connection.dialect.name]:
            connection.exec_driver_sql(statement)


def _checking(scanned: Doors) -> Contest:
    """Check the signatures of tokens that were not seen before."""
    tokens = [scanned.token(number) for number in range(1, min(scanned.badges, 2_000) + 1)]
    title = "Signature of a token checked without a network"
    return Contest(
        {PRODUCT: lambda: each(scanned.verifier.verify, tokens)}, [Beside("scans.token", title, None, ("ms",))]
    )


def _counting(scanned: Doors) -> Contest:
    """Count what one scan says to the database."""
    title = "Round trips to the database for a scan, BEGIN and COMMIT included"
    sides = {PRODUCT: lambda: {"round trips": trips.of_scans(scanned, TRIPS)}}
    return Contest(sides, [Beside("scans.trips", title, None, ("round trips",))], rounds=1)


def _code(number: int) -> str:
    """Return a code as long as a token."""
    return f"BARE{number:0144d}"

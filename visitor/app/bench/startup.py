"""From starting the server to its first answer and its first scan, and its memory then, beside the bare program."""

import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from visitor.app.bench import bare, doors, scratch
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import FIRST_SCAN, MEMORY, PRODUCT, SECONDS, Beside, Contest, Numbers, Size
from visitor.core.db import open_engine

BARE: Final = "Flask, SQLAlchemy and granian alone"
JSON: Final = {"Content-Type": "application/json"}


def started(command: Sequence[str], port: int, path: str, headers: Mapping[str, str], body: bytes) -> Numbers:
    """Start a server, wait for its first answer, look at its memory, let it answer a scan, and end it."""
    scan = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, dict(headers))
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  our own modules
    try:
        scratch.await_answer(process, port)
        took = time.perf_counter() - began
        memory = scratch.memory_megabytes(process.pid)
        with urllib.request.urlopen(scan, timeout=scratch.START_SECONDS) as answer:  # noqa: S310  as above
            answer.read()
        return {SECONDS: took, MEMORY: memory, FIRST_SCAN: time.perf_counter() - began}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(scratch.STOP_SECONDS)


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Make an installation with a badge and a door, and a bare database."""
    with scratch.folder() as at, scratch.installation(place, at) as runtime:
        door = doors.Doors(runtime, at, 1, size.seconds)
        url, port = place.new_url(at, "bare"), scratch.free_port()
        engine = open_engine(url, bare.settings_for(url))
        bare.metadata.create_all(engine)
        engine.dispose()
        mine = scratch.product_command(at)
        theirs = scratch.bare_command(url, port, runtime.settings.server.threads)
        yield Contest(
            {
                PRODUCT: lambda: started(mine, door.port, doors.PATH, door.headers, door.scan()),
                BARE: lambda: started(theirs, port, "/scans", JSON, door.scan()),
            },
            [Beside("startup", "Server started, first answer", BARE, (SECONDS, MEMORY, FIRST_SCAN))],
        )

"""From starting the server to its first answer, and its memory then, beside the bare program."""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from visitor.app.bench import bare, scratch
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import MEMORY, PRODUCT, SECONDS, Beside, Contest, Numbers, Size
from visitor.core.db import open_engine
from visitor.core.settings import load_settings

BARE: Final = "Flask, SQLAlchemy and granian alone"


def started(command: Sequence[str], port: int) -> Numbers:
    """Start a server, wait for its first answer, look at its memory, and end it."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  our own modules
    try:
        scratch.await_answer(process, port)
        took = time.perf_counter() - began
        return {SECONDS: took, MEMORY: scratch.memory_megabytes(process.pid)}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(scratch.STOP_SECONDS)


def contests(place: Place, size: Size) -> Iterator[Contest]:  # noqa: ARG001  every subject takes one
    """Make an installation and a bare database."""
    with scratch.folder() as at:
        settings = load_settings(scratch.made(place, at))
        url, port = place.new_url(at, "bare"), scratch.free_port()
        engine = open_engine(url, bare.settings_for(url))
        bare.metadata.create_all(engine)
        engine.dispose()
        yield Contest(
            {
                PRODUCT: partial(started, scratch.product_command(at), settings.server.port),
                BARE: partial(started, scratch.bare_command(url, port, settings.server.threads), port),
            },
            [Beside("startup", "Server started, first answer", BARE, (SECONDS, MEMORY))],
        )
        place.forget()

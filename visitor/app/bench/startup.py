"""From starting the server to its first answer, and its memory then, beside the bare program."""

import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial

from visitor.app.bench import bare, scratch
from visitor.app.bench.rounds import Contest, Numbers, Size
from visitor.core.db import open_engine


def started(command: Sequence[str], port: int) -> Numbers:
    """Start a server, wait for its first answer, look at its memory, and end it."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  our own modules
    try:
        scratch.await_answer(process, port)
        took = time.perf_counter() - began
        return {"seconds": took, "MB": scratch.resident_megabytes(process.pid)}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(scratch.STOP_SECONDS)


@contextmanager
def prepare(size: Size) -> Generator[Sequence[Contest]]:  # noqa: ARG001  every bench takes one
    """Make an installation and a bare database."""
    with scratch.folder() as at:
        settings = scratch.made(at)
        url, port = f"sqlite:///{at / 'bare.db'}", scratch.free_port()
        engine = open_engine(url, bare.settings_for(url))
        bare.metadata.create_all(engine)
        engine.dispose()
        yield [
            Contest(
                "Server started, first answer",
                partial(started, scratch.product_command(at), settings.server.port),
                partial(started, scratch.bare_command(url, port, settings.server.threads), port),
                "Flask, SQLAlchemy and granian alone",
            )
        ]

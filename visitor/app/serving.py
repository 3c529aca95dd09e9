"""The process that answers requests: it holds the databases, and on SQLite it works as well."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO, TYPE_CHECKING

import structlog

from visitor.app import memory
from visitor.app.exclusive import only_process
from visitor.app.factory import create_app
from visitor.app.moved import refuse_moved
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.app.tasks import all_tasks
from visitor.app.working import Worker
from visitor.core.logs import as_json, start_logs
from visitor.core.settings import Settings, load_settings

if TYPE_CHECKING:
    from flask import Flask

log = structlog.get_logger()


def application(config: Path, told: Connection, say: Callable[[str], None], *, with_worker: bool) -> "Flask":
    """Open everything, begin to work, and return what answers requests.

    Args:
        config: the settings file.
        told: ends when this process is to stop.
        say: shows a line to whoever started the server.
        with_worker: work here on PostgreSQL too.

    Raises:
        SetupFault: the installation is not right.
    """
    memory.keep_small()
    settings = load_settings(config)
    start_logs(settings.logs)
    embedded = settings.database.url.startswith("sqlite")
    held = only_process(settings) if embedded else None
    runtime = open_runtime(settings)
    refuse_moved(runtime.engine)
    worker = Worker(runtime, all_tasks()) if embedded or with_worker else None
    app = create_app(runtime)
    memory.settle()
    if worker is not None:
        worker.start()
    Finalize(None, _end, (runtime, worker, held), exitpriority=10)
    threading.Thread(target=_await_word, args=(told, runtime), name="stop-watch", daemon=True).start()
    _announce(settings, say)
    return app


def _await_word(told: Connection, runtime: OpenRuntime) -> None:
    """Wait until the watchman closes the pipe or dies; then end the live pages and stop."""
    with contextlib.suppress(EOFError, OSError):
        told.recv_bytes()
    runtime.changes.close()
    os.kill(os.getpid(), signal.SIGTERM)


def _end(runtime: OpenRuntime, worker: Worker | None, held: IO[str] | None) -> None:
    if worker is not None:
        worker.stop()
    runtime.close()
    if held is not None:
        held.close()


def _announce(settings: Settings, say: Callable[[str], None]) -> None:
    server = settings.server
    if as_json():
        log.info("server.ready", url=server.public_url, host=server.host, port=server.port)
        return
    say(f"Serving {server.public_url} (listening on {server.host}, port {server.port}).")
    say("Press Ctrl+C to stop.")

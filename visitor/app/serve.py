"""Serving: granian with one process that holds the databases, and on SQLite the worker inside it.

The process that was started is granian's watchman: it binds the port and holds no database. Its one child opens the
databases, answers requests and works. A pipe between the two tells the child to stop, and its closing tells it that the
watchman is gone: no orphan keeps the write lock.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from visitor.app.exclusive import only_process
from visitor.app.factory import create_app
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.app.tasks import all_tasks
from visitor.app.working import Worker
from visitor.core.errors import SetupFault
from visitor.core.logs import start_logs
from visitor.core.settings import ServerSettings, Settings, load_settings, read_secret

if TYPE_CHECKING:
    from flask import Flask
    from granian.server.mp import MPServer

STOP_SECONDS: Final = 15
"""After this a request that does not end is cut off."""


def serve(config: Path, *, with_worker: bool = False, say: Callable[[str], None] = print) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: the settings file.
        with_worker: run the worker inside on PostgreSQL too; on SQLite it always is.
        say: shows a line to whoever started the server.

    Raises:
        SetupFault: the installation is not right, or the address is taken.
    """
    # Lazily: granian takes a while to load and other commands do not need it.
    from granian.constants import Interfaces, SSLProtocols  # noqa: PLC0415  as above
    from granian.log import LogLevels  # noqa: PLC0415  as above
    from granian.server.mp import MPServer  # noqa: PLC0415  as above

    settings = load_settings(config)
    start_logs(settings.logs)
    _check(settings)
    told, teller = Pipe(duplex=False)
    server = MPServer(
        "visitor",
        address=settings.server.host,
        port=settings.server.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.server.threads,
        backpressure=settings.server.threads * 2,
        websockets=False,
        log_level=LogLevels.error,
        ssl_protocol_min=SSLProtocols.tls12,  # door readers are old; browsers take 1.3 by themselves
        ssl_cert=settings.server.certificate_file,
        ssl_key=settings.server.private_key_file,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.on_startup(lambda: _announce(settings, say))
    _tell_before_stopping(server, teller)
    server.serve(target_loader=partial(_application, config, told, teller, with_worker=with_worker), wrap_loader=False)


def _tell_before_stopping(server: "MPServer", teller: Connection) -> None:
    """Close the pipe when a signal comes, so that open live pages end and do not hold the stop up."""
    interrupt: Callable[..., None] = server.signal_handler_interrupt

    def told_first(*args: object) -> None:
        teller.close()
        interrupt(*args)

    # granian asks for this attribute when serving begins; it has no hook that runs before its workers are stopped.
    setattr(server, "signal_handler_interrupt", told_first)  # noqa: B010  a method is replaced on purpose


def _application(config: Path, told: Connection, teller: Connection, *, with_worker: bool) -> "Flask":
    """Open everything in the serving process; granian calls this there."""
    teller.close()  # the watchman holds the only other end: its closing is the sign
    try:
        settings = load_settings(config)
        start_logs(settings.logs)
        held = only_process(settings) if _embedded(settings) else None
        runtime = open_runtime(settings)
    except SetupFault as fault:
        sys.stderr.write(f"{fault}\n")
        sys.exit(1)
    worker = Worker(runtime, all_tasks()) if runtime.embedded or with_worker else None
    if worker is not None:
        worker.start()
    Finalize(None, _end, (runtime, worker, held), exitpriority=10)
    threading.Thread(target=_await_word, args=(told, runtime), name="stop-watch", daemon=True).start()
    return create_app(runtime)


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


def _embedded(settings: Settings) -> bool:
    return settings.database.url.startswith("sqlite")


def _check(settings: Settings) -> None:
    """Find in the watchman what can be found, so that a fault is one sentence and no crash of the child.

    Raises:
        SetupFault: as `serve` says.
    """
    if _embedded(settings):
        only_process(settings).close()
    open_runtime(settings).close()
    for path in (settings.server.certificate_file, settings.server.private_key_file):
        if path is not None:
            read_secret(path, "the certificate or its key")
    _check_address(settings.server)


def _check_address(server: ServerSettings) -> None:
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        raise SetupFault(
            f"The server cannot listen on {server.host}, port {server.port}: {fault.strerror}. "
            "Change `server.host` or `server.port`, or stop the program that uses it."
        ) from None


def _announce(settings: Settings, say: Callable[[str], None]) -> None:
    say(f"Serving {settings.server.public_url} (listening on {settings.server.host}, port {settings.server.port}).")
    say("Press Ctrl+C to stop.")

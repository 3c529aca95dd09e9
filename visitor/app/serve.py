"""Serving: granian with one process that holds the databases, and on SQLite the worker inside it.

The process that was started is granian's watchman: it binds the port and holds no database. Its one child opens the
databases, answers requests and works; only there the product is loaded, so the watchman stays small. A pipe between the
two tells the child to stop, and its closing tells it that the watchman is gone: no orphan keeps the write lock. By
another one the child says why it cannot begin.
"""

import gc
import logging
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visitor.app.exclusive import only_process
from visitor.core.errors import SetupFault
from visitor.core.logs import start_logs
from visitor.core.settings import ServerSettings, Settings, load_settings, read_secret

if TYPE_CHECKING:
    from flask import Flask
    from granian.server.mp import MPServer

CONNECTIONS: Final = 4_096
"""Open at once. Most rest: browsers and kiosks keep theirs for a while after each answer."""
BESIDE: Final = 64
"""Threads beside those of requests and live pages: for doors, for who waits to be let in, and for health."""
IDLE_SECONDS: Final = 10
"""A thread that had nothing to do for so long ends. They take turns, so the shorter this is, the fewer are left soon
after a rush: each keeps its stack and what it freed last."""
STOP_SECONDS: Final = 15
"""After this a request that does not end is cut off."""
OUR_LOG: Final = {
    "formatters": {},
    "handlers": {},
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")},
}
"""What granian has to say goes the way of everything else, in the same form; by itself it writes to standard output."""


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
    heard, complain = Pipe(duplex=False)
    server = MPServer(
        "visitor",
        address=settings.server.host,
        port=settings.server.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.server.threads + settings.server.live_pages + BESIDE,
        blocking_threads_idle_timeout=IDLE_SECONDS,
        backpressure=CONNECTIONS,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=OUR_LOG,
        ssl_protocol_min=SSLProtocols.tls12,  # door readers are old; browsers take 1.3 by themselves
        ssl_cert=settings.server.certificate_file,
        ssl_key=settings.server.private_key_file,
        workers_kill_timeout=STOP_SECONDS,
    )
    _tell_before_stopping(server, teller)
    # Why the child did not begin is said below; granian would only say that it is gone.
    logging.getLogger("_granian").addFilter(lambda _record: not heard.poll())
    gc.freeze()  # what both processes have in common is not looked through again, so it stays in common
    pipes = _Pipes(told, teller, complain)
    try:
        server.serve(
            target_loader=partial(_application, config, pipes, say, with_worker=with_worker), wrap_loader=False
        )
    except SystemExit:
        if heard.poll():
            raise SetupFault(heard.recv()) from None
        raise


@dataclass(frozen=True, slots=True)
class _Pipes:
    """What joins the watchman and its child."""

    told: Connection
    teller: Connection
    """The watchman's end: its closing is the sign to stop."""
    complain: Connection


def _application(config: Path, pipes: _Pipes, say: Callable[[str], None], *, with_worker: bool) -> "Flask":
    """Open everything in the serving process; granian calls this there."""
    from visitor.app import serving  # noqa: PLC0415  heavy: the watchman does without the product

    pipes.teller.close()
    try:
        return serving.application(config, pipes.told, say, with_worker=with_worker)
    except SetupFault as fault:
        pipes.complain.send(str(fault))
        sys.exit(1)


def _check(settings: Settings) -> None:
    """Find before the start what can be found without the product.

    Raises:
        SetupFault: as `serve` says.
    """
    if settings.database.url.startswith("sqlite"):
        only_process(settings).close()
    for path in (settings.server.certificate_file, settings.server.private_key_file):
        if path is not None:
            read_secret(path, "the certificate or its key")
    _check_address(settings.server)


def _tell_before_stopping(server: "MPServer", teller: Connection) -> None:
    """Close the pipe when a signal comes, so that open live pages end and do not hold the stop up."""
    interrupt: Callable[..., None] = server.signal_handler_interrupt

    def told_first(*args: object) -> None:
        teller.close()
        interrupt(*args)

    # granian asks for this attribute when serving begins; it has no hook that runs before its workers are stopped.
    setattr(server, "signal_handler_interrupt", told_first)  # noqa: B010  a method is replaced on purpose


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

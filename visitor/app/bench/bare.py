"""The bare program: a Flask view that does one SELECT and one INSERT with COMMIT, on the same kind of database.

SQLAlchemy Core, granian, as many threads as the product, the same pragmas. In one process it has, on SQLite, a lock
around each write, which is the best that a small program can do; in several it is naive, and its writers meet in the
database.
`python -m visitor.app.bench.bare URL PORT THREADS PROCESSES`.
"""

import contextlib
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask, Response, jsonify, request

from visitor.core.clock import SystemClock
from visitor.core.db import open_engine
from visitor.core.settings import DatabaseSettings

metadata = sa.MetaData()
badge: Final = sa.Table(
    "bare_badge",
    metadata,
    sa.Column("code", sa.String(160), primary_key=True),
    sa.Column("visit", sa.String(40)),
    sa.Column("expires_at", sa.BigInteger),
)
event: Final = sa.Table(
    "bare_event",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("code", sa.String(160)),
    sa.Column("point", sa.String(40)),
    sa.Column("granted", sa.Boolean),
    sa.Column("scanned_at", sa.String(40)),
    sa.Column("received_at", sa.String(40)),
)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def settings_for(url: str) -> DatabaseSettings:
    """Return the product's database settings for another address."""
    return DatabaseSettings(url=url, keyring_url="sqlite://")


def create_app(url: str, *, alone: bool) -> Flask:
    """Return the bare application; `alone`: no other process writes."""
    engine = open_engine(url, settings_for(url))
    lock = threading.Lock() if alone and engine.dialect.name == "sqlite" else contextlib.nullcontext()
    clock = SystemClock()
    app = Flask("bare")

    @app.get("/healthz")
    def health() -> str:
        return "ok\n"

    @app.post("/scans")
    def scan() -> tuple[Response, int]:
        asked = request.get_json()
        now = clock.now()
        with lock, engine.begin() as connection:
            found = connection.execute(sa.select(badge).where(badge.c.code == asked["credential"])).one_or_none()
            granted = found is not None and found.expires_at > (now - EPOCH).total_seconds()
            row = {
                "id": str(uuid4()),
                "code": asked["credential"],
                "point": asked["access_point_id"],
                "granted": granted,
                "scanned_at": asked["scanned_at"],
                "received_at": now.isoformat(),
            }
            connection.execute(sa.insert(event), row)
        return jsonify(event_id=row["id"], granted=granted), 201

    return app


def main(url: str, port: int, threads: int, processes: int) -> None:
    """Serve until told to stop."""
    # Lazily: the parent reads this module for its tables and needs no server.
    from granian.constants import Interfaces  # noqa: PLC0415  as above
    from granian.log import LogLevels  # noqa: PLC0415  as above
    from granian.server.mp import MPServer  # noqa: PLC0415  as above

    server = MPServer(
        "bare",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        backpressure=threads * 2,
        websockets=False,
        log_level=LogLevels.error,
        log_enabled=False,
    )
    server.serve(target_loader=partial(create_app, url, alone=processes == 1), wrap_loader=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))

"""Counting how often a request and PostgreSQL speak, by the protocol itself."""

import os
import tempfile
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from visitor.app.bench.doors import PATH, Doors
from visitor.app.factory import create_app

READY: Final = b"\tReadyForQuery\t"
"""The server says so at the end of what was sent together, and the scan path waits for that before it goes on."""
CREATED: Final = 201


def of_scans(doors: Doors, count: int) -> float:
    """Return the round trips of one scan, in the middle of many, one after another; on PostgreSQL."""
    with tempfile.TemporaryFile() as trace:
        engine = doors.runtime.engine
        told = _trips(engine, trace.fileno())
        browser = create_app(doors.runtime).test_client()
        marks = []
        for _ in range(count):
            marks.append(told())
            answer = browser.post(PATH, data=doors.scan(), headers=doors.headers)
            if answer.status_code != CREATED:
                raise RuntimeError(f"a scan was answered with {answer.status_code}")
        marks.append(told())
        # Connections of the pool write into the trace as long as they live.
        engine.dispose()
    steps = sorted(after - before for before, after in pairwise(marks))
    return float(steps[len(steps) // 2])


def _trips(engine: sa.Engine, trace: int) -> Callable[[], int]:
    engine.dispose()

    @sa.event.listens_for(engine, "connect")
    def follow(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's connection
        connection.pgconn.trace(trace)

    def told() -> int:
        return os.pread(trace, os.fstat(trace).st_size, 0).count(READY)

    return told

"""The limit of the disk: one INSERT and COMMIT at a time straight through the driver, over several connections.

`python -m visitor.app.bench.raw URL CONNECTIONS SECONDS` prints one line of JSON. On SQLite, where one writes at a
time, the connections take turns under a lock.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from datetime import datetime
from typing import Final
from uuid import uuid4

from visitor.app.bench import bare
from visitor.app.bench.rounds import P50, P99, RATE
from visitor.core.clock import SystemClock
from visitor.core.db import open_engine

INSERT: Final = "INSERT INTO bare_event VALUES (?, ?, ?, ?, ?, ?)"


def insert(url: str, connections: int, seconds: float) -> dict[str, float]:
    """Insert from another process; return rate and times."""
    command = [sys.executable, "-m", "visitor.app.bench.raw", url, str(connections), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  our own module
    counted: dict[str, float] = json.loads(done.stdout)
    return counted


def main(url: str, connections: int, seconds: float) -> None:
    """Insert, and print what was counted."""
    engine = open_engine(url, bare.settings_for(url))
    embedded = engine.dialect.name == "sqlite"
    lock = threading.Lock() if embedded else contextlib.nullcontext()
    statement = INSERT if embedded else INSERT.replace("?", "%s")
    now = SystemClock().now()
    times: list[float] = []

    def keep_inserting(end: float) -> None:
        connection = engine.raw_connection()
        cursor = connection.cursor()
        while (began := time.perf_counter()) < end:
            with lock:
                if embedded:
                    cursor.execute("BEGIN IMMEDIATE")
                cursor.execute(statement, _row(now))
                connection.commit()
            times.append(time.perf_counter() - began)
        connection.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=keep_inserting, args=(began + seconds,)) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    times.sort()
    found = {RATE: len(times) / took, P50: 1000 * times[len(times) // 2], P99: 1000 * times[len(times) * 99 // 100]}
    sys.stdout.write(json.dumps(found) + "\n")


def _row(now: datetime) -> tuple[object, ...]:
    """Return about as many bytes as an access event has."""
    return str(uuid4()), "x" * 148, str(uuid4()), True, now.isoformat(), now.isoformat()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))

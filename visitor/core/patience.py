"""How long a request waits for what others hold, whatever it has to queue for on its way.

A request has the time of `database.lock_timeout_seconds` from its arrival. What it waits for afterwards, it waits for a
moment only: it may still succeed, and whoever sent it learns soon enough that it did not. Work without a request, such
as a job's, waits for that time at each place.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

MOMENT_SECONDS: Final = 1.0
_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def request(seconds: float) -> Iterator[None]:
    """Answer a request inside, which arrived just now, and has so long."""
    before = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(before)


def hurry() -> None:
    """Leave this thread's request a moment."""
    until = _until.get()
    if until is not None:
        _until.set(min(until, time.monotonic() + MOMENT_SECONDS))


def is_over() -> bool:
    """Tell whether this thread's request has nothing left but moments."""
    return left(math.inf) <= MOMENT_SECONDS


def left(most_seconds: float) -> float:
    """Return for how long this thread waits for one thing; never longer than `most_seconds`.

    Whole seconds, rounded up: each other figure costs a statement that tells it to the database.
    """
    until = _until.get()
    if until is None:
        return most_seconds
    return min(most_seconds, max(MOMENT_SECONDS, math.ceil(until - time.monotonic())))

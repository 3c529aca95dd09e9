"""Telling open pages that something changed at a site."""

import threading
from collections.abc import Generator, Iterable
from uuid import UUID


class Changes:
    """Counts the changes of each site and wakes whoever waits for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: dict[UUID, int] = {}
        self._closed = False

    def publish(self, site_ids: Iterable[UUID]) -> None:
        """Say that something changed at these sites; called after the transaction committed."""
        with self._changed:
            for site_id in site_ids:
                self._counts[site_id] = self._counts.get(site_id, 0) + 1
            self._changed.notify_all()

    def count(self, site_id: UUID) -> int:
        """Return how many changes the site has had since this process began."""
        with self._changed:
            return self._counts.get(site_id, 0)

    def wait(self, site_id: UUID, seen: int, seconds: float) -> int:
        """Wait until the count differs from `seen` or the time is over; return the count."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._counts.get(site_id, 0) != seen, seconds)
            return self._counts.get(site_id, 0)

    def close(self) -> None:
        """Wake everybody for good, so that the process can end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Tell whether the process is ending."""
        return self._closed


def event_stream(changes: Changes, site_id: UUID, *, beats: int = 240, beat_seconds: float = 15.0) -> Generator[str]:
    """Yield server-sent events: `changed` for each change, a comment now and then so that dead clients are noticed.

    The stream ends after `beats` waits; browsers come back by themselves.
    """
    seen = changes.count(site_id)
    yield "retry: 2000\nevent: ready\ndata: \n\n"
    for _ in range(beats):
        if changes.closed:
            return
        count = changes.wait(site_id, seen, beat_seconds)
        yield f"event: changed\ndata: {count}\n\n" if count != seen else ": still here\n\n"
        seen = count

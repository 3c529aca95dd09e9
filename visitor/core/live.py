"""Telling open pages that something changed at a site."""

import threading
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

BEAT_SECONDS: Final = 15.0
STREAM_BEATS: Final = 240
AT_LEAST_EVERY: Final = 4
"""Beats after which an open page looks anyway. Time alone changes what it shows, and a process that is killed right
after its commit has no time left to tell the others."""


MOST_PAGES: Final = 256
LOOK_AGAIN_SECONDS: Final = 15
"""A page that finds no room looks again after this, as one without a stream does."""


class Neighbours(Protocol):
    """The other processes on the same database."""

    def note(self, session: Session, site_ids: Collection[UUID]) -> None:
        """Leave word of a change inside the transaction that makes it."""

    def tell(self, site_ids: Collection[UUID]) -> None:
        """Tell the others of a change that is committed; waits for nobody."""

    def follow(self) -> None:
        """Begin to hear of the others' changes; returns when they are heard, or when that takes too long."""

    def close(self) -> None:
        """Tell what was not told yet, and end."""


class Changes:
    """Counts the changes of each site and wakes whoever waits for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: dict[UUID, int] = {}
        self._everywhere = 0
        self._watching = 0
        self._closed = False
        self.most_pages = MOST_PAGES
        """Each open page holds a thread that waits."""
        self.neighbours: Neighbours | None = None
        self.serving = False
        """This process shows pages; on SQLite it is the only one that does."""

    def publish(self, site_ids: Collection[UUID]) -> None:
        """Say that something changed at these sites; called after the transaction committed."""
        self.heard(site_ids)
        if self.neighbours is not None:
            self.neighbours.tell(site_ids)

    def heard(self, site_ids: Iterable[UUID]) -> None:
        """Wake this process's pages of these sites."""
        with self._changed:
            for site_id in site_ids:
                self._counts[site_id] = self._counts.get(site_id, 0) + 1
            self._changed.notify_all()

    def heard_anything(self) -> None:
        """Wake all of this process's pages: what happened meanwhile is not known."""
        with self._changed:
            self._everywhere += 1
            self._changed.notify_all()

    def count(self, site_id: UUID) -> int:
        """Return how many changes the site has had since this process began."""
        with self._changed:
            return self._count(site_id)

    def wait(self, site_id: UUID, seen: int, seconds: float) -> int:
        """Wait until the count differs from `seen` or the time is over; return the count."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._count(site_id) != seen, seconds)
            return self._count(site_id)

    @contextmanager
    def watching(self) -> Generator[None]:
        """Follow the changes of other processes while a page is open."""
        with self._changed:
            self._watching += 1
        try:
            if self.neighbours is not None:
                self.neighbours.follow()
            yield
        finally:
            with self._changed:
                self._watching -= 1

    @property
    def watched(self) -> bool:
        """Tell whether a page is open."""
        return self._watching > 0

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return self._watching

    @property
    def full(self) -> bool:
        """Tell whether no further page finds room."""
        return self._watching >= self.most_pages

    def close(self) -> None:
        """Wake everybody for good, so that the process can end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self.neighbours is not None:
            self.neighbours.close()

    @property
    def closed(self) -> bool:
        """Tell whether the process is ending."""
        return self._closed

    def _count(self, site_id: UUID) -> int:
        return self._counts.get(site_id, 0) + self._everywhere


def event_stream(
    changes: Changes, site_id: UUID, *, beats: int = STREAM_BEATS, beat_seconds: float = BEAT_SECONDS
) -> Generator[str]:
    """Yield server-sent events: `changed` for each change, a comment now and then so that dead clients are noticed.

    `changed` comes once a minute in any case. The stream ends after `beats` waits; browsers come back by themselves.
    While as many pages are open as may be, it says `changed` and ends at once: the page comes back in a while.
    """
    if changes.full:
        yield f"retry: {LOOK_AGAIN_SECONDS * 1000}\nevent: changed\ndata: \n\n"
        return
    with changes.watching():
        seen = changes.count(site_id)
        yield "retry: 2000\nevent: ready\ndata: \n\n"
        for beat in range(1, beats + 1):
            if changes.closed:
                return
            count = changes.wait(site_id, seen, beat_seconds)
            told = count != seen or beat % AT_LEAST_EVERY == 0
            yield f"event: changed\ndata: {count}\n\n" if told else ": still here\n\n"
            seen = count

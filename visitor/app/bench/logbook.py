"""Pages of the access log, beside the same SQL written by hand and sent straight through the driver."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.access import queries as access
from visitor.access.models import AccessEvent
from visitor.access.queries import PAGE_ROWS, EventFilter
from visitor.access.reasons import Reason
from visitor.app.bench import scratch, stage
from visitor.app.bench.rounds import Contest, Numbers, Size
from visitor.app.bench.stage import Stage
from visitor.app.bench.timing import middle
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.db import microseconds
from visitor.core.ids import new_id
from visitor.core.paging import Cursor
from visitor.core.work import Runtime

CHUNK: Final = 10_000
SPACING: Final = timedelta(seconds=2)
"""Between two events."""
REFUSED_EACH: Final = 25
TIMES: Final = 60
"""A page is read so often in one run."""
NEWEST: Final = """
    SELECT * FROM access_event WHERE site_id = ? AND scanned_at >= ? AND scanned_at < ?
    ORDER BY scanned_at DESC, id DESC LIMIT ?"""
DEEP: Final = """
    SELECT * FROM access_event WHERE site_id = ? AND scanned_at >= ? AND (scanned_at, id) < (?, ?)
    ORDER BY scanned_at DESC, id DESC LIMIT ?"""
REFUSED: Final = """
    SELECT * FROM access_event WHERE site_id = ? AND scanned_at >= ? AND scanned_at < ? AND reason = ?
    ORDER BY scanned_at DESC, id DESC LIMIT ?"""
BARE: Final = "the same SQL by hand, rows as tuples"


class Pages:
    """A log full of events."""

    def __init__(self, runtime: Runtime, size: Size) -> None:
        self._runtime = runtime
        self._stage = stage.build(runtime)
        self._until = SystemClock().now()
        self._from = self._until - (size.events + 1) * SPACING
        self._fill(size.events)
        self._deep = Cursor(self._from + SPACING * (size.events // 10), new_id(self._until))
        self._wanted = EventFilter(self._stage.site_id, self._from, self._until)

    def newest(self) -> Numbers:
        """Read the newest page."""
        return middle(lambda: self._read(self._wanted, None), TIMES)

    def deep(self) -> Numbers:
        """Read a page nine tenths down."""
        return middle(lambda: self._read(self._wanted, self._deep), TIMES)

    def refused(self) -> Numbers:
        """Read the newest refusals of one reason."""
        wanted = EventFilter(self._stage.site_id, self._from, self._until, reason=Reason.EXPIRED)
        return middle(lambda: self._read(wanted, None), TIMES)

    def bare(self, statement: str, *more: object) -> Numbers:
        """Run the statement by hand."""
        connection = self._runtime.engine.raw_connection()
        try:
            cursor = connection.cursor()
            given = (self._stage.site_id.bytes, microseconds(self._from), *more)

            def read() -> None:
                assert len(cursor.execute(statement, (*given, PAGE_ROWS + 1)).fetchall()) == PAGE_ROWS + 1

            found = middle(read, TIMES)
        finally:
            connection.close()
        return found

    @property
    def until(self) -> int:
        """The end of the log, as the database keeps it."""
        return microseconds(self._until)

    @property
    def place(self) -> tuple[int, bytes]:
        """Where the deep page begins, as the database keeps it."""
        return microseconds(self._deep.at), self._deep.id.bytes

    def _read(self, wanted: EventFilter, cursor: Cursor | None) -> None:
        with self._runtime.reading(SYSTEM) as work:
            page = access.search(work, wanted, cursor)
        assert len(page.rows) == PAGE_ROWS

    def _fill(self, events: int) -> None:
        for first in range(0, events, CHUNK):
            rows = [self._event(number) for number in range(first, min(first + CHUNK, events))]
            with self._runtime.engine.begin() as connection:
                connection.execute(sa.insert(AccessEvent), rows)

    def _event(self, number: int) -> dict[str, object]:
        return _event(self._stage, number, self._from + number * SPACING)


@contextmanager
def prepare(size: Size) -> Generator[Sequence[Contest]]:
    """Fill a log."""
    with scratch.folder() as at, scratch.installation(at) as runtime:
        pages = Pages(runtime, size)
        with runtime.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        many = f"{size.events:,} events"
        yield [
            Contest(f"Newest page of {many}", pages.newest, partial(pages.bare, NEWEST, pages.until), BARE),
            Contest(f"Page deep in {many}", pages.deep, partial(pages.bare, DEEP, *pages.place), BARE),
            Contest(
                f"Newest refusals of one reason in {many}",
                pages.refused,
                partial(pages.bare, REFUSED, pages.until, Reason.EXPIRED.value),
                BARE,
            ),
        ]


_scans = count(1)


def _event(at_stage: Stage, number: int, at: datetime) -> dict[str, object]:
    refused = number % REFUSED_EACH == 0
    return {
        "id": new_id(at),
        "site_id": at_stage.site_id,
        "access_point_id": at_stage.point_id,
        "scan_id": UUID(int=next(_scans)),
        "device_id": at_stage.kiosk_id,
        "from_zone_id": None,
        "to_zone_id": at_stage.zone_id,
        "badge_id": number % 5000 + 1,
        "badge_copy": 1,
        "visit_id": UUID(int=number % 5000 + 1),
        "granted": not refused,
        "reason": Reason.EXPIRED if refused else Reason.GRANTED,
        "offline": False,
        "offline_granted": None,
        "scanned_at": at,
        "received_at": at,
        "camera_ids": [str(at_stage.camera_id)],
        "clip_from_at": at - timedelta(seconds=10),
        "clip_until_at": at + timedelta(seconds=20),
    }

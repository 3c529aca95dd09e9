"""The access log as it grows: its queries beside the same SQL by hand, its pages, and doors in front of a full one."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from visitor.access import queries as access
from visitor.access.queries import PAGE_ROWS
from visitor.access.reasons import Reason
from visitor.access.searching import EventFilter, LoggedEvent
from visitor.app.bench import load, people, scratch, stage
from visitor.app.bench.doors import Doors, now
from visitor.app.bench.events import Log
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import P50, P99, PRODUCT, RATE, Beside, Contest, Numbers, Run, Size
from visitor.app.bench.timing import middle
from visitor.core.actors import SYSTEM
from visitor.core.db import microseconds
from visitor.core.ids import new_id
from visitor.core.paging import Cursor, Page
from visitor.core.prepared import few_journeys
from visitor.core.work import Work
from visitor.logbook import operations, queries
from visitor.logbook.forms import LogForm
from visitor.logbook.places import Places
from visitor.sites import queries as sites
from visitor.sites.models import Site

VISITORS: Final = 400
TIMES: Final = 40
"""A query is run so often in one round."""
PAGES: Final = 16
"""A page is fetched so often in one round."""
ALL: Final = "SELECT * FROM access_event WHERE"
LAST: Final = "ORDER BY scanned_at DESC, id DESC LIMIT ?"
BARE: Final = "the same SQL by hand, rows as tuples"
FIRST: Final = "the first page"
SMALL: Final = "the product with few badges and an empty log"
HTML: Final = "HTML page of 50 with names, audited"
NAMED: Final = "50 rows with names, audited, without HTTP and HTML"
HOURS: Final = {
    True: "SELECT to_zone_id, scanned_at - (scanned_at - ?) % 3600000000 AS hour, count(*) FROM access_event",
    False: "SELECT to_zone_id, date_bin('1 hour', scanned_at, ?) AS hour, count(*) FROM access_event",
}


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is asked of the log, in the product's words and in SQL."""

    key: str
    title: str
    wanted: EventFilter
    where: str
    given: tuple[object, ...]
    address: dict[str, str]
    """The filters of the page."""
    cursor: Cursor | None = None


class Pages:
    """A log, and what is asked of it."""

    def __init__(self, log: Log, at: Path, seconds: float) -> None:
        self._log, self._at, self._seconds = log, at, seconds
        self._engine = log.runtime.engine
        self._cookie = stage.staff_cookie(log.runtime)
        self._port = log.runtime.settings.server.port

    def questions(self) -> list[Question]:
        """Return what is asked of the log as it is now."""
        log, span = self._log, (self._log.begins_at, self._log.ends_at)
        site, zone = log.stage.site_id, log.stage.zone_id
        deep = Cursor(log.begins_at + (log.ends_at - log.begins_at) / 10, new_id(log.begins_at))
        visit = log.visit_ids[0]
        plain, within = EventFilter(site, *span), "scanned_at >= ? AND scanned_at < ?"
        return [
            Question("newest", "Newest page", plain, f"site_id = ? AND {within}", (site, *span), {}),
            Question(
                "deep", "Page nine tenths down", plain, f"site_id = ? AND {within} AND (scanned_at, id) < (?, ?)",
                (site, span[0], deep.at + timedelta(microseconds=1), deep.at, deep.id), {"older": str(deep)}, deep,
            ),
            Question(
                "badge", "Newest of one badge", EventFilter(site, *span, badge_id=1), f"badge_id = ? AND {within}",
                (1, *span), {"badge": stage.badge_number(1)},
            ),
            Question(
                "visit", "Newest of one visitor", EventFilter(site, *span, visit_ids=(visit,)),
                f"visit_id = ? AND {within}", (visit, *span), {"words": people.name_of(0)},
            ),
            Question(
                "zone", "Newest of one zone", EventFilter(site, *span, zone_id=zone), f"to_zone_id = ? AND {within}",
                (zone, *span), {"zone": str(zone)},
            ),
            Question(
                "refused", "Newest refused for one reason", EventFilter(site, *span, reason=Reason.EXPIRED),
                f"site_id = ? AND {within} AND reason = ?", (site, *span, Reason.EXPIRED.value),
                {"reason": Reason.EXPIRED.value},
            ),
        ]  # fmt: skip

    def contest(self, question: Question) -> Contest:
        """Ask in the product's words, by its page, and by hand."""
        first = self.questions()[0]
        sides: dict[str, Run] = {
            PRODUCT: lambda: middle(partial(self._search, question), TIMES),
            NAMED: lambda: middle(partial(self._named, question), TIMES),
            HTML: partial(self._page, question),
            BARE: lambda: self._by_hand(f"{ALL} {question.where} {LAST}", question.given),
        }
        title, key = f"{question.title} of {self._log.count:,} events", f"log.{question.key}"
        pairs = [
            Beside(key, title, BARE, (P50,)),
            Beside(f"{key}.named", f"{title}: {NAMED}", BARE, (P50,), side=NAMED),
            Beside(f"{key}.page", f"{title}: {HTML}", BARE, (P50,), side=HTML),
        ]
        if question.key == "deep":
            sides[FIRST] = lambda: middle(partial(self._search, first), TIMES)
            pairs.append(Beside("log.deep.first", title, FIRST, (P50,)))
        return Contest(sides, pairs)

    def hours(self) -> Contest:
        """Count a day's scans by zone and hour."""
        log = self._log
        until = log.ends_at
        since = max(log.begins_at, until - timedelta(days=1))
        where = "WHERE site_id = ? AND granted AND scanned_at >= ? AND scanned_at < ? GROUP BY 1, 2 ORDER BY 2, 1"
        statement = f"{HOURS[log.runtime.embedded]} {where}"

        def count() -> None:
            with log.runtime.reading(SYSTEM) as work:
                assert access.zone_hours(work, log.stage.site_id, since, until)

        sides = {
            PRODUCT: lambda: middle(count, TIMES // 4),
            BARE: lambda: self._by_hand(statement, (since, log.stage.site_id, since, until), paged=False),
        }
        title = f"A day by zone and hour, of {log.count:,} events"
        return Contest(sides, [Beside("log.hours", title, BARE, (P50,))])

    def _search(self, question: Question) -> None:
        with self._log.runtime.reading(SYSTEM) as work:
            page = access.search(work, question.wanted, question.cursor)
        assert len(page.rows) == PAGE_ROWS, question.key

    def _named(self, question: Question) -> None:
        """Do what the page does but for finding out who asks, and writing HTML."""

        def read(work: Work) -> tuple[Site, Places, Page[LoggedEvent]]:
            site = next(one for one in sites.all_sites(work) if one.id == self._log.stage.site_id)
            return site, *queries.events(work, site, question.wanted, question.cursor)

        site, known, page = self._log.runtime.reading_elsewhere(SYSTEM, read).value
        with self._log.runtime.transaction(SYSTEM) as work, few_journeys(work.session):
            operations.record_search(work, site, LogForm(), len(page.rows))
            lines = queries.lines(work, known, page.rows)
        assert all(line.name for line in lines), question.key

    def _page(self, question: Question) -> Numbers:
        span = {"from": self._log.begins_at.isoformat(), "to": self._log.ends_at.isoformat()}
        address = f"/security/?{urlencode(span | question.address)}"
        packed = load.request("GET", address, {"Cookie": self._cookie, "Accept": "text/html"}, b"")
        return load.send(self._port, 1, self._seconds, [packed] * PAGES, self._at)

    def _by_hand(self, statement: str, given: tuple[object, ...], *, paged: bool = True) -> Numbers:
        connection = self._engine.raw_connection()
        wanted = tuple(native(value, embedded=self._log.runtime.embedded) for value in given)
        if paged:
            wanted += (PAGE_ROWS + 1,)
        if not self._log.runtime.embedded:
            statement = statement.replace("%", "%%").replace("?", "%s")
        try:
            cursor = connection.cursor()

            def read() -> None:
                cursor.execute(statement, wanted)
                assert cursor.fetchall()

            return middle(read, TIMES if paged else TIMES // 4)
        finally:
            connection.close()


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Let the log grow; at each size ask it, and at the last let doors scan in front of it."""
    with ExitStack() as opened:
        at = opened.enter_context(scratch.folder())
        runtime = opened.enter_context(scratch.installation(place, at / "large"))
        scanned = Doors(runtime, at, size.badges[1], size.seconds)
        visit_ids = people.add(runtime, scanned.stage, VISITORS)
        log = Log(runtime, scanned.stage, visit_ids, now())
        pages = Pages(log, at, size.seconds)
        for events in size.events:
            log.grow(events)
            with scratch.product(place, at / "large", scanned.port):
                for question in pages.questions():
                    yield pages.contest(question)
                yield pages.hours()
        small_runtime = opened.enter_context(scratch.installation(place, at / "small"))
        small = Doors(small_runtime, at, size.badges[0], size.seconds)
        opened.enter_context(scratch.product(place, at / "large", scanned.port))
        opened.enter_context(scratch.product(place, at / "small", small.port))
        yield _growth(scanned, small, log)


def _growth(large: Doors, small: Doors, log: Log) -> Contest:
    title = f"Scans with {large.badges:,} badges and {log.count:,} events, 8 connections"
    sides: dict[str, Run] = {PRODUCT: partial(large.send, 8), SMALL: partial(small.send, 8)}
    return Contest(sides, [Beside("log.growth", title, SMALL, (RATE, P99))])


def native(value: object, *, embedded: bool) -> object:
    """Return a value as the database's driver takes it."""
    if embedded and isinstance(value, UUID):
        return value.bytes
    if embedded and isinstance(value, datetime):
        return microseconds(value)
    return value

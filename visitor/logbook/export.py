"""The log as a CSV file, written while it is read. No transaction stays open while a slow reader takes the file."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from visitor.access import queries as access
from visitor.access.searching import EventFilter, LoggedEvent
from visitor.core.actors import Actor
from visitor.core.i18n import N_
from visitor.core.paging import Cursor, Page
from visitor.core.replica import Seen
from visitor.core.work import Runtime, Work
from visitor.logbook import queries
from visitor.logbook.places import Places, places_of
from visitor.logbook.queries import EventLine
from visitor.logbook.words import REASON_WORDS, age
from visitor.sites.models import Site

CHUNK: Final = 500
BYTE_ORDER_MARK: Final = "\ufeff"
"""Spreadsheets take a file without it for Latin-1."""
WATERMARK: Final = N_("Exported by %(name)s on %(time)s: %(count)s events of %(site)s. Confidential.")
HEADINGS: Final = (
    N_("Time"),
    N_("Received"),
    N_("Result"),
    N_("Reason"),
    N_("Access point"),
    N_("From zone"),
    N_("To zone"),
    N_("Badge"),
    N_("Decided offline"),
    N_("Event"),
)
NAME_HEADINGS: Final = (N_("Visitor"), N_("Company"))
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, slots=True)
class Export:
    """One export: what, for whom, in which words."""

    site: Site
    wanted: EventFilter
    count: int
    exporter: str
    at: datetime
    seen: Seen[object]
    """How old the events are; what is read later is not older."""
    with_names: bool
    say: Callable[..., str]
    """Translates a msgid; bound to the reader's language, as the request is over while rows are written."""


def safe_cell(value: object) -> str:
    """Return a cell's text so that no spreadsheet takes it for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in _FORMULA or text.lstrip()[:1] in _FORMULA else text


def rows(runtime: Runtime, actor: Actor, export: Export) -> Iterator[str]:
    """Yield the file: watermark, headings, events newest first, at most as many as were counted."""
    yield BYTE_ORDER_MARK + _text(_head(export))
    cursor, left = None, export.count
    while left > 0:
        lines, cursor = _chunk(runtime, actor, export, cursor, min(left, CHUNK))
        left -= len(lines)
        yield _text([_cells(export, line) for line in lines])
        if cursor is None:
            return


def _chunk(
    runtime: Runtime, actor: Actor, export: Export, cursor: Cursor | None, limit: int
) -> tuple[list[EventLine], Cursor | None]:
    """Read one chunk; opening names leaves an audit entry, so that is done in a writing transaction of its own."""

    def read(work: Work) -> tuple[Page[LoggedEvent], Places, list[EventLine]]:
        page = access.search(work, export.wanted, cursor, limit=limit)
        known = places_of(work, export.site)
        return page, known, [] if export.with_names else queries.lines(work, known, page.rows, with_names=False)

    page, known, lines = runtime.reading_elsewhere(actor, read, after=export.seen.place).value
    if export.with_names:
        with runtime.transaction(actor) as work:
            lines = queries.lines(work, known, page.rows)
    return lines, page.older


def _head(export: Export) -> list[Sequence[object]]:
    time = _local(export, export.at)
    mark = export.say(WATERMARK, name=export.exporter, time=time, count=export.count, site=export.site.name)
    first = [mark]
    if export.seen.elsewhere:
        message, values = age(export.seen, export.site.time_zone)
        first.append(export.say(message, **values))
    headings = HEADINGS + (NAME_HEADINGS if export.with_names else ())
    return [first, [export.say(heading) for heading in headings]]


def _cells(export: Export, line: EventLine) -> Sequence[object]:
    say = export.say
    cells: list[object] = [
        _local(export, line.scanned_at),
        _local(export, line.received_at),
        say(N_("Granted")) if line.granted else say(N_("Refused")),
        say(REASON_WORDS[line.reason]),
        line.access_point_name,
        line.from_zone,
        line.to_zone,
        line.badge_number,
        "" if line.offline_granted is None else say(N_("Granted")) if line.offline_granted else say(N_("Refused")),
        line.event_id,
    ]
    return cells + ([line.name, line.company] if export.with_names else [])


def _local(export: Export, at: datetime) -> str:
    return at.astimezone(ZoneInfo(export.site.time_zone)).isoformat(timespec="seconds")


def _text(table: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in table)
    return out.getvalue()

"""Searching the log: what is asked, the statement for each kind of question, and the events as rows."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from visitor.access.models import AccessEvent
from visitor.access.reasons import Reason
from visitor.badges.models import Badge
from visitor.core.db import Id, Instant
from visitor.core.many import among_given, many_given
from visitor.core.paging import Cursor, Page
from visitor.core.prepared import Convert, Prepared, Question, Row, readers

MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of one site. A field that is None does not matter; an empty collection finds nothing."""

    site_id: UUID
    from_at: datetime
    until_at: datetime
    access_point_id: UUID | None = None
    zone_id: UUID | None = None
    granted: bool | None = None
    reason: Reason | None = None
    badge_id: int | None = None
    visit_ids: Collection[UUID] | None = None


class LoggedEvent(NamedTuple):
    """One event as the log's pages show it; see `AccessEvent` for what each column means."""

    id: UUID
    site_id: UUID
    access_point_id: UUID
    from_zone_id: UUID | None
    to_zone_id: UUID | None
    badge_id: int | None
    visit_id: UUID | None
    granted: bool
    reason: Reason
    offline: bool
    offline_granted: bool | None
    scanned_at: datetime
    received_at: datetime
    clip_from_at: datetime | None
    clip_until_at: datetime | None
    camera_ids: Sequence[UUID]
    badge_number: str | None
    """None: no badge, or one that was erased."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What distinguishes the statements of two searches; values stand in places."""

    access_point: bool
    zone: bool
    granted: bool | None
    reason: bool
    badge: bool
    visits: bool
    beyond: bool
    """There is a cursor."""
    newer: bool


_AT: Final = Instant()
_ID: Final = Id()
_COLUMNS: Final = AccessEvent.__table__.c
_PLAIN: Final = tuple(_COLUMNS[name] for name in LoggedEvent._fields if name not in {"camera_ids", "badge_number"})
# As a text, which is alike in many rows and read once.
_CAMERAS: Final = sa.cast(_COLUMNS.camera_ids, sa.Text()).label("camera_ids")


def question(
    dialect: Dialect, wanted: EventFilter, cursor: Cursor | None, *, newer: bool, limit: int
) -> Question[Page[LoggedEvent]]:
    """Ask for one page of events, newest first: the first, or the one beyond `cursor` on its older or newer side."""
    narrowed = _narrowed(wanted, cursor, newer=newer)
    statement, converts = _statement(dialect, _shape(wanted, cursor, newer=newer))
    given: dict[str, Any] = {**values(dialect, narrowed), "rows": limit + 1}
    if cursor is not None:
        given |= {"cursor_at": cursor.at, "cursor_id": cursor.id}
    return Question(statement, given, partial(_page, converts, limit, beyond=cursor is not None, newer=newer))


def conditions(dialect: Dialect, wanted: EventFilter) -> Sequence[sa.ColumnElement[bool]]:
    """Return what fits the filter, with places for its `values`."""
    return tuple(_conditions(dialect, _shape(wanted, None, newer=False)))


def values(dialect: Dialect, wanted: EventFilter) -> dict[str, Any]:
    """Return the filter's values."""
    given: dict[str, Any] = {
        "site_id": wanted.site_id,
        "from_at": wanted.from_at,
        "until_at": wanted.until_at,
        "point_id": wanted.access_point_id,
        "zone_id": wanted.zone_id,
        "reason": wanted.reason,
        "badge_id": wanted.badge_id,
    }
    if wanted.visit_ids is not None:
        given |= many_given(dialect, "visit_ids", wanted.visit_ids)
    return given


def _shape(wanted: EventFilter, cursor: Cursor | None, *, newer: bool) -> _Shape:
    return _Shape(
        access_point=wanted.access_point_id is not None,
        zone=wanted.zone_id is not None,
        granted=wanted.granted,
        reason=wanted.reason is not None,
        badge=wanted.badge_id is not None,
        visits=wanted.visit_ids is not None,
        beyond=cursor is not None,
        newer=newer,
    )


@lru_cache(maxsize=512)
def _statement(dialect: Dialect, shape: _Shape) -> tuple[Prepared, Sequence[tuple[int, Convert]]]:
    """Put the statement together; there are few kinds, and the same ones are asked again and again."""
    place = sa.tuple_(_COLUMNS.scanned_at, _COLUMNS.id)
    rows = sa.select(*_PLAIN, _CAMERAS).where(*_conditions(dialect, shape))
    if shape.beyond:
        beyond = sa.tuple_(sa.bindparam("cursor_at", type_=_AT), sa.bindparam("cursor_id", type_=_ID))
        rows = rows.where(place > beyond if shape.newer else place < beyond)
    page = rows.order_by(*_order(_COLUMNS, newer=shape.newer)).limit(sa.bindparam("rows", type_=sa.Integer()))
    found = page.subquery("page")
    # Looked up for the rows of the page alone, one by one, whatever the database believes of either table.
    number = sa.select(Badge.number).where(Badge.id == found.c.badge_id).scalar_subquery()
    query = sa.select(*found.c, number).order_by(*_order(found.c, newer=shape.newer))
    of_plain = readers(_PLAIN, dialect)
    converts = [(place, convert) for place, convert in enumerate((*of_plain, _cameras)) if convert is not None]
    return Prepared(query, dialect), converts


def _order(columns: Any, *, newer: bool) -> Sequence[sa.ColumnElement[Any]]:  # noqa: ANN401  the library's collection
    place = (columns.scanned_at, columns.id)
    return place if newer else tuple(column.desc() for column in place)


def _conditions(dialect: Dialect, shape: _Shape) -> Iterator[sa.ColumnElement[bool]]:
    of = _COLUMNS
    yield of.site_id == sa.bindparam("site_id", type_=_ID)
    yield of.scanned_at >= sa.bindparam("from_at", type_=_AT)
    yield of.scanned_at < sa.bindparam("until_at", type_=_AT)
    if shape.access_point:
        yield of.access_point_id == sa.bindparam("point_id", type_=_ID)
    if shape.zone:
        zone_id = sa.bindparam("zone_id", type_=_ID)
        yield sa.or_(of.to_zone_id == zone_id, of.from_zone_id == zone_id)
    if shape.granted is not None:
        yield of.granted.is_(shape.granted)
    if shape.reason:
        yield of.reason == sa.bindparam("reason", type_=of.reason.type)
    if shape.badge:
        yield of.badge_id == sa.bindparam("badge_id", type_=sa.BigInteger())
    if shape.visits:
        yield among_given(dialect, of.visit_id, "visit_ids")


def _narrowed(wanted: EventFilter, cursor: Cursor | None, *, newer: bool) -> EventFilter:
    """Return the filter with its time range cut at the cursor.

    SQLite enters the index by the plain bound on the time, not by the pair of time and id: without this cut it would
    read everything between the end of the range and the page, so that each page is slower than the one before.
    """
    if cursor is None:
        return wanted
    if newer:
        return replace(wanted, from_at=max(wanted.from_at, cursor.at))
    return replace(wanted, until_at=min(wanted.until_at, cursor.at + MICROSECOND))


def _page(
    converts: Sequence[tuple[int, Any]], limit: int, found: Sequence[Row], *, beyond: bool, newer: bool
) -> Page[LoggedEvent]:
    rows: list[LoggedEvent] = []
    for row in found[:limit]:
        columns = list(row)
        for place, convert in converts:
            columns[place] = convert(columns[place])
        rows.append(LoggedEvent._make(columns))
    if newer:
        rows.reverse()
    more = len(found) > limit
    has_older = bool(rows) and (more or newer)
    has_newer = bool(rows) and (more if newer else beyond)
    return Page(
        rows,
        older=Cursor(rows[-1].scanned_at, rows[-1].id) if has_older else None,
        newer=Cursor(rows[0].scanned_at, rows[0].id) if has_newer else None,
    )


@lru_cache(maxsize=1_024)
def _cameras(text: str) -> tuple[UUID, ...]:
    return tuple(map(UUID, json.loads(text)))

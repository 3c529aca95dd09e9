"""The statements of the scan path: one that reads everything, and on PostgreSQL one that writes everything.

Both take a whole group of scans on PostgreSQL, where each statement is a journey to another process. On SQLite, where
it is a function call, scans are read and written one after the other.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from visitor.access.facts import (
    BadgeColumns,
    CoveringCamera,
    Found,
    Place,
    PlaceColumns,
    Situation,
    StoredColumns,
    place_of,
)
from visitor.access.lookup import ASKED, BADGE, CAMERA, DEVICE, PLACE, as_read, reading
from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.accounts.queries import KnownDevice
from visitor.core.db import Id, Instant, Model
from visitor.core.models import Job
from visitor.core.prepared import Convert, Prepared, begin, commit, converted, hurry, readers, round_trip
from visitor.ledger.models import LedgerEntry

Row = Mapping[str, Any]


_INTO_JOBS: Final = sa.insert(Job)
_INSIDE: Final = sa.select(sa.func.count()).where(Presence.zone_id == sa.bindparam("zone_id", type_=Id()))
_STORED: Final = (
    AccessEvent.id,
    AccessEvent.badge_id,
    AccessEvent.visit_id,
    AccessEvent.granted,
    AccessEvent.reason,
    AccessEvent.scanned_at,
    AccessEvent.received_at,
)
_DEVICE_END: Final = 1 + len(DEVICE)
_PLACE_END: Final = _DEVICE_END + len(PLACE)
_CAMERA_END: Final = _PLACE_END + len(CAMERA)
assert (len(PlaceColumns._fields), len(BadgeColumns._fields)) == (len(PLACE), len(BADGE))
assert len(StoredColumns._fields) == len(_STORED)


@dataclass(frozen=True, slots=True)
class Kept:
    """What one scan writes."""

    event: dict[str, Any]
    entry: dict[str, Any]
    """Of the ledger."""
    move: dict[str, Any] | None
    """Where the visitor is now, unless they were seen later; None: the scan moves nobody."""
    jobs: Sequence[dict[str, Any]]


def read(connection: sa.Connection, asked: Sequence[Row], turns: Sequence[int]) -> list[Found]:
    """Return what each scan finds, in the order of asking, once all turns were waited for (see `take_turns`)."""
    dialect = connection.dialect
    if dialect.name == "sqlite":
        statement = _one_by_one(dialect)
        return [_found(statement.run(connection, one), dialect, one) for one in asked]
    given = [{**one, "place": place} for place, one in enumerate(asked)]
    by_place: list[list[Sequence[Any]]] = [[] for _ in asked]
    wait, statement = _group_read(dialect)
    with round_trip(connection, several=True):
        begin(connection)
        wait.send(connection, {"turns": _json(sorted(set(turns)))})
        answer = statement.send(connection, {"asked": _json(given)})
    for row in answer.fetchall():
        by_place[row[0]].append(row)
    return [_found(rows, dialect, one) for rows, one in zip(by_place, asked, strict=True)]


def take_turns(connection: sa.Connection, turns: Sequence[int]) -> None:
    """Wait until no other transaction holds one of these numbers; on SQLite every writer waits anyway.

    They are taken in ascending order, so that two groups never wait for each other.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_TURNS, {"turns": _json(sorted(set(turns)))})


def occupancy(connection: sa.Connection, zone_id: UUID) -> int:
    """Return how many visits are in a zone just now."""
    return connection.execute(_INSIDE, {"zone_id": zone_id}).scalar_one()


def stored(connection: sa.Connection, event_id: UUID, scanned_at: datetime) -> StoredColumns | None:
    """Return an event that is known; None when it has expired.

    By itself, since few scans are sent twice: within the statement that reads, each scan would open all months.
    """
    event = (AccessEvent.id == event_id, AccessEvent.scanned_at == scanned_at)
    row = connection.execute(sa.select(*_STORED).where(*event)).one_or_none()
    return None if row is None else StoredColumns(*row)


def write(connection: sa.Connection, kept: Sequence[Kept], *, last: bool = False) -> Collection[UUID]:
    """Write events with all that follows from them; return the ids of those that were not stored before.

    `last`: nothing else belongs to the transaction, so on PostgreSQL its commit travels along.
    """
    dialect = connection.dialect
    if dialect.name == "sqlite":
        known, event, entry, move = _writes(dialect)
        for one in kept:
            known.run(connection, one.event | {"event_id": one.event["id"]})
            event.run(connection, one.event)
            entry.run(connection, one.entry)
            if one.move is not None:
                move.run(connection, one.move)
            if one.jobs:
                connection.execute(_INTO_JOBS, one.jobs)
        return [one.event["id"] for one in kept]
    scans = [_flat(one) for one in kept]
    work = [job | {"event_id": one.event["id"]} for one in kept for job in one.jobs]
    given = {"scans": _json(scans), "work": _json(work)}
    with round_trip(connection, several=True):
        hurry(connection)  # the turns may have been waited for
        stored = _group_write(dialect).send(connection, given)
        if last:
            commit(connection)
    return [row[0] for row in stored.fetchall()]


def _found(rows: Sequence[Sequence[Any]], dialect: Dialect, asked: Row) -> Found:
    """Read the rows of one scan: one for each camera, otherwise alike."""
    first = tuple(rows[0])
    device, place, badge = first[1:_DEVICE_END], first[_DEVICE_END:_PLACE_END], first[_CAMERA_END:]
    of_device, of_badge = _readers(dialect)
    known = None if device[0] is None else KnownDevice(*converted(device, of_device))
    if place[0] is None:
        return Found(known, None)
    cameras = tuple(tuple(row[_PLACE_END:_CAMERA_END]) for row in rows if row[_PLACE_END] is not None)
    copy = None if asked["next_copy"] is None else asked["next_copy"] - 1
    return Found(known, Situation(_place(dialect, place, cameras), BadgeColumns(*converted(badge, of_badge)), copy))


@lru_cache(maxsize=4_096)
def _place(dialect: Dialect, columns: tuple[Any, ...], cameras: tuple[tuple[Any, ...], ...]) -> Place:
    """Work a place out once for the same columns; they were read by the scan itself, so it can never be stale."""
    of_place, of_camera = readers(map(as_read, PLACE), dialect), readers(CAMERA, dialect)
    covering = [CoveringCamera(*converted(camera, of_camera)) for camera in cameras]
    return place_of(PlaceColumns(*converted(columns, of_place)), covering)


@cache
def _one_by_one(dialect: Dialect) -> Prepared:
    given = sa.select(*(sa.bindparam(name, type_=kind).label(name) for name, kind in ASKED.items()))
    return Prepared(reading(given.subquery("asked"), fenced=False), dialect)


@cache
def _readers(dialect: Dialect) -> tuple[tuple[Convert, ...], tuple[Convert, ...]]:
    return readers(DEVICE, dialect), readers(BADGE, dialect)


@cache
def _writes(dialect: Dialect) -> tuple[Prepared, ...]:
    fresh = sqlite.insert(Presence)
    newer = {name: fresh.excluded[name] for name in ("site_id", "zone_id", "since_at")}
    later = Presence.since_at <= fresh.excluded.since_at
    move = fresh.on_conflict_do_update(index_elements=["visit_id"], set_=newer, where=later)
    statements = (sa.insert(KnownScan), sa.insert(AccessEvent), sa.insert(LedgerEntry), move)
    return tuple(Prepared(statement, dialect) for statement in statements)


def _recordset(name: str, columns: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.FromClause:
    """Return rows that are sent as one JSON text: a parameter for each value of each row costs far more."""
    sent = sa.cast(sa.bindparam(name, type_=sa.Text()), postgresql.JSON())
    rows = sa.func.json_to_recordset(sent).table_valued(*(sa.column(key, kind) for key, kind in columns.items()))
    return rows.render_derived(name=name, with_types=True)


def _turns() -> sa.Select[Any]:
    """Wait for turns, and let the transaction's plans be made once for each connection, for tables that have grown.

    By itself PostgreSQL would make the plan of the big statement anew each time, as soon as one that was made while the
    tables were small seems cheaper; that takes longer than the scan.
    """
    setting = "set_config('{}', '{}', true)"  # until the transaction ends
    planned = sa.select(*(sa.literal_column(setting.format(*one)).label(one[0]) for one in _PLANNED)).subquery(
        "planned"
    )
    turn = sa.func.json_array_elements_text(sa.cast(sa.bindparam("turns", type_=sa.Text()), postgresql.JSON()))
    turns = turn.table_valued("turn").render_derived(name="turns")
    lock = sa.func.pg_advisory_xact_lock(sa.cast(turns.c.turn, sa.BigInteger()))
    return sa.select(lock).select_from(planned.outerjoin(turns, sa.true()))


_PLANNED: Final = (
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
)
_TURNS: Final = _turns()


@cache
def _group_read(dialect: Dialect) -> tuple[Prepared, Prepared]:
    return Prepared(_TURNS, dialect), Prepared(reading(_recordset("asked", ASKED), fenced=True), dialect)


@cache
def _group_write(dialect: Dialect) -> Prepared:
    """Build the one statement that writes a group."""
    of_event, of_entry = AccessEvent.__table__.c, LedgerEntry.__table__.c
    sent: dict[str, sa.types.TypeEngine[Any]] = {column.name: column.type for column in of_event}
    sent |= {f"entry_{column.name}": column.type for column in of_entry}
    scans = sa.select(_recordset("scans", sent | {"moves": sa.Boolean(), "since_at": Instant()})).cte("scan")
    known = (
        postgresql.insert(KnownScan)
        .from_select(
            ["access_point_id", "scan_id", "event_id", "scanned_at"],
            sa.select(scans.c.access_point_id, scans.c.scan_id, scans.c.id, scans.c.scanned_at),
        )
        .on_conflict_do_nothing()
        .returning(KnownScan.event_id)
        .cte("known")
    )
    new = sa.join(scans, known, known.c.event_id == scans.c.id)
    event = (
        postgresql.insert(AccessEvent)
        .from_select([c.name for c in of_event], sa.select(*(scans.c[c.name] for c in of_event)).select_from(new))
        .returning(AccessEvent.id)
        .cte("event")
    )
    stored = sa.join(scans, event, event.c.id == scans.c.id)
    entry = _copied(LedgerEntry, sa.select(*(scans.c[f"entry_{c.name}"] for c in of_entry)).select_from(stored))
    work = _recordset("work", {c.name: c.type for c in Job.__table__.c} | {"event_id": Id()})
    jobs = _copied(
        Job, sa.select(*(work.c[c.name] for c in Job.__table__.c)).join(event, event.c.id == work.c.event_id)
    )
    where = sa.select(scans.c.visit_id, scans.c.site_id, scans.c.to_zone_id, scans.c.since_at)
    move = postgresql.insert(Presence).from_select(
        ["visit_id", "site_id", "zone_id", "since_at"], where.select_from(stored).where(scans.c.moves)
    )
    newer = {name: move.excluded[name] for name in ("site_id", "zone_id", "since_at")}
    later = Presence.since_at <= move.excluded.since_at
    moved = move.on_conflict_do_update(index_elements=["visit_id"], set_=newer, where=later).cte("moved")
    return Prepared(sa.select(event.c.id).add_cte(entry, jobs, moved), dialect)


def _copied(table: type[Model], rows: sa.Select[*tuple[Any, ...]]) -> sa.CTE:
    names = [column.name for column in table.__table__.c]
    return sa.insert(table).from_select(names, rows, include_defaults=False).cte(table.__tablename__)


def _flat(kept: Kept) -> dict[str, Any]:
    """Return one scan as one row."""
    sent = kept.event | {f"entry_{name}": value for name, value in kept.entry.items()}
    return sent | {"moves": kept.move is not None, "since_at": None if kept.move is None else kept.move["since_at"]}


def _plain(value: object) -> str:
    """Return a value as PostgreSQL reads it in a text."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return value.isoformat() if isinstance(value, date) else str(value)


_json: Final = json.JSONEncoder(default=_plain).encode

"""Migration 0003 with rows in place, on both databases, there and back."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from tests import samples
from tests.real import postgres
from visitor.core import migrations
from visitor.core.db import Id, Instant, open_engine
from visitor.ledger.encoding import Leaf, day_number
from visitor.ledger.entries import EntryType, Log

NOW = datetime(2026, 11, 5, 8, 30, tzinfo=UTC)
MONTHS = (datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), NOW)
SITE, POINT = UUID(int=1), UUID(int=2)
OLD: tuple[sa.ColumnClause[Any], ...] = (
    sa.column("id", Id()),
    sa.column("subject_id", Id()),
    sa.column("site_id", Id()),
    sa.column("due_on", sa.Date()),
    sa.column("at", Instant()),
    *(sa.column(name) for name in ("log", "seq", "kind", "record_class", "commitment", "salt", "body")),
)
OLD_ENTRY = sa.table("ledger_entry", *OLD)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'visitor.db'}"
        opened = open_engine(url, samples.database_settings(url))
        yield opened
        opened.dispose()
        return
    with postgres.cluster() as cluster:
        url = cluster.create_database("visitor")
        opened = open_engine(url, samples.database_settings(url))
        yield opened
        opened.dispose()


def entry(number: int, kind: EntryType, at: datetime, seq: int | None, *, erased: bool = False) -> dict[str, Any]:
    salt, body = hashlib.sha256(bytes([number])).digest(), b"\0\1\0\0\0\1" + bytes([number])
    log = Log.ACCESS if kind is EntryType.ACCESS_EVENT else Log.AUDIT
    return {
        "id": UUID(int=100 + number),
        "subject_id": None if erased else UUID(int=100 + number),
        "site_id": None if erased else SITE,
        "due_on": date(9999, 12, 31) if kind.permanent else date(2026, 12, 1),
        "at": at,
        "log": int(log),
        "seq": seq,
        "kind": int(kind),
        "record_class": 5 if kind.permanent else 3,
        "commitment": hmac.digest(salt, b"vbl1/payload\0" + body, "sha256"),
        "salt": None if erased else salt,
        "body": None if erased else body,
    }


def filled(engine: Engine) -> list[dict[str, Any]]:
    """Three scans, the first of them erased; an audit entry, bookkeeping, and one without a number."""
    migrations.upgrade(engine, "0002")
    events = [{"id": UUID(int=100 + n), "scan": UUID(int=50 + n), "at": at} for n, at in enumerate(MONTHS)]
    entries = [
        entry(0, EntryType.ACCESS_EVENT, MONTHS[0], 0, erased=True),
        entry(1, EntryType.ACCESS_EVENT, MONTHS[1] + timedelta(days=40), 1),
        entry(2, EntryType.ACCESS_EVENT, MONTHS[2], None),
        entry(3, EntryType.AUDIT, MONTHS[1], 0),
        entry(4, EntryType.RULE, NOW, 1),
    ]
    table = sa.table(
        "access_event",
        *(sa.column(n, Id()) for n in ("id", "site_id", "access_point_id", "scan_id", "device_id")),
        *(sa.column(n, Instant()) for n in ("scanned_at", "received_at")),
        sa.column("granted", sa.Boolean()),
        sa.column("offline", sa.Boolean()),
        sa.column("reason"),
        sa.column("camera_ids", sa.JSON()),
    )
    row = {"site_id": SITE, "access_point_id": POINT, "device_id": SITE, "granted": True, "offline": False}
    row |= {"reason": "granted", "camera_ids": []}
    with engine.begin() as connection:
        for event in events:
            times = {"scanned_at": event["at"], "received_at": event["at"]}
            connection.execute(sa.insert(table), row | times | {"id": event["id"], "scan_id": event["scan"]})
        connection.execute(sa.insert(OLD_ENTRY), entries)
    return entries


def read(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def test_leaves_are_moved_and_erased_bodies_leave_no_row(engine: Engine) -> None:
    entries = filled(engine)

    migrations.upgrade(engine, "0003")

    kept = {(row[0], row[1]): bytes(row[2]) for row in read(engine, "SELECT log, seq, leaf FROM ledger_leaf")}
    assert kept == {
        (one["log"], one["seq"]): Leaf(
            one["log"],
            one["kind"],
            one["seq"],
            day_number(one["due_on"]),
            one["record_class"],
            one["commitment"],
        ).to_bytes()
        for one in entries
        if one["seq"] is not None
    }
    assert read(engine, "SELECT log, seq, kind FROM ledger_entry ORDER BY log, kind, seq IS NULL, seq") == [
        (1, 1, 16), (1, None, 16), (2, 0, 32), (2, 1, 49),
    ]  # fmt: skip
    assert read(engine, "SELECT count(*) FROM known_scan k JOIN access_event e ON e.id = k.event_id") == [(3,)]


def test_a_scans_entry_lies_in_the_month_of_its_event(engine: Engine) -> None:
    filled(engine)

    migrations.upgrade(engine, "0003")

    both = "SELECT count(*) FROM ledger_entry l JOIN access_event e ON e.id = l.id AND e.scanned_at = l.at"
    assert read(engine, both) == [(2,)]
    if engine.dialect.name == "postgresql":
        where = "SELECT tableoid::regclass::text FROM access_event ORDER BY scanned_at"
        assert read(engine, where) == [
            ("access_event_2026_01",), ("access_event_2026_02",), ("access_event_2026_11",),
        ]  # fmt: skip


def test_going_back_puts_everything_back(engine: Engine) -> None:
    entries = filled(engine)
    migrations.upgrade(engine, "0003")

    migrations.downgrade(engine, "0002")

    with engine.connect() as connection:
        rows = {(row.log, row.seq): row._asdict() for row in connection.execute(sa.select(OLD_ENTRY))}
    told = ("kind", "record_class", "due_on", "commitment", "salt", "body", "site_id")
    for one in entries:
        back = rows[(one["log"], one["seq"])]
        assert {name: back[name] for name in told} == {name: one[name] for name in told}
    assert read(engine, "SELECT count(*), count(DISTINCT scan_id) FROM access_event") == [(3, 3)]
    migrations.upgrade(engine, "0003")
    assert read(engine, "SELECT count(*) FROM ledger_leaf") == [(4,)]


@pytest.mark.parametrize("engine", [pytest.param("postgresql", marks=pytest.mark.real)], indirect=True)
def test_a_fresh_database_has_the_months_to_come(engine: Engine) -> None:
    migrations.upgrade(engine, "0003")

    parts = [row[0] for row in read(engine, "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")]
    for parent in ("access_event", "ledger_entry_access", "ledger_entry_audit"):
        assert len([name for name in parts if str(name).startswith(f"{parent}_2")]) == 4
        assert f"{parent}_rest" in parts

"""Leaves of the ledger in a table of their own; events and bodies in partitions of one month on PostgreSQL.

A leaf stays for ever and holds nothing personal; a body that is erased is now a row that is gone. On PostgreSQL a whole
month can go at once. A partitioned table can only promise unique rows together with the column that it is cut by, so
`known_scan`, which is whole, promises that a scan is stored once.

Imports no models: what tables were then must not change with what they are now.
"""

import hmac
import struct
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
LEAF = struct.Struct(">4sBBHQIH32s")
EPOCH = date(1970, 1, 1)
AHEAD = 3
"""Months that are made beyond the present one; the product goes on making them."""
MOST = 240
"""Rows of a clock that was wrong by decades go where rows without a month go."""
BATCH = 2_000
ACCESS, AUDIT = 16, 32

EVENT_COLUMNS = (
    "id, site_id, access_point_id, scan_id, device_id, from_zone_id, to_zone_id, badge_id, badge_copy, visit_id, granted,"
    " reason, offline, offline_granted, scanned_at, received_at, camera_ids, clip_from_at, clip_until_at"
)
ENTRY_COLUMNS = "id, log, seq, kind, record_class, due_on, salt, body, subject_id, site_id"
SUBJECT = f"CASE WHEN kind = {ACCESS} THEN NULL ELSE subject_id END"
"""Entries of scans need no second copy of their id."""
EVENT_INDEXES = {
    "ix_access_event_badge_at": ["badge_id", "scanned_at", "id"],
    "ix_access_event_point_at": ["access_point_id", "scanned_at", "id"],
    "ix_access_event_reason_at": ["site_id", "reason", "scanned_at", "id"],
    "ix_access_event_site_at": ["site_id", "scanned_at", "id"],
    "ix_access_event_visit_at": ["visit_id", "scanned_at", "id"],
    "ix_access_event_zone_at": ["to_zone_id", "scanned_at", "id"],
}


def upgrade() -> None:
    """Move the leaves, then cut the tables."""
    _make_leaves()
    _set_aside("ledger_entry", ["ix_ledger_entry_due", "ix_ledger_entry_subject"])
    _make_entries(cut=_on_postgresql())
    event = "(SELECT e.scanned_at FROM access_event e WHERE e.id = o.id)"
    op.execute(
        f"INSERT INTO ledger_entry ({ENTRY_COLUMNS}, at) SELECT {ENTRY_COLUMNS.replace('subject_id', SUBJECT)},"  # noqa: S608  constants of this file
        f" CASE WHEN kind = {ACCESS} THEN COALESCE({event}, at) ELSE at END FROM ledger_entry_old o WHERE body IS NOT NULL"
    )
    op.drop_table("ledger_entry_old")
    _index_entries()
    _make_known_scans()
    _set_aside("access_event", list(EVENT_INDEXES))
    _make_events(cut=_on_postgresql())
    op.execute(f"INSERT INTO access_event ({EVENT_COLUMNS}) SELECT {EVENT_COLUMNS} FROM access_event_old")  # noqa: S608  constants of this file
    op.drop_table("access_event_old")
    _index_events()


def downgrade() -> None:
    """Put leaves and bodies back into one table, and months into one."""
    _set_aside("access_event", list(EVENT_INDEXES))
    _make_events(cut=False, unique=True)
    op.execute(f"INSERT INTO access_event ({EVENT_COLUMNS}) SELECT {EVENT_COLUMNS} FROM access_event_old")  # noqa: S608  constants of this file
    op.drop_table("access_event_old")
    _index_events()
    op.drop_table("known_scan")
    _set_aside("ledger_entry", ["ix_ledger_entry_due", "ix_ledger_entry_subject", "ix_ledger_entry_seq"])
    _make_whole_entries()
    _put_leaves_back()
    op.drop_table("ledger_entry_old")
    op.drop_table("ledger_leaf")
    op.create_index("ix_ledger_entry_due", "ledger_entry", ["log", "due_on"], unique=False)
    op.create_index("ix_ledger_entry_subject", "ledger_entry", ["subject_id", "log"], unique=False)


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _set_aside(table: str, indexes: list[str]) -> None:
    """Rename a table, so that its successor can have its name and those of its indexes."""
    for name in indexes:
        op.drop_index(name, table_name=table)
    op.rename_table(table, f"{table}_old")
    if _on_postgresql():
        op.execute(f"ALTER TABLE {table}_old RENAME CONSTRAINT pk_{table} TO pk_{table}_old")


# --- the ledger ------------------------------------------------------------------------------------------------------


def _make_leaves() -> None:
    leaf = op.create_table(
        "ledger_leaf",
        sa.Column("log", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "seq", name=op.f("pk_ledger_leaf")),
        sqlite_with_rowid=False,
    )
    old = sa.table(
        "ledger_entry",
        *(sa.column(name) for name in ("log", "seq", "kind", "record_class", "commitment")),
        sa.column("due_on", sa.Date()),
    )
    for rows in _pages(old, [old.c.log, old.c.seq, old.c.kind, old.c.record_class, old.c.due_on, old.c.commitment]):
        leaves = [{"log": row.log, "seq": row.seq, "leaf": _leaf(row)} for row in rows]
        op.get_bind().execute(sa.insert(leaf), leaves)


def _leaf(row: sa.Row[tuple[int, ...]]) -> bytes:
    """Return the leaf; of columns that somebody changed to what no leaf can hold, zeros, which fail every check."""
    try:
        days = (row.due_on - EPOCH).days
        return LEAF.pack(b"VBL1", 1, row.log, row.kind, row.seq, days, row.record_class, row.commitment)
    except struct.error:
        return bytes(LEAF.size)


def _pages(table: sa.TableClause, columns: list[sa.ColumnClause[int]]) -> Iterator[list[sa.Row[tuple[int, ...]]]]:
    """Yield the numbered rows of a table in order, some at a time."""
    for log in op.get_bind().scalars(sa.select(table.c.log).distinct()).all():
        last = None
        while True:
            query = sa.select(*columns).where(table.c.log == log, table.c.seq.is_not(None))
            if last is not None:
                query = query.where(table.c.seq > last)
            rows = list(op.get_bind().execute(query.order_by(table.c.seq).limit(BATCH)))
            if not rows:
                break
            last = rows[-1].seq
            yield rows


def _entry_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", ID, nullable=False),
        sa.Column("log", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.BigInteger(), nullable=False),
        sa.Column("record_class", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("site_id", ID, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
    ]


def _make_entries(*, cut: bool) -> None:
    key = ["id", "kind", "at"] if cut else ["id"]
    options = {"postgresql_partition_by": "LIST (kind)"} if cut else {}
    op.create_table(
        "ledger_entry", *_entry_columns(), sa.PrimaryKeyConstraint(*key, name=op.f("pk_ledger_entry")), **options
    )
    if not cut:
        return
    for name, kind in (("access", ACCESS), ("audit", AUDIT)):
        part = f"ledger_entry_{name}"
        op.execute(f"CREATE TABLE {part} PARTITION OF ledger_entry FOR VALUES IN ({kind}) PARTITION BY RANGE (at)")
        _make_months(part, f"SELECT min(at) FROM ledger_entry_old WHERE kind = {kind} AND body IS NOT NULL")  # noqa: S608  constants of this file
    op.execute("CREATE TABLE ledger_entry_kept PARTITION OF ledger_entry DEFAULT")


def _index_entries() -> None:
    op.create_index("ix_ledger_entry_seq", "ledger_entry", ["log", "seq"], unique=False)
    for name, column, where in (
        ("ix_ledger_entry_due", "due_on", f"kind = {AUDIT}"),
        ("ix_ledger_entry_subject", "subject_id", "subject_id IS NOT NULL"),
    ):
        op.create_index(
            name, "ledger_entry", [column], unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def _make_whole_entries() -> None:
    columns = {column.name: column for column in _entry_columns()}
    columns["salt"].nullable = columns["body"].nullable = True
    commitment = sa.Column("commitment", sa.LargeBinary(), nullable=False)
    op.create_table(
        "ledger_entry",
        *columns.values(),
        commitment,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("log", "seq", name=op.f("uq_ledger_entry_log_seq")),
    )


def _put_leaves_back() -> None:
    """Number the bodies again, and put a bare row where there is none."""
    leaf = sa.table("ledger_leaf", *(sa.column(name) for name in ("log", "seq", "leaf")))
    old, whole = _bodies("ledger_entry_old"), _bodies("ledger_entry", sa.column("commitment"))
    bind = op.get_bind()
    for leaves in _pages(leaf, [leaf.c.log, leaf.c.seq, leaf.c.leaf]):
        numbers = old.c.seq.between(leaves[0].seq, leaves[-1].seq)
        there = {
            row.seq: row._asdict() for row in bind.execute(sa.select(old).where(old.c.log == leaves[0].log, numbers))
        }
        bind.execute(sa.insert(whole), [_whole(row, there.get(row.seq, {})) for row in leaves])
    waiting = [row._asdict() for row in bind.execute(sa.select(old).where(old.c.seq.is_(None)))]
    for row in waiting:
        row["commitment"] = hmac.digest(row["salt"], b"vbl1/payload\0" + row["body"], "sha256")
    if waiting:
        bind.execute(sa.insert(whole), waiting)


def _bodies(name: str, *more: sa.ColumnClause[object]) -> sa.TableClause:
    plain = [sa.column(each) for each in ("log", "seq", "kind", "record_class", "salt", "body")]
    ids = [sa.column(each, ID) for each in ("id", "subject_id", "site_id")]
    return sa.table(name, *plain, *ids, sa.column("due_on", sa.Date()), sa.column("at", INSTANT), *more)


def _whole(leaf: sa.Row[tuple[int, ...]], body: dict[str, object]) -> dict[str, object]:
    """Return the row of one leaf: what stands in the leaf, and the rest of its body where there is one."""
    _, _, _, kind, _, due_day, record_class, commitment = LEAF.unpack(leaf.leaf)
    due_on = date.fromordinal(min(EPOCH.toordinal() + due_day, date.max.toordinal()))
    at = datetime.combine(due_on, time(), UTC)
    if not _on_postgresql():
        at = int(at.timestamp()) * 1_000_000
    bare = {"id": uuid.uuid4() if _on_postgresql() else uuid.uuid4().bytes, "salt": None, "body": None, "at": at}
    row = bare | {"subject_id": None, "site_id": None} | body
    told = {"log": leaf.log, "seq": leaf.seq, "kind": kind, "record_class": record_class, "due_on": due_on}
    return row | told | {"commitment": commitment}


# --- events and months -----------------------------------------------------------------------------------------------


def _make_known_scans() -> None:
    op.create_table(
        "known_scan",
        sa.Column("access_point_id", ID, nullable=False),
        sa.Column("scan_id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("scanned_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("access_point_id", "scan_id", name=op.f("pk_known_scan")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO known_scan (access_point_id, scan_id, event_id, scanned_at)"
        " SELECT access_point_id, scan_id, id, scanned_at FROM access_event"
    )
    if _on_postgresql():
        # Finds the keys of a month that is gone; costs a scan next to nothing.
        op.execute("CREATE INDEX ix_known_scan_at ON known_scan USING brin (scanned_at) WITH (pages_per_range = 32)")


def _make_events(*, cut: bool, unique: bool = False) -> None:
    name = op.f("uq_access_event_access_point_id_scan_id")
    constraints = [sa.UniqueConstraint("access_point_id", "scan_id", name=name)] if unique else []
    options = {"postgresql_partition_by": "RANGE (scanned_at)"} if cut else {}
    op.create_table(
        "access_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("access_point_id", ID, nullable=False),
        sa.Column("scan_id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("from_zone_id", ID, nullable=True),
        sa.Column("to_zone_id", ID, nullable=True),
        sa.Column("badge_id", sa.BigInteger(), nullable=True),
        sa.Column("badge_copy", sa.BigInteger(), nullable=True),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("offline_granted", sa.Boolean(), nullable=True),
        sa.Column("scanned_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("camera_ids", sa.JSON(), nullable=False),
        sa.Column("clip_from_at", INSTANT, nullable=True),
        sa.Column("clip_until_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint(*(["id", "scanned_at"] if cut else ["id"]), name=op.f("pk_access_event")),
        *constraints,
        **options,
    )
    if cut:
        _make_months("access_event", "SELECT min(scanned_at) FROM access_event_old")


def _index_events() -> None:
    for name, columns in EVENT_INDEXES.items():
        op.create_index(name, "access_event", columns, unique=False)


def _make_months(table: str, oldest: str) -> None:
    """Make a partition for each month from the oldest row to some beyond today, and one for all other times."""
    now, first = op.get_bind().execute(sa.text(f"SELECT now(), ({oldest})")).one()
    last = now.year * 12 + now.month - 1
    begin = last if first is None else max(last - MOST, first.year * 12 + first.month - 1)
    for number in range(min(begin, last), last + AHEAD + 1):
        low, high = (f"{each // 12:04}-{each % 12 + 1:02}-01 00:00:00+00" for each in (number, number + 1))
        name = f"{table}_{number // 12:04}_{number % 12 + 1:02}"
        op.execute(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{low}') TO ('{high}')")
    op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")

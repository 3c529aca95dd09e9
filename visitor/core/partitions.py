"""Partitions of one month each on PostgreSQL: made ahead, listed, and taken away.

A partitioned table has one partition a month, named `<table>_2026_03`, and `<table>_rest` for every other time, so that
an insert never fails for want of a month. Months are those of UTC. On SQLite tables are whole and nothing here does
anything.
"""

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from uuid import UUID

import sqlalchemy as sa
import structlog

from visitor.core.actors import SYSTEM
from visitor.core.errors import Unavailable
from visitor.core.work import Runtime, Work

AHEAD: Final = 3
"""Months that stand ready beyond the present one."""
SOON: Final = timedelta(hours=1)
"""Doors whose clocks are ahead write into the next month before it begins."""
LOCK_WAIT: Final = "100ms"
"""So long a door waits at worst behind a lock of a whole table that is asked for and not given."""
LOCK_TRIES: Final = 25
LOCK_PAUSE_SECONDS: Final = 0.2
_UPKEEP_LOCK: Final = 0x6D6F_6E74_6873
"""PostgreSQL advisory lock number: "months" in ASCII."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One month in UTC."""

    year: int
    number: int
    """1 to 12."""

    @classmethod
    def of(cls, at: datetime) -> Self:
        """Return the month of an instant."""
        there = at.astimezone(UTC)
        return cls(there.year, there.month)

    @classmethod
    def read(cls, key: UUID) -> Self:
        """Return the month that `key` stands for."""
        return cls(*divmod(key.int, 100))

    @property
    def key(self) -> UUID:
        """An id, for places that hold ids of rows: the digits of year and month."""
        return UUID(int=self.year * 100 + self.number)

    @property
    def begins_at(self) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.after(1).begins_at

    def after(self, months: int) -> "Month":
        """Return the month that comes so many months later."""
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1)

    def within(self, table: str) -> str:
        """Return the name of this month's partition of a table."""
        return f"{table}_{self.year:04}_{self.number:02}"


@dataclass(frozen=True, slots=True)
class Cut:
    """A partitioned table, and the column by which it is cut."""

    table: str
    column: str

    @property
    def rest(self) -> str:
        """The partition for times without a month."""
        return f"{self.table}_rest"


@dataclass(frozen=True, slots=True)
class Outlook:
    """How far the months of all tables reach."""

    ahead: int
    """Months beyond the present one that every table has."""
    rest_rows: bool
    """Rows of the present month or later lie in a rest: their month was not there in time."""


def present(work: Work, cut: Cut) -> list[Month]:
    """Return the months of a table, the oldest first."""
    if work.runtime.embedded:
        return []
    query = sa.text(
        "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = oid WHERE inhparent = CAST(:table AS regclass)"
    )
    names = work.session.scalars(query, {"table": cut.table})
    found = (re.fullmatch(rf"{cut.table}_(\d{{4}})_(\d{{2}})", name) for name in names)
    return sorted(Month(int(match[1]), int(match[2])) for match in found if match)


def outlook(work: Work, cuts: tuple[Cut, ...]) -> Outlook:
    """Tell how many months are ready."""
    now = Month.of(work.now)
    ahead, rest = AHEAD, False
    for cut in cuts:
        there = set(present(work, cut))
        ahead = min(ahead, next((n - 1 for n in range(1, AHEAD + 1) if now.after(n) not in there), AHEAD))
        query = f"SELECT EXISTS (SELECT 1 FROM {cut.rest} WHERE {cut.column} >= :at)"  # noqa: S608  constants of this product
        rest = rest or bool(work.session.scalar(sa.text(query), {"at": now.begins_at}))
    return Outlook(ahead, rest)


def make_ahead(runtime: Runtime, cuts: tuple[Cut, ...]) -> int:
    """Make the months to come that are missing; return how many were made.

    A month that has begun is never made: a row that was on its way into the rest would be refused. What could not be
    made now is left for the next time.
    """
    if runtime.embedded:
        return 0
    made = 0
    for cut in cuts:
        with runtime.reading(SYSTEM) as work:
            there, now = set(present(work, cut)), Month.of(work.now + SOON)
        made += sum(
            _made(runtime, cut, now.after(number)) for number in range(1, AHEAD + 1) if now.after(number) not in there
        )
    return made


def _made(runtime: Runtime, cut: Cut, month: Month) -> bool:
    """Make one month beside its table and attach it; scans wait for a moment at most."""
    name = month.within(cut.table)
    bounds = f"FROM ('{month.begins_at.isoformat()}') TO ('{month.ends_at.isoformat()}')"
    try:
        with runtime.transaction(SYSTEM) as work:
            work.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPKEEP_LOCK)))
            if month in present(work, cut):
                return False
            run = work.session.connection().exec_driver_sql
            run(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            run(f"CREATE TABLE {name} (LIKE {cut.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)")
            run(f"ALTER TABLE {cut.table} ATTACH PARTITION {name} FOR VALUES {bounds}")
    except (Unavailable, sa.exc.OperationalError, sa.exc.IntegrityError) as fault:
        log.warning("partitions.not_made", table=cut.table, fault=type(getattr(fault, "orig", fault)).__name__)
        return False
    return True


@contextmanager
def by_index(work: Work) -> Generator[None]:
    """Let PostgreSQL read an index meanwhile where there is one.

    It takes an index that has all that is asked for to be dearer than the rows, which are four times as many bytes; and
    it expects to find soon, from the beginning, what is not there at all.
    """
    connection = work.session.connection()
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    yield
    connection.exec_driver_sql("SET LOCAL enable_seqscan TO DEFAULT")


def refresh(work: Work, index: str) -> None:
    """Let an index of block ranges learn of rows that came since the last VACUUM: they would be read each time.

    While somebody else is about it, the index stays as it is.
    """
    try:
        with work.session.begin_nested():
            run = work.session.connection().exec_driver_sql
            run(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            run("SELECT brin_summarize_new_values(%s)", (index,))
    except sa.exc.OperationalError:
        log.info("partitions.index_as_it_is", index=index)


def keep_writers_out(work: Work, cuts: tuple[Cut, ...], month: Month) -> None:
    """Let nobody write into one month until this transaction ends; other months go on."""
    names = ", ".join(month.within(cut.table) for cut in cuts)
    run = work.session.connection().exec_driver_sql
    run(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
    run(f"LOCK TABLE {names} IN SHARE MODE")


def take_alone(work: Work, cuts: tuple[Cut, ...]) -> None:
    """Take the tables for a moment, so that months can be taken away; what has waited for too long asks again.

    Raises:
        OperationalError: somebody reads in them all the time.
    """
    names = ", ".join(f"ONLY {cut.table}, ONLY {cut.rest}" for cut in cuts)
    for tried in range(LOCK_TRIES):
        try:
            with work.session.begin_nested():
                work.session.connection().exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
                return
        except sa.exc.OperationalError:
            if tried == LOCK_TRIES - 1:
                raise
        time.sleep(LOCK_PAUSE_SECONDS)


def drop(work: Work, cuts: tuple[Cut, ...], month: Month) -> None:
    """Take one month away with everything in it; the files go when the transaction commits."""
    names = ", ".join(month.within(cut.table) for cut in cuts)
    work.session.connection().exec_driver_sql(f"DROP TABLE {names}")

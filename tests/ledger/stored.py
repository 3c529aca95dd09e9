"""Entries in the real database, and both checks of it."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from tests.ledger.sample import ScriptAnswer, run_script, unpack
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime, Work
from visitor.ledger import export, operations, queries
from visitor.ledger.entries import AccessFact, EraseReason, Log, RecordClass
from visitor.ledger.models import LedgerEntry
from visitor.ledger.queries import LedgerReport

DUE = date(2026, 3, 1)
"""The day before tests happen: may be erased without an order."""
LATER = date(2026, 4, 1)
SITE, POINT = UUID(int=1), UUID(int=2)


def scan(work: Work, due_on: date = DUE) -> UUID:
    """Append one access event; return its id."""
    fact = AccessFact(work.new_id(), SITE, POINT, "granted", True, work.now, work.now, visit_id=uuid4())
    operations.record_access(work, fact, due_on)
    return fact.event_id


def scans(runtime: Runtime, count: int) -> list[UUID]:
    with runtime.transaction(SYSTEM) as work:
        return [scan(work) for _ in range(count)]


def erase(work: Work, event_ids: Iterable[UUID], order: str | None = None) -> int:
    ids = list(event_ids)
    return operations.erase(work, Log.ACCESS, ids, EraseReason.DUE, RecordClass.ACCESS_EVENT, order)


class Killed(Exception):
    """The process died here."""


@contextmanager
def dying(runtime: Runtime) -> Iterator[Work]:
    """A transaction whose process dies before it commits."""
    with suppress(Killed), runtime.transaction(SYSTEM) as work:
        yield work
        raise Killed


def sign(runtime: Runtime) -> list[str]:
    with runtime.transaction(SYSTEM) as work:
        return operations.checkpoint(work)


def numbers(runtime: Runtime, log: Log = Log.ACCESS) -> list[int | None]:
    """Return the numbers of the entries that have a body."""
    with runtime.reading(SYSTEM) as work:
        query = sa.select(LedgerEntry.seq).where(LedgerEntry.log == log).order_by(LedgerEntry.seq)
        return list(work.session.scalars(query))


@dataclass(frozen=True)
class BothChecks:
    """What the product and the exported script say of one database."""

    report: LedgerReport
    script: ScriptAnswer

    @property
    def verdicts(self) -> tuple[int, int]:
        return int(self.report.verdict), self.script.code


def check(runtime: Runtime, to: Path) -> BothChecks:
    """Check the database as it is, and its export with the script inside it."""
    with runtime.reading(SYSTEM) as work:
        return check_within(work, to)


def check_within(work: Work, to: Path) -> BothChecks:
    """Check what one transaction sees."""
    report = queries.verify(work)
    target = io.BytesIO()
    export.write(work, target)
    to.mkdir(exist_ok=True)
    return BothChecks(report, run_script(unpack(target.getvalue(), to) / "verify.py", "--json"))

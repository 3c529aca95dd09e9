"""Writing to and verifying the ledger, beside plain inserts and plain SHA-256 of the same bytes."""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from visitor.app.bench import scratch
from visitor.app.bench.rounds import Contest, Numbers, Size
from visitor.app.bench.timing import once
from visitor.core.actors import SYSTEM
from visitor.core.clock import SystemClock
from visitor.core.work import Runtime, Work
from visitor.ledger import operations, queries
from visitor.ledger.audit import Verdict
from visitor.ledger.entries import AccessFact
from visitor.ledger.models import LedgerEntry

GROUP: Final = 8
"""Entries in one commit: as many doors report at the same time."""


class Log:
    """A ledger, and a bare table beside it."""

    def __init__(self, runtime: Runtime, size: Size) -> None:
        self._runtime = runtime
        self._groups = max(20, size.visits)
        with runtime.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE bare_entry (id BLOB PRIMARY KEY, body BLOB)"))

    def append(self) -> Numbers:
        """Write entries in commits of eight, then number and sign them as the sequencer does."""
        return once(self._append, self._groups * GROUP)

    def bare_append(self) -> Numbers:
        """Write the same bytes in commits of eight."""
        return once(self._bare_append, self._groups * GROUP)

    def verify(self) -> Numbers:
        """Check every entry of the log."""
        with self._runtime.reading(SYSTEM) as work:
            return once(lambda: self._verified(work), self._count(work))

    def bare_verify(self) -> Numbers:
        """Read every entry and hash its bytes once."""
        with self._runtime.reading(SYSTEM) as work:
            return once(lambda: self._hashed(work), self._count(work))

    def _append(self) -> None:
        for _ in range(self._groups):
            with self._runtime.transaction(SYSTEM) as work:
                rows = [operations.access_entry(fact := _fact(work), fact.scanned_at.date()) for _ in range(GROUP)]
                work.session.connection().execute(sa.insert(LedgerEntry), rows)
        with self._runtime.transaction(SYSTEM) as work:
            operations.checkpoint(work)

    def _bare_append(self) -> None:
        now = SystemClock().now()
        connection = self._runtime.engine.raw_connection()
        try:
            cursor = connection.cursor()
            for _ in range(self._groups):
                cursor.execute("BEGIN IMMEDIATE")
                rows = [(uuid4().bytes, f"{uuid4()}{now.isoformat()}".encode() * 3) for _ in range(GROUP)]
                cursor.executemany("INSERT INTO bare_entry VALUES (?, ?)", rows)
                cursor.execute("COMMIT")
        finally:
            connection.close()

    def _count(self, work: Work) -> int:
        return work.session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) or 0

    def _verified(self, work: Work) -> None:
        assert queries.verify(work).verdict is Verdict.GOOD

    def _hashed(self, work: Work) -> None:
        columns = (LedgerEntry.salt, LedgerEntry.body)
        for salt, body in work.session.execute(sa.select(*columns).order_by(LedgerEntry.log, LedgerEntry.seq)):
            hashlib.sha256((salt or b"") + (body or b"")).digest()


@contextmanager
def prepare(size: Size) -> Generator[Sequence[Contest]]:
    """Make a ledger with some entries."""
    with scratch.folder() as at, scratch.installation(at) as runtime:
        log = Log(runtime, size)
        log.append()
        yield [
            Contest(
                f"Ledger entries written in commits of {GROUP}, numbered and signed",
                log.append,
                log.bare_append,
                f"INSERT of as many bytes, COMMIT each {GROUP}",
            ),
            Contest("Ledger entries verified", log.verify, log.bare_verify, "SELECT and one SHA-256 each"),
        ]


def _fact(work: Work) -> AccessFact:
    return AccessFact(
        event_id=work.new_id(),
        site_id=uuid4(),
        access_point_id=uuid4(),
        reason="granted",
        granted=True,
        scanned_at=work.now - timedelta(milliseconds=200),
        received_at=work.now,
        device_id=uuid4(),
        badge_id=uuid4(),
        visit_id=uuid4(),
    )

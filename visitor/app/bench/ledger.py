"""Writing, verifying and exporting the ledger, beside plain inserts, a chain under a row lock, and plain SHA-256."""

import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from visitor.app.bench import scratch
from visitor.app.bench.places import Place
from visitor.app.bench.rounds import PRODUCT, Beside, Contest, Numbers, Size
from visitor.app.bench.timing import once
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime, Work
from visitor.ledger import export, operations, queries, sequencer, together
from visitor.ledger.audit import Verdict
from visitor.ledger.entries import AccessFact
from visitor.ledger.models import LedgerEntry

GROUP: Final = 8
"""Entries in one commit: as many doors report at the same time."""
GROUPS: Final = 250
LOCKED: Final = 500
"""Entries of the chain under a lock in one round; its speed does not depend on how many."""
CHUNK: Final = 5_000
BODY: Final = b"x" * 120
INSERTS: Final = f"INSERT of as many bytes, COMMIT each {GROUP}"
CHAIN: Final = "a hash chain under a row lock: lock, INSERT, UPDATE, COMMIT for each entry"
MEMORY_CHAIN: Final = "a chain of SHA-256 over as many bytes in memory"
READ: Final = "SELECT of all, one SHA-256 each"
ZIPPED: Final = "SELECT of all into one zip"
ONE: Final = "the product, one process"

metadata = sa.MetaData()
entry: Final = sa.Table(
    "bare_entry",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("body", sa.LargeBinary),
    sa.Column("hash", sa.LargeBinary),
)
head: Final = sa.Table(
    "bare_head", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("hash", sa.LargeBinary)
)


class Log:
    """A ledger, and bare tables beside it."""

    def __init__(self, runtime: Runtime, entries: int) -> None:
        self._runtime = runtime
        metadata.create_all(runtime.engine)
        with runtime.engine.begin() as connection:
            connection.execute(sa.insert(head), {"id": 1, "hash": bytes(32)})
        self._grow(entries)

    def append(self) -> Numbers:
        """Write entries in commits of eight, then number and sign them as the sequencer does."""
        return once(self._append, GROUPS * GROUP)

    def insert(self) -> Numbers:
        """Write the same bytes in commits of eight."""
        return once(self._insert, GROUPS * GROUP)

    def chain(self) -> Numbers:
        """Write a chain, one entry a commit."""
        return once(self._links, LOCKED)

    def verify(self) -> Numbers:
        """Check every entry as `visitor ledger verify` does; starting its processes counts."""
        with self._runtime.reading(SYSTEM) as work:
            count = self._count(work)
        return once(self._verified, count)

    def verify_in_one(self) -> Numbers:
        """Check every entry in this process alone."""
        return self._with_all(self._verified_in_one)

    def hash_in_memory(self) -> Numbers:
        """Hash as many bytes as verifying does, in a chain, with nothing to read."""

        def chained(work: Work) -> None:
            last = bytes(32)
            for _ in range(self._count(work)):
                last = hashlib.sha256(last + BODY).digest()

        return self._with_all(chained)

    def read(self) -> Numbers:
        """Read every entry and hash its bytes once."""

        def hashed(work: Work) -> None:
            for salt, body in self._bodies(work):
                hashlib.sha256((salt or b"") + (body or b"")).digest()

        return self._with_all(hashed)

    def export(self) -> Numbers:
        """Export everything."""
        with tempfile.TemporaryFile() as target:
            return self._with_all(lambda work: export.write(work, target))

    def zip(self) -> Numbers:
        """Write every entry's bytes into one file of a zip."""

        def zipped(work: Work) -> None:
            with (
                tempfile.TemporaryFile() as target,
                zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
                packed.open("entries", "w") as part,
            ):
                for salt, body in self._bodies(work):
                    part.write((salt or b"") + (body or b""))

        return self._with_all(zipped)

    def _grow(self, entries: int) -> None:
        for _ in range(0, entries, CHUNK):
            with self._runtime.transaction(SYSTEM) as work:
                work.session.connection().execute(sa.insert(LedgerEntry), _rows(work, CHUNK))
        numbered = sequencer.BATCH
        while numbered >= sequencer.BATCH:
            with self._runtime.transaction(SYSTEM) as work:
                numbered = operations.sequence(work)
        self._sign()

    def _append(self) -> None:
        for _ in range(GROUPS):
            with self._runtime.transaction(SYSTEM) as work:
                work.session.connection().execute(sa.insert(LedgerEntry), _rows(work, GROUP))
        self._sign()

    def _sign(self) -> None:
        with self._runtime.transaction(SYSTEM) as work:
            operations.checkpoint(work)

    def _insert(self) -> None:
        for _ in range(GROUPS):
            with self._runtime.engine.begin() as connection:
                rows = [{"id": str(uuid4()), "body": BODY, "hash": bytes(32)} for _ in range(GROUP)]
                connection.execute(sa.insert(entry), rows)

    def _links(self) -> None:
        for _ in range(LOCKED):
            self._link()

    def _link(self) -> None:
        with self._runtime.engine.begin() as connection:
            last = connection.scalar(sa.select(head.c.hash).where(head.c.id == 1).with_for_update()) or b""
            following = hashlib.sha256(last + BODY).digest()
            connection.execute(sa.insert(entry), {"id": str(uuid4()), "body": BODY, "hash": following})
            connection.execute(sa.update(head).where(head.c.id == 1).values(hash=following))

    def _with_all(self, do: Callable[[Work], object]) -> Numbers:
        with self._runtime.reading(SYSTEM) as work:
            count = self._count(work)
        with self._runtime.reading(SYSTEM) as work:
            return once(lambda: do(work), count)

    def _count(self, work: Work) -> int:
        return work.session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) or 0

    def _verified(self) -> None:
        report = together.verify(self._runtime, SYSTEM, jobs=together.usual_jobs())
        assert report.verdict is Verdict.GOOD

    def _verified_in_one(self, work: Work) -> None:
        assert queries.verify(work).verdict is Verdict.GOOD

    def _bodies(self, work: Work) -> Iterator[tuple[bytes, bytes]]:
        query = sa.select(LedgerEntry.salt, LedgerEntry.body).order_by(LedgerEntry.log, LedgerEntry.seq)
        yield from work.session.execute(query.execution_options(yield_per=CHUNK)).tuples()


def contests(place: Place, size: Size) -> Iterator[Contest]:
    """Make a ledger with many entries."""
    with scratch.folder() as at, scratch.installation(place, Path(at)) as runtime:
        log = Log(runtime, size.entries)
        title = f"Ledger entries written in commits of {GROUP}, numbered and signed"
        yield Contest(
            {PRODUCT: log.append, INSERTS: log.insert, CHAIN: log.chain},
            [Beside("ledger.append", title, INSERTS), Beside("ledger.chain", title, CHAIN)],
        )
        title = f"Ledger verified, {size.entries:,} entries"
        jobs = together.jobs_worthwhile(size.entries, together.usual_jobs())
        usual, in_one = f"{title}, processes: {jobs}", f"{title}, within one process"
        yield Contest(
            {PRODUCT: log.verify, ONE: log.verify_in_one, READ: log.read, MEMORY_CHAIN: log.hash_in_memory},
            [
                Beside("ledger.verify", usual, READ),
                Beside("ledger.memory", usual, MEMORY_CHAIN),
                Beside("ledger.one.verify", in_one, READ, side=ONE),
                Beside("ledger.one.memory", in_one, MEMORY_CHAIN, side=ONE),
            ],
        )
        title = f"Ledger exported, {size.entries:,} entries"
        yield Contest({PRODUCT: log.export, ZIPPED: log.zip}, [Beside("ledger.export", title, ZIPPED)], rounds=1)


def _rows(work: Work, count: int) -> list[dict[str, object]]:
    make = partial(_fact, work)
    return [operations.access_entry(fact, fact.scanned_at.date()) for fact in (make() for _ in range(count))]


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

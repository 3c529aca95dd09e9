"""Reading the ledger: the check of everything, and the audit log page by page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from visitor.core.paging import Cursor, Page
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger import sequencer, stream
from visitor.ledger.audit import LogReport, StoredLog, Verdict, verify_stream
from visitor.ledger.entries import AuditFact, EntryType, Log
from visitor.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerHead
from visitor.ledger.signers import LedgerSigners

PAGE_ROWS: Final = 50
TAIL_AGE: Final = timedelta(minutes=3)
"""Entries after the newest checkpoint are normal for this long: it is signed every minute."""


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The check of both logs."""

    logs: tuple[LogReport, ...]
    verdict: Verdict
    """The worst of the logs; entries of the last minutes that wait for their checkpoint do not count against it."""
    waiting: int
    """Entries that have no number yet."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One audit entry for reading."""

    id: UUID
    seq: int
    site_id: UUID | None
    fact: AuditFact


def work_waiting(work: Work) -> bool:
    """Tell whether the sequencer has something to do."""
    unnumbered = sa.select(LedgerEntry.id).where(LedgerEntry.seq.is_(None)).limit(1)
    for log in Log:
        if work.session.scalar(unnumbered.where(LedgerEntry.log == log)) is not None:
            return True
    return any(sequencer.checkpoint_due(work, log) for log in Log)


def freeze(work: Work) -> None:
    """Make all reads of a `reading()` transaction see one state of the database; must come before its first read.

    SQLite transactions do so anyway. On PostgreSQL an erasure between two statements would look like tampering.
    """
    reads_only = not work.session.connection().get_execution_options().get("writes", True)
    if reads_only and not work.runtime.embedded:
        work.session.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def verify(work: Work, anchored: Collection[str] = ()) -> LedgerReport:
    """Check both logs from the first entry to the last, in memory that does not grow with them.

    `anchored` are checkpoint notes that were kept outside. Call it as the first thing in `runtime.reading()`; numbers
    and signatures of the newest entries are up to date after `operations.checkpoint` in a transaction before.

    Raises:
        NotAllowed: the actor may not verify the ledger.
    """
    work.require(Permission.LEDGER_VERIFY)
    freeze(work)
    signers = work.resource(LedgerSigners)
    return judged(work, [verify_stream(stored(work, log, anchored), signers.verifiers) for log in Log])


def judged(work: Work, reports: Sequence[LogReport]) -> LedgerReport:
    """Judge both logs together, in the transaction in which they were checked."""
    unnumbered = sa.select(sa.func.count()).select_from(LedgerEntry).where(LedgerEntry.seq.is_(None))
    verdicts = {_verdict(work, report) for report in reports}
    worst = next((v for v in (Verdict.TAMPERED, Verdict.INCOMPLETE) if v in verdicts), Verdict.GOOD)
    return LedgerReport(tuple(reports), worst, work.session.scalar(unnumbered) or 0)


def stored(work: Work, log: Log, anchored: Collection[str] = ()) -> StoredLog:
    """Return a log to check, as it lies in the database."""
    origin = work.resource(LedgerSigners).origin(log)
    own = tuple(note for note in anchored if note.startswith(f"{origin}\n"))
    return StoredLog(log, origin, stream.entries(work, log), stream.notes(work, log), own)


def signed_size(work: Work, log: Log) -> int:
    """Return the size of the newest checkpoint; 0 when there is none."""
    query = sa.select(sa.func.max(LedgerCheckpoint.size)).where(LedgerCheckpoint.log == log)
    return work.session.scalar(query) or 0


def audit_page(
    work: Work,
    site_ids: Collection[UUID] | None = None,
    cursor: Cursor | None = None,
    *,
    until_at: datetime | None = None,
) -> Page[AuditLine]:
    """Return audit entries, newest first, of the sites (None: all) at which the actor may see them.

    `until_at` leaves out what happened then or later.

    The cursor's id is the entry's number in the log: numbers are in order and are kept when a body is erased. Entries
    appear here once they are numbered, within about a second.

    Raises:
        NotAllowed: the actor may see the audit log nowhere.
    """
    work.require(Permission.AUDIT_VIEW)
    entry = LedgerEntry
    query = sa.select(entry).where(entry.log == Log.AUDIT, entry.kind == EntryType.AUDIT, entry.body.is_not(None))
    for allowed in (site_ids, work.actor.sites(Permission.AUDIT_VIEW)):
        if allowed is not None:
            query = query.where(entry.site_id.in_(list(allowed)))
    if until_at is not None:
        query = query.where(entry.at < until_at)
    if cursor is not None:
        query = query.where(entry.seq < min(cursor.id.int, 2**63 - 1))
    ordered = query.where(entry.seq.is_not(None)).order_by(entry.seq.desc()).limit(PAGE_ROWS + 1)
    lines = [_line(row) for row in work.session.scalars(ordered)]
    last = lines[PAGE_ROWS - 1] if len(lines) > PAGE_ROWS else None
    return Page(lines[:PAGE_ROWS], older=Cursor(last.fact.at, UUID(int=last.seq)) if last else None)


def _line(row: LedgerEntry) -> AuditLine:
    assert row.seq is not None
    assert row.body is not None
    return AuditLine(row.id, row.seq, row.site_id, AuditFact.from_body(row.body))


def _verdict(work: Work, report: LogReport) -> Verdict:
    """Judge a log: a short unsigned tail is how a living log looks, unless its size is not what the head says."""
    head = work.session.get(LedgerHead, int(report.log))
    if (head.size if head else 0) != report.entries:
        return Verdict.TAMPERED
    only_tail = {finding.kind for finding in report.findings} <= {"unsigned"} and report.verdict is Verdict.INCOMPLETE
    if only_tail and (report.entries == 0 or (report.signed_entries is not None and _signed_lately(work, report.log))):
        return Verdict.GOOD
    return report.verdict


def _signed_lately(work: Work, log: Log) -> bool:
    query = sa.select(sa.func.max(LedgerCheckpoint.signed_at)).where(LedgerCheckpoint.log == log)
    signed_at: datetime | None = work.session.scalar(query)
    return signed_at is not None and work.now - signed_at <= TAIL_AGE

"""Running a purge, in the order that matters; what each step guards against stands in `docs/decisions/0003-erasure.md`.

Lease, guards, what a crash left, frozen plan, batches in transactions of their own, gaps of the files erased,
scan of the files, certificate. A run that was cut off at any point is taken up by the next one.
"""

import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import structlog

from visitor.core import leases, throttle
from visitor.core.actors import SYSTEM, Actor
from visitor.core.models import Job, JobState
from visitor.core.work import Runtime, Work
from visitor.ledger.operations import audit
from visitor.people import erasure
from visitor.privacy import certificate, erasing, holds, months, planning, policy, replay, scan, scrubbing
from visitor.privacy.due import MARKER_SITE, ItemKind
from visitor.privacy.journal import Journal
from visitor.privacy.models import PurgeItem, PurgeRun, PurgeState
from visitor.privacy.pace import Pace
from visitor.privacy.policy import ClockReading
from visitor.visits.models import HelpRequest

LEASE_NAME: Final = "privacy.purge"
LEASE_SPAN: Final = timedelta(seconds=120)
BACKWARD_LIMIT: Final = timedelta(minutes=10)
LEAST_FREE_BYTES: Final = 64 * 1024 * 1024
JOB_LIFE: Final = timedelta(days=14)
HELP_LIFE: Final = timedelta(days=1)
EMBEDDED_ROWS: Final = 200
"""In one batch on SQLite at most, where doors wait for it."""
LEAST_ROWS: Final = 50

log = structlog.get_logger()
Progress = Callable[[int, int], None]


class Refusal(StrEnum):
    """Why a purge did nothing, or stopped before its end."""

    BUSY = "busy"
    """Another one runs, or died less than two minutes ago."""
    CLOCK = "clock"
    """The clock went back since the last purge, or jumped during this one."""
    KEYRING = "keyring"
    DISK = "disk"
    NEEDS_APPROVAL = "needs_approval"
    GONE = "gone"
    """The plan was carried out or superseded meanwhile."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What running a purge came to."""

    run_id: UUID | None
    refusal: Refusal | None = None
    erased: int = 0
    skipped: int = 0
    settled: int = 0
    """Rows that an earlier process had written into the journal and not erased."""


class _Stopped(Exception):
    """A guard stopped the run; it is taken up later."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(slots=True)
class _Turn:
    """One process's turn at a purge."""

    runtime: Runtime
    actor: Actor
    owner: str
    token: int
    journal: Journal
    progress: Progress
    clock: ClockReading
    probes: list[bytes] = field(default_factory=list)
    """Traces of erased records; in memory only."""
    tokens: set[bytes] = field(default_factory=set)
    probed: int = 0


def run_purge(
    runtime: Runtime,
    run_id: UUID | None = None,
    *,
    actor: Actor = SYSTEM,
    progress: Progress = lambda _done, _planned: None,
) -> Outcome:
    """Take up the unfinished run, or `run_id`, or plan a new one, and carry it out.

    Raises:
        JournalDamaged: the erasure journal was changed; nothing was erased.
    """
    if _clock_went_back(runtime):
        return _stopped(runtime, None, Refusal.CLOCK)
    turn = _begin(runtime, actor, progress)
    if turn is None:
        return Outcome(None, Refusal.BUSY)
    planned = run_id
    try:
        _check_surroundings(turn)
        settled = replay.settle(runtime)
        run = _run_to_do(turn, run_id)
        if run is None:
            return Outcome(run_id, Refusal.GONE, settled=settled)
        planned = run.id
        if run.state is PurgeState.NEEDS_APPROVAL:
            return Outcome(run.id, Refusal.NEEDS_APPROVAL, settled=settled)
        _carry_out(turn, run.id)
        return _finish(turn, run.id, settled)
    except _Stopped as stopped:
        return _stopped(runtime, planned, stopped.refusal)
    finally:
        with runtime.transaction(SYSTEM) as work:
            leases.give_back(work, LEASE_NAME, turn.token)


def plan(runtime: Runtime, actor: Actor, frozen: Callable[[Work, PurgeRun], None]) -> PurgeRun | None:
    """Freeze a plan that a later purge carries out; None while another is made or carried out.

    Args:
        runtime: where.
        actor: who plans.
        frozen: what belongs into the transaction with which the plan becomes valid.
    """
    turn = _begin(runtime, actor, lambda _done, _planned: None)
    if turn is None:
        return None
    try:
        with runtime.reading(actor) as work:
            if planning.unfinished(work) is not None:
                return None
        return planning.freeze(runtime, actor, partial(_keep_turn, turn), frozen)
    except _Stopped:
        return None
    finally:
        with runtime.transaction(SYSTEM) as work:
            leases.give_back(work, LEASE_NAME, turn.token)


def _stopped(runtime: Runtime, run_id: UUID | None, refusal: Refusal) -> Outcome:
    log.warning("purge.stopped", reason=refusal.value)
    with runtime.transaction(SYSTEM) as work:
        audit(work, "purge.stopped", subject_id=run_id, detail=refusal.value)
    return Outcome(run_id, refusal)


def _clock_went_back(runtime: Runtime) -> bool:
    """Tell whether the clock is before the last purge; looked at first, as leases go by the same clock."""
    with runtime.reading(SYSTEM) as work:
        ended = sa.func.max(sa.func.coalesce(PurgeRun.ended_at, PurgeRun.began_at, type_=PurgeRun.began_at.type))
        last: datetime | None = work.session.scalar(sa.select(ended))
        return last is not None and work.now < last - BACKWARD_LIMIT


def _begin(runtime: Runtime, actor: Actor, progress: Progress) -> _Turn | None:
    owner = f"{os.getpid()}.{secrets.token_hex(8)}"
    with runtime.transaction(SYSTEM) as work:
        token = leases.take(work, LEASE_NAME, owner, LEASE_SPAN)
        if token is None:
            return None
        clock = ClockReading(work.now, time.monotonic())
    return _Turn(runtime, actor, owner, token, replay.journal_of(runtime), progress, clock)


def _check_surroundings(turn: _Turn) -> None:
    """Refuse to erase without a keyring, or onto a full disk."""
    try:
        erasure.keyring_answers(turn.runtime)
    except sa.exc.SQLAlchemyError:
        raise _Stopped(Refusal.KEYRING) from None
    settings = turn.runtime.settings
    for folder in (settings.directories.data, settings.directories.erasure_journal.parent):
        if folder.exists() and shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            raise _Stopped(Refusal.DISK)


def _run_to_do(turn: _Turn, run_id: UUID | None) -> PurgeRun | None:
    with turn.runtime.reading(turn.actor) as work:
        run = planning.unfinished(work)
    if run is None and run_id is not None:
        return None
    if run is None:
        run = planning.freeze(turn.runtime, turn.actor, partial(_keep_turn, turn))
    if run is None:  # somebody approved an earlier plan just now
        return _run_to_do(turn, run_id)
    if run.state is not PurgeState.PLANNED:
        return run
    with turn.runtime.transaction(turn.actor) as work:
        _keep_turn(turn, work)
        run = work.session.get_one(PurgeRun, run.id, with_for_update=True)
        run.state = PurgeState.RUNNING
        return run


def _carry_out(turn: _Turn, run_id: UUID) -> None:
    with turn.runtime.reading(SYSTEM) as work:
        there = set(work.session.scalars(sa.select(PurgeItem.subject).where(PurgeItem.run_id == run_id).distinct()))
    try:
        for kind in ItemKind:
            more, rows = kind.value in there, _pace(turn.runtime, kind)
            while more:
                more = _batch(turn, run_id, kind, rows)
                time.sleep(planning.PAUSE_SECONDS)
    finally:
        turn.journal.flush()


def _batch(turn: _Turn, run_id: UUID, kind: ItemKind, rows: Pace) -> bool:
    """Erase the next rows of a kind; return whether there are more.

    The journal's line that says that it was committed waits for the next batch's, so that both are one wait for the
    disk. Without it a batch only seems open, and the next purge finds none of its rows.
    """
    most = rows.rows
    with turn.runtime.transaction(SYSTEM) as work:
        began = time.monotonic()
        holds.alone(work)
        _keep_turn(turn, work)
        ids = _next_ids(work, run_id, kind, most)
        if not ids:
            return False
        seen = _remember_traces(turn, work, kind, ids)
        batch = _erased(turn, work, kind, ids)
        taken = (PurgeItem.run_id == run_id, PurgeItem.subject == kind.value, PurgeItem.row_id <= ids[-1])
        work.session.connection().execute(sa.delete(PurgeItem).where(*taken))
        run = _count(work, run_id, batch)
        now = work.now
    rows.took(len(ids), time.monotonic() - began)
    if batch.number is not None:
        turn.journal.note(erasing.done_line(batch, now))
    _keep_traces(turn, seen, batch)
    turn.progress(run.erased + run.skipped, run.planned)
    return len(ids) == most


def _pace(runtime: Runtime, kind: ItemKind) -> Pace:
    """Return how many rows go in one transaction."""
    if kind in months.MONTHS:
        return Pace.of(runtime, 1, 1)
    most = runtime.settings.purge.batch_size
    return Pace.of(runtime, LEAST_ROWS, min(most, EMBEDDED_ROWS) if runtime.embedded else most)


def _erased(turn: _Turn, work: Work, kind: ItemKind, ids: list[UUID]) -> erasing.Batch:
    """Erase a batch. A month whose tables are read all the time, so that they cannot be had alone, waits a night."""
    if kind not in months.MONTHS:
        return erasing.erase_due(work, kind, ids, turn.journal)
    try:
        with work.session.begin_nested():
            return erasing.erase_due(work, kind, ids, turn.journal)
    except sa.exc.OperationalError:
        log.warning("purge.month_not_had", kind=kind.value)
        return erasing.Batch(kept=Counter({"busy": len(ids)}))


def _keep_turn(turn: _Turn, work: Work) -> None:
    """Renew the lease, and stop when somebody else has it or the clock jumped."""
    if not leases.renew(work, LEASE_NAME, turn.owner, turn.token, LEASE_SPAN):
        raise _Stopped(Refusal.BUSY)
    reading = ClockReading(work.now, time.monotonic())
    if policy.clock_jump(turn.clock, reading).stop:
        raise _Stopped(Refusal.CLOCK)
    turn.clock = reading


def _next_ids(work: Work, run_id: UUID, kind: ItemKind, limit: int) -> list[UUID]:
    where = (PurgeItem.run_id == run_id, PurgeItem.subject == kind.value)
    query = sa.select(PurgeItem.row_id).where(*where).order_by(PurgeItem.row_id).limit(limit)
    return list(work.session.connection().scalars(query))


def _remember_traces(turn: _Turn, work: Work, kind: ItemKind, ids: list[UUID]) -> list[erasure.Traces]:
    """Take traces of some records before they go."""
    if kind is not ItemKind.RECORD:
        return []
    wanted = ids[: max(0, scan.SAMPLE - turn.probed)]
    return erasure.traces(work, wanted)


def _keep_traces(turn: _Turn, seen: list[erasure.Traces], batch: erasing.Batch) -> None:
    gone = {row.id for row in batch.erased} if seen else set()
    for traces in seen:
        if traces.record_id in gone:
            turn.probes += traces.probes
            turn.tokens |= set(traces.tokens)
            turn.probed += 1


def _count(work: Work, run_id: UUID, batch: erasing.Batch) -> PurgeRun:
    """Add the batch to the run, so that a certificate is right whoever finishes the run."""
    run = work.session.get_one(PurgeRun, run_id, with_for_update=True, populate_existing=True)
    counted = [row for row in batch.erased if row.site_id != MARKER_SITE]
    run.erased += sum(row.count for row in counted)
    run.skipped += sum(batch.kept.values())
    run.certificate = certificate.add(run.certificate or {}, counted, batch.kept)
    return run


def _finish(turn: _Turn, run_id: UUID, settled: int) -> Outcome:
    runtime = turn.runtime
    with runtime.transaction(SYSTEM) as work:
        _keep_turn(turn, work)
        sweep(work)
    months.sweep(runtime)
    scrubbed = scrubbing.scrub(runtime)
    report = _scan(turn, run_id) if runtime.embedded else None
    with runtime.reading(SYSTEM) as work:
        left = planning.survey(work)
    with runtime.transaction(SYSTEM) as work:
        _keep_turn(turn, work)  # writing files anew may take longer than the lease lasts
        run = work.session.get_one(PurgeRun, run_id, with_for_update=True, populate_existing=True)
        facts: dict[str, Any] = certificate.complete(work, run, left, scrubbed, report)
        run.state, run.ended_at, run.certificate = PurgeState.DONE, work.now, facts
        audit(work, "purge.done", subject_id=run.id, count=run.erased)
        outcome = Outcome(run.id, None, run.erased, run.skipped, settled)
    if report is not None and report.hits:
        log.error("purge.scan_hits", hits=report.hits, files=report.files)
    return outcome


def _scan(turn: _Turn, run_id: UUID) -> scan.ScanReport:
    """Look for what was erased; tokens that others have too rightly stand in the database."""
    with turn.runtime.reading(SYSTEM) as work:
        tokens = turn.tokens - erasure.tokens_in_use(work, turn.tokens)
    probes = (*turn.probes, *tokens, *scan.marker_probes(run_id))
    return scan.scan(scan.files_of(turn.runtime.settings), probes, turn.probed)


def sweep(work: Work) -> None:
    """Delete what is over and belongs to nobody: failed jobs, counts of tries, calls for help."""
    old_job = sa.and_(Job.state.in_([JobState.DONE, JobState.FAILED]), Job.created_at < work.now - JOB_LIFE)
    work.session.execute(sa.delete(Job).where(old_job))
    throttle.sweep(work)
    work.session.execute(sa.delete(HelpRequest).where(HelpRequest.asked_at < work.now - HELP_LIFE))

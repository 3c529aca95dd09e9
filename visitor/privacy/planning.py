"""The frozen plan of a purge: what is due now, who must look before it goes, and a preview that writes nothing."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from visitor.access.models import AccessEvent
from visitor.core.actors import SYSTEM, Actor
from visitor.core.many import listed
from visitor.core.work import Runtime, Work
from visitor.ledger.models import LedgerEntry
from visitor.ledger.operations import audit
from visitor.people.models import PersonalRecord
from visitor.privacy import due, months, policy, scan
from visitor.privacy.due import MARKER_SITE, DueRow, ItemKind
from visitor.privacy.models import PurgeItem, PurgeRun, PurgeState
from visitor.privacy.pace import Pace
from visitor.privacy.policy import PurgeAnswer
from visitor.visits.models import Visit

FREE_ROWS: Final = 100
"""A purge of at most so many rows never waits for a second person."""
TRAILING_RUNS: Final = 10
PLAN_LIMIT: Final = 100_000
"""Rows of one kind in one plan; the rest waits for the next one."""
UNFINISHED: Final = (PurgeState.PLANNED, PurgeState.RUNNING)
ITEMS_AT_ONCE: Final = 1_000
"""Of a plan in one transaction at most: on SQLite doors wait for it."""
LEAST_ITEMS: Final = 200
PAUSE_SECONDS: Final = 0.002
"""Between batches: whoever waits for the database comes first."""
Step = Callable[[Work], None]


@dataclass(slots=True)
class Survey:
    """What is due at one instant."""

    at: datetime
    ids: dict[ItemKind, list[UUID]] = field(default_factory=dict)
    counts: Counter[tuple[UUID | None, str, str]] = field(default_factory=Counter)
    """(site, subject, rule) to rows that would go."""
    kept: Counter[str] = field(default_factory=Counter)
    """Why rows stay although their time is over: held, restricted."""
    oldest_due_at: datetime | None = None
    """Of what would go: how long the oldest has waited."""
    cut: bool = False
    """There is more than one plan takes."""

    @property
    def planned(self) -> int:
        """Rows that would go, without the purge's own markers."""
        return sum(self.counts.values())

    def take(self, row: DueRow) -> None:
        """Count a row that would go."""
        self.counts[(row.site_id, row.subject, row.rule_id)] += row.count
        self.oldest_due_at = min(self.oldest_due_at or row.due_at, row.due_at)


def survey(work: Work, *, limit: int = PLAN_LIMIT) -> Survey:
    """Look at everything that is due now; writes nothing."""
    seen = due.look(work, limit=limit)
    found = Survey(work.now)
    for kind in months.MONTHS:
        for month, lines in months.whole(seen, kind):
            seen.months.setdefault(kind, []).append(month)
            found.ids.setdefault(kind, []).append(month.key)
            for line in lines:
                found.take(line)
    for kind in due.ROWS:
        rows = 0
        for row in due.rows(seen, kind):
            rows += 1
            answer = seen.answer(row)
            if answer is not PurgeAnswer.PURGE:
                found.kept[answer.value] += 1
                continue
            found.ids.setdefault(kind, []).append(row.id)
            if row.site_id != MARKER_SITE:
                found.take(row)
        found.cut = found.cut or rows >= limit
    return found


def needs_second_person(work: Work, planned: int) -> bool:
    """Tell whether somebody must look first: far more rows than usual, and a good part of all there are."""
    if planned <= FREE_ROWS:
        return False
    done = (PurgeRun.state == PurgeState.DONE, PurgeRun.erased > 0)
    query = sa.select(PurgeRun.erased).where(*done).order_by(PurgeRun.began_at.desc()).limit(TRAILING_RUNS)
    usual = list(work.session.scalars(query))
    # Beside nothing at all, any number is a good part: what is usual is looked at first, as counting takes long.
    return policy.mass_delete_guard(planned, usual, 0) and policy.mass_delete_guard(planned, usual, _alive(work))


def _alive(work: Work) -> int:
    """Count everything that a rule may make due."""
    counted = [
        sa.select(sa.func.count()).select_from(kind) for kind in (PersonalRecord, Visit, AccessEvent, LedgerEntry)
    ]
    return sum(work.session.scalar(query) or 0 for query in counted)


def freeze(
    runtime: Runtime, actor: Actor, keep: Step, frozen: Callable[[Work, PurgeRun], None] = lambda _work, _run: None
) -> PurgeRun | None:
    """Plant the markers, look, and keep the plan: the ids, their number and their hash.

    Doors wait for no more than a batch of it. Until the last transaction it has no hash and nobody carries it out.
    A plan that still waits for a second person is superseded, as the new one takes in what it had. One that was
    approved just now is not: then there is no new one, and None is returned.

    Args:
        runtime: where.
        actor: who plans.
        keep: renews the purge's lease, first in each transaction, and raises when somebody else has it.
        frozen: what else belongs into the last transaction.
    """
    with runtime.transaction(actor) as work:
        keep(work)
        _supersede(work)
        # From here on none can be approved any more: all that waited are closed, and locked until the commit.
        if unfinished(work) is not None:
            return None
        run_id = _begin(work)
    _clear(runtime, keep)
    with runtime.reading(actor) as work:
        found = survey(work)
        waits = needs_second_person(work, found.planned)
    digest = plan_hash(found.ids)
    _write(runtime, keep, run_id, found)
    with runtime.transaction(actor) as work:
        keep(work)
        run = work.session.get_one(PurgeRun, run_id, with_for_update=True)
        run.state = PurgeState.NEEDS_APPROVAL if waits else PurgeState.PLANNED
        run.cut_off_at, run.plan_hash, run.planned = found.at, digest, found.planned
        run.certificate = {"plan": _summary(found)}
        audit(work, "purge.plan", subject_id=run.id, count=run.planned)
        frozen(work, run)
    return run


def _begin(work: Work) -> UUID:
    """Begin a plan without a hash."""
    run_id = work.new_id()
    scan.plant(work, run_id)
    work.session.add(
        PurgeRun(
            id=run_id,
            state=PurgeState.PLANNED,
            began_at=work.now,
            cut_off_at=work.now,
            planned=0,
            erased=0,
            skipped=0,
            started_by=work.actor.id,
        )
    )
    return run_id


def _supersede(work: Work) -> None:
    """Close plans that nobody approved, and those whose writing was cut off."""
    cut_off = sa.and_(PurgeRun.state == PurgeState.PLANNED, PurgeRun.plan_hash.is_(None))
    query = sa.select(PurgeRun).where(sa.or_(PurgeRun.state == PurgeState.NEEDS_APPROVAL, cut_off))
    for run in work.session.scalars(query.with_for_update()).all():
        run.state, run.ended_at = PurgeState.FAILED, work.now
        run.certificate = (run.certificate or {}) | {"fault": "superseded"}


def _clear(runtime: Runtime, keep: Step) -> None:
    """Delete the items of closed plans in short transactions."""
    closed = sa.select(PurgeRun.id).where(PurgeRun.state == PurgeState.FAILED)
    closed = closed.where(sa.exists().where(PurgeItem.run_id == PurgeRun.id))
    with runtime.reading(SYSTEM) as work:
        run_ids = work.session.scalars(closed).all()
    item = aliased(PurgeItem)
    for run_id in run_ids:
        some = sa.select(item.subject, item.row_id).where(item.run_id == run_id).limit(ITEMS_AT_ONCE)
        some_go = sa.delete(PurgeItem).where(
            PurgeItem.run_id == run_id, sa.tuple_(PurgeItem.subject, PurgeItem.row_id).in_(some)
        )
        count = ITEMS_AT_ONCE
        while count == ITEMS_AT_ONCE:
            with runtime.transaction(SYSTEM) as work:
                keep(work)
                count = work.session.connection().execute(some_go).rowcount
            time.sleep(PAUSE_SECONDS)


def _write(runtime: Runtime, keep: Step, run_id: UUID, found: Survey) -> None:
    """Write the items of a plan in short transactions."""
    pace = Pace.of(runtime, LEAST_ITEMS, ITEMS_AT_ONCE)
    for kind, ids in found.ids.items():
        first = 0
        while first < len(ids):
            some = ids[first : first + pace.rows]
            with runtime.transaction(SYSTEM) as work:
                began = time.monotonic()
                keep(work)
                _insert(work, run_id, kind, some)
            pace.took(len(some), time.monotonic() - began)
            first += len(some)
            time.sleep(PAUSE_SECONDS)


def _insert(work: Work, run_id: UUID, kind: ItemKind, ids: Sequence[UUID]) -> None:
    connection = work.session.connection()
    if work.runtime.embedded:
        rows = [(run_id.bytes, kind.value, row_id.bytes) for row_id in ids]
        connection.exec_driver_sql("INSERT INTO purge_item (run_id, subject, row_id) VALUES (?, ?, ?)", rows)
        return
    all_ids = sa.func.unnest(listed(ids))
    columns = [PurgeItem.run_id, PurgeItem.subject, PurgeItem.row_id]
    items = sa.select(sa.literal(run_id), sa.literal(kind.value), all_ids)
    connection.execute(sa.insert(PurgeItem).from_select(columns, items))


def unfinished(work: Work) -> PurgeRun | None:
    """Return the run whose plan is frozen and not carried out yet, or not wholly."""
    frozen = (PurgeRun.state.in_(UNFINISHED), PurgeRun.plan_hash.is_not(None))
    query = sa.select(PurgeRun).where(*frozen).order_by(PurgeRun.began_at, PurgeRun.id)
    return work.session.scalars(query.limit(1).execution_options(populate_existing=True)).first()


def plan_hash(ids: dict[ItemKind, list[UUID]]) -> bytes:
    """Return the SHA-256 over kinds and sorted ids."""
    digest = hashlib.sha256()
    for kind in ItemKind:
        for row_id in sorted(ids.get(kind, []), key=lambda row_id: row_id.bytes):
            digest.update(kind.value.encode() + b"\0" + row_id.bytes)
    return digest.digest()


def count_lines(counts: Counter[tuple[UUID | None, str, str]]) -> list[dict[str, object]]:
    """Return counts as the certificate keeps them, in a fixed order."""
    return [
        {"site": str(site_id) if site_id else None, "subject": subject, "rule": rule, "count": count}
        for (site_id, subject, rule), count in sorted(counts.items(), key=lambda item: (str(item[0]), item[1]))
    ]


def _summary(found: Survey) -> dict[str, object]:
    return {
        "lines": count_lines(found.counts),
        "kept": dict(sorted(found.kept.items())),
        "oldest_due_at": found.oldest_due_at.isoformat() if found.oldest_due_at else None,
        "cut": found.cut,
    }

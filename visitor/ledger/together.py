"""Verifying with several processes: the same report as `queries.verify`, sooner."""

import os
from collections.abc import Collection
from functools import partial
from typing import Final

import sqlalchemy as sa

from visitor.core.actors import Actor
from visitor.core.permissions import Permission
from visitor.core.work import Runtime, Work
from visitor.ledger import audit, parts, queries, rows, stream
from visitor.ledger.crew import Crew
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerHead
from visitor.ledger.parts import Part, Rest
from visitor.ledger.queries import LedgerReport
from visitor.ledger.signers import LedgerSigners

WORTHWHILE_PARTS: Final = 4
"""Of fewer, one process has checked them before others have started."""
MOST: Final = 8
"""Processes; each holds a connection to the database."""
TRIES: Final = 10


def usual_jobs() -> int:
    """Return how many processes verify unless somebody says otherwise: one for each core."""
    return min(len(os.sched_getaffinity(0)), MOST)


def jobs_worthwhile(entries: int, jobs: int, part_size: int = parts.SIZE) -> int:
    """Return how many of `jobs` processes verify so many entries: all, or one."""
    return jobs if entries >= WORTHWHILE_PARTS * part_size else 1


def verify(
    runtime: Runtime, actor: Actor, anchored: Collection[str] = (), *, jobs: int, part_size: int = parts.SIZE
) -> LedgerReport:
    """Check both logs as `queries.verify` does, with at most `jobs` processes where the logs are long enough.

    Raises:
        NotAllowed: the actor may not verify the ledger.
        Unfinished: one of the processes failed; nothing is said about the logs.
    """
    jobs = jobs_worthwhile(_entries(runtime, actor), jobs, part_size)
    if jobs > 1:
        with Crew(runtime.engine, jobs) as crew:
            for _ in range(TRIES):
                with runtime.reading(actor) as work:
                    queries.freeze(work)
                    if crew.sees_the_same(work):
                        return verify_with(crew, work, anchored, part_size)
    with runtime.reading(actor) as work:
        return queries.verify(work, anchored)


def verify_with(crew: Crew, work: Work, anchored: Collection[str] = (), part_size: int = parts.SIZE) -> LedgerReport:
    """Check both logs with a crew that sees the same as `work`.

    Raises:
        NotAllowed: the actor may not verify the ledger.
        Unfinished: one of the processes failed; nothing is said about the logs.
    """
    work.require(Permission.LEDGER_VERIFY)
    sizes = dict(rows.heads(stream.source(work)))
    reports = []
    for log in Log:
        check = audit.check_of(queries.stored(work, log, anchored), work.resource(LedgerSigners).verifiers)
        check.hold()
        found = crew.check(parts.split(check, sizes.get(int(log), 0), part_size))
        parts.run(check, found, partial(_rest, work, log))
        reports.append(audit.report_of(log, check))
    return queries.judged(work, reports)


def _entries(runtime: Runtime, actor: Actor) -> int:
    with runtime.reading(actor) as work:
        work.require(Permission.LEDGER_VERIFY)
        return work.session.scalar(sa.select(sa.func.sum(LedgerHead.size))) or 0


def _rest(work: Work, log: Log, part: Part) -> Rest:
    return stream.entries(work, log, part.span.first), stream.notes(work, log, part.signed_span.first)

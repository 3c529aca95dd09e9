"""What the worker does: due dates, the nightly purge, purges that were started or approved, clean files."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from visitor.core import jobs
from visitor.core.actors import SYSTEM
from visitor.core.jobs import Later
from visitor.core.work import Runtime
from visitor.privacy import months, operations, planning, purge, scrubbing
from visitor.privacy.models import PurgeRun

log = structlog.get_logger()


def recompute_due(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Reckon the due dates of one visit's records; job `privacy.due`, asked for by every change of a visit."""
    with runtime.transaction(SYSTEM) as work:
        operations.recompute_due(work, UUID(payload["visit_id"]))


def recompute_site(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Reckon the due dates of a whole site in batches, after a rule changed; job `privacy.recompute`."""
    after = UUID(payload["after"]) if payload.get("after") else None
    with runtime.transaction(SYSTEM) as work:
        reached = operations.recompute_site(work, UUID(payload["site_id"]), after)
        if reached is not None:
            following = {"site_id": payload["site_id"], "after": str(reached)}
            jobs.enqueue(work, operations.RECOMPUTE_JOB, following)


def make_months(runtime: Runtime, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  every task takes one
    """Make the months to come (PostgreSQL). Runs every hour and when the first worker starts."""
    made = months.make_ahead(runtime)
    if made:
        log.info("months.made", count=made)


def purge_nightly(runtime: Runtime, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  every task takes one
    """Take up a purge that was cut off; after the hour of the night, begin the day's own. Runs every few minutes."""
    if not _wanted(runtime):
        return
    outcome = purge.run_purge(runtime)
    log.info("purge.ended", run=str(outcome.run_id), refusal=outcome.refusal, erased=outcome.erased)


def run_planned(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Carry out a plan that was started or approved on the screens; job `privacy.purge_run`."""
    outcome = purge.run_purge(runtime, UUID(payload["run_id"]))
    if outcome.refusal is purge.Refusal.BUSY:
        raise Later(30)


def scrub(runtime: Runtime, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  every task takes one
    """Clean the files after a visit was erased at somebody's wish; job `privacy.scrub`."""
    if not scrubbing.scrub(runtime).log_emptied:
        raise Later(60)


def _wanted(runtime: Runtime) -> bool:
    settings = runtime.settings.purge
    zone = ZoneInfo(settings.time_zone)
    with runtime.reading(SYSTEM) as work:
        if planning.unfinished(work) is not None:
            return True
        local = work.now.astimezone(zone)
        tonight = datetime.combine(local.date(), time(settings.hour), zone)
        if local < tonight:
            tonight -= timedelta(days=1)
        # One without a hash was cut off while its plan was written: nothing was purged.
        begun = (PurgeRun.began_at >= tonight, PurgeRun.started_by.is_(None), PurgeRun.plan_hash.is_not(None))
        return work.session.scalar(sa.select(PurgeRun.id).where(*begun).limit(1)) is None

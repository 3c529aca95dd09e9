"""Leaving no bytes of deleted rows in the files: logs emptied, databases written anew.

`secure_delete=ON` overwrites what is freed, yet cells that a page moved may leave a copy in a gap between live ones
(measured: one of 8,380 copies). So the main database is written anew (VACUUM) after each purge while it is small, and
once a week when it is large; the keyring, which is small, every time.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.badges.models import Badge, BadgeCopy, PrintJob
from visitor.cctv.models import Still
from visitor.core.actors import SYSTEM
from visitor.core.db import compact, truncate_log
from visitor.core.errors import Unavailable
from visitor.core.models import Job
from visitor.core.work import Runtime
from visitor.ledger.models import LedgerEntry
from visitor.notices.models import Acknowledgement
from visitor.people import erasure
from visitor.people.models import Person, PersonalRecord, PersonToken
from visitor.privacy.models import PurgeItem, PurgeRun, PurgeState
from visitor.visits.models import HelpRequest, Visit

SMALL_BYTES: Final = 200 * 1024 * 1024
LARGE_EVERY: Final = timedelta(days=7)
ERASED_FROM: Final = [
    kind.__tablename__
    for room in (
        (PersonalRecord, PersonToken, Person, Visit, HelpRequest, Acknowledgement),
        (Badge, BadgeCopy, PrintJob, AccessEvent, KnownScan, Presence, Still),
        (LedgerEntry, PurgeItem, Job),
    )
    for kind in room
]
"""Tables from which a purge deletes rows."""
TRIES: Final = 5
WAIT_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was done to the files."""

    log_emptied: bool
    """False: a reader was in the way each time; pages of deleted rows may remain in the log until the next purge."""
    rewritten: bool
    size_bytes: int


def scrub(runtime: Runtime) -> Scrubbed:
    """Write the keyring anew, then the main database if it is small or its week is over, and empty its log."""
    erasure.scrub_keyring(runtime)
    size = _size(runtime)
    rewrites = size <= SMALL_BYTES or _week_is_over(runtime)
    if not runtime.embedded:
        compact(runtime.engine, ERASED_FROM)
        return Scrubbed(log_emptied=True, rewritten=False, size_bytes=size)
    rewritten = False
    if runtime.writers.acquire(runtime.settings.database.lock_timeout_seconds):
        try:
            if rewrites:
                rewritten = _rewrite(runtime)
            emptied = _empty_log(runtime)
        finally:
            runtime.writers.release()
    else:
        raise Unavailable
    return Scrubbed(emptied, rewritten, _size(runtime))


def _rewrite(runtime: Runtime) -> bool:
    try:
        compact(runtime.engine)
    except sa.exc.OperationalError:
        return False
    return True


def _empty_log(runtime: Runtime) -> bool:
    for number in range(TRIES):
        if truncate_log(runtime.engine):
            return True
        time.sleep(WAIT_SECONDS * (number + 1))
    return False


def _size(runtime: Runtime) -> int:
    if not runtime.embedded or runtime.engine.url.database is None:
        return 0
    path = Path(runtime.engine.url.database)
    return path.stat().st_size if path.is_file() else 0


def _week_is_over(runtime: Runtime) -> bool:
    with runtime.reading(SYSTEM) as work:
        query = sa.select(PurgeRun.certificate).where(
            PurgeRun.state == PurgeState.DONE, PurgeRun.ended_at > work.now - LARGE_EVERY
        )
        return not any((facts or {}).get("files", {}).get("rewritten") for facts in work.session.scalars(query))

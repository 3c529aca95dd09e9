"""Leaving no bytes of deleted rows in the files: gaps of pages erased, logs emptied.

`secure_delete=ON` overwrites what is freed, yet cells that a page moved may leave a copy in its gap: `core.gaps`.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from visitor.access.models import AccessEvent, KnownScan, Presence
from visitor.badges.models import Badge, BadgeCopy, PrintJob
from visitor.cctv.models import Still
from visitor.core import gaps
from visitor.core.db import free
from visitor.core.errors import Unavailable
from visitor.core.models import Job
from visitor.core.work import Runtime
from visitor.ledger.models import LedgerEntry
from visitor.notices.models import Acknowledgement
from visitor.people import erasure
from visitor.people.models import Person, PersonalRecord, PersonToken
from visitor.privacy.models import PurgeItem
from visitor.visits.models import HelpRequest, Visit

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

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was done to the files."""

    log_emptied: bool
    """False: a reader was in the way each time; copies of deleted rows may remain until the next purge."""
    gaps_erased: bool
    """False on PostgreSQL, whose files are not the product's."""
    size_bytes: int


def scrub(runtime: Runtime) -> Scrubbed:
    """Erase the gaps of the pages of keyring and database, and empty both logs; PostgreSQL frees dead rows instead."""
    if not runtime.embedded:
        erasure.scrub_keyring(runtime)
        free(runtime.engine, ERASED_FROM)
        return Scrubbed(log_emptied=True, gaps_erased=False, size_bytes=0)
    try:
        keyring_erased = erasure.scrub_keyring(runtime)
        # Whoever is in the way at the keyring is no reason to leave the other file as it is.
        erased = gaps.erase(runtime.engine, partial(_alone, runtime)) and keyring_erased
    except gaps.GapsKept:
        log.exception("scrub.gaps_kept")
        erased = False
    return Scrubbed(log_emptied=erased, gaps_erased=erased, size_bytes=_size(runtime))


@contextmanager
def _alone(runtime: Runtime) -> Generator[None]:
    """Stand in the writers' queue, and hold it."""
    if not runtime.writers.acquire(runtime.settings.database.lock_timeout_seconds):
        raise Unavailable
    try:
        yield
    finally:
        runtime.writers.release()


def _size(runtime: Runtime) -> int:
    path = Path(runtime.engine.url.database or "")
    return path.stat().st_size if path.is_file() else 0

"""Limits on how often something may be tried, kept in the database so that every process counts alike."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from visitor.core.errors import TooMany
from visitor.core.models import Throttle
from visitor.core.work import Work


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` tries in each window of `seconds`."""

    name: str
    count: int
    seconds: int


def window(limit: Limit, at: datetime) -> datetime:
    """Return the beginning of the window that holds `at`."""
    return datetime.fromtimestamp(int(at.timestamp()) // limit.seconds * limit.seconds, UTC)


def count_try(work: Work, limit: Limit, key: str) -> None:
    """Count one try of `key`, and refuse it when the window is full.

    The count stays only if the transaction commits: a caller that must count failures as well commits them first.

    Raises:
        TooMany: the window is full; says after how many seconds the next one begins.
    """
    if tries(work, limit, key) >= limit.count:
        raise TooMany(retry_after_seconds=_seconds_left(limit, work.now))
    add_try(work, limit, key)


def tries(work: Work, limit: Limit, key: str) -> int:
    """Return how often `key` was tried in the present window."""
    where = (Throttle.key_hash == _hash(limit, key), Throttle.window_at == window(limit, work.now))
    return work.session.scalar(sa.select(Throttle.count).where(*where)) or 0


def add_try(work: Work, limit: Limit, key: str) -> None:
    """Count one try without judging it."""
    insert = sqlite.insert if work.runtime.embedded else postgresql.insert
    row = {"key_hash": _hash(limit, key), "window_at": window(limit, work.now), "count": 1}
    statement = insert(Throttle).values(row)
    work.session.execute(
        statement.on_conflict_do_update(index_elements=["key_hash", "window_at"], set_={"count": Throttle.count + 1})
    )


def take_back(work: Work, limit: Limit, key: str) -> None:
    """Uncount one try of the present window: it turned out to be rightful."""
    where = (Throttle.key_hash == _hash(limit, key), Throttle.window_at == window(limit, work.now), Throttle.count > 0)
    work.session.execute(sa.update(Throttle).where(*where).values(count=Throttle.count - 1))


def sweep(work: Work) -> int:
    """Delete windows older than a day."""
    where = Throttle.window_at < work.now - timedelta(days=1)
    return work.session.connection().execute(sa.delete(Throttle).where(where)).rowcount


def _seconds_left(limit: Limit, at: datetime) -> int:
    return max(1, limit.seconds - int((at - window(limit, at)).total_seconds()))


def _hash(limit: Limit, key: str) -> bytes:
    return hashlib.blake2b(f"{limit.name}\0{key}".encode(), digest_size=16).digest()

"""Reads elsewhere: a PostgreSQL standby answers what may be a few seconds old, as long as it is fresh enough.

How old its state is, is measured at each read. First the primary says up to where it has written its log; then the
standby says up to where it has replayed. If it has replayed all of that, its state is of this moment. If not, its state
is of the last commit that it has replayed, by the primary's clock; a living worker commits something each second, so
that instant does not stand still in a quiet house. Who has just changed something reads a standby only if that has
replayed the change: `written` gives the place in the log, `after` demands it.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Engine

from visitor.core import databases
from visitor.core.databases import Identity
from visitor.core.db import APPLICATION
from visitor.core.settings import DatabaseSettings

T_co = TypeVar("T_co", covariant=True)

CONNECT_SECONDS: Final = 2
"""The shortest that libpq knows."""
AGAIN_SECONDS: Final = 5.0
"""A standby that failed is left alone for so long: no reader waits for it meanwhile."""
FAULTS: Final = (sa.exc.DBAPIError, sa.exc.TimeoutError)

# Not what is flushed: with `synchronous_commit = off` a commit is seen before that.
_WRITTEN = sa.text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, clock_timestamp()")
_REPLAYED = sa.text(
    "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0'::pg_lsn, pg_last_xact_replay_timestamp()"
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Written:
    """Up to where the primary has written, and when it said so."""

    place: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Replayed:
    """The state that a standby shows."""

    place: int
    as_of: datetime
    behind_seconds: float


@dataclass(frozen=True, slots=True)
class Seen(Generic[T_co]):
    """What was read, and how old it is."""

    value: T_co
    as_of: datetime
    behind_seconds: float = 0.0
    elsewhere: bool = False
    """It was read from the standby."""
    place: int | None = None
    """The state's place in the log, where there is a standby: what is read next is not older if it demands this."""


class NotStandby(Exception):
    """The address leads to a database that replays nothing, or another database's changes."""


class Replica:
    """One standby and whether it may be read."""

    def __init__(self, primary: Engine, url: str, settings: DatabaseSettings) -> None:
        self._primary = primary
        self.engine = _open(url, settings)
        self._limit_seconds = settings.replica_lag_seconds
        self._guard = threading.Lock()
        self._again_at = 0.0
        self._original: Identity | None = None
        """What the primary said last that it is."""

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @property
    def resting(self) -> bool:
        """Tell whether the standby failed a moment ago and is not to be asked."""
        with self._guard:
            return time.monotonic() < self._again_at

    def failed(self, fault: Exception) -> None:
        """Leave the standby alone for a while."""
        with self._guard:
            self._again_at = time.monotonic() + AGAIN_SECONDS
        log.warning("replica.failed", fault=type(fault).__name__)

    def written(self) -> Written:
        """Return up to where the primary has written: behind everything that is committed. Raises its errors."""
        with self._primary.connect() as connection:
            self._original = _identity(connection)
            place, at = connection.execute(_WRITTEN).one()
        return Written(int(place), at.astimezone(UTC))

    def replayed(self, connection: sa.Connection, written: Written) -> Replayed | None:
        """Return what the standby shows; None while it cannot tell how old that is.

        Args:
            connection: to the standby.
            written: what the primary said just before.

        Raises:
            NotStandby: it is none.
        """
        recovering, place, committed_at = connection.execute(_REPLAYED).one()
        if not recovering or _identity(connection) != self._original:
            raise NotStandby
        if place is None:
            return None
        if place >= written.place:
            return Replayed(int(place), written.at, 0.0)
        if committed_at is None:
            return None
        as_of = min(committed_at.astimezone(UTC), written.at)
        return Replayed(int(place), as_of, (written.at - as_of).total_seconds())

    def fit(self, state: Replayed | None, after: int | None) -> bool:
        """Tell whether a state may be shown: young enough, and with what the reader knows of already."""
        return state is not None and state.behind_seconds <= self._limit_seconds and state.place >= (after or 0)

    def look(self, written: Written) -> Replayed | None:
        """Return what the standby shows now, for those who watch it.

        Args:
            written: what the primary said just before.

        Raises:
            NotStandby: it is none.
        """
        # Said aloud: the pool hands out connections that last read only, and "read write" is refused there.
        with self.engine.connect().execution_options(postgresql_readonly=True) as connection:
            return self.replayed(connection, written)


def _identity(connection: sa.Connection) -> Identity:
    """Tell which database this is; asked once for each connection, for it cannot change under it."""
    known: Identity | None = connection.info.get(Identity)
    if known is None:
        known = connection.info[Identity] = databases.identity(connection)
    return known


def _open(url: str, settings: DatabaseSettings) -> Engine:
    limit = int(settings.replica_timeout_seconds * 1000)
    return sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_timeout=settings.replica_timeout_seconds,
        pool_pre_ping=True,
        connect_args={
            "options": f"-c statement_timeout={limit} -c timezone=UTC",
            "connect_timeout": CONNECT_SECONDS,
            "client_encoding": "utf8",
            "application_name": APPLICATION,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": max(limit, 1000),
        },
    )

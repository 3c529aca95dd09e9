"""One transaction, one instant, one actor: what every operation is handed."""

import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from visitor.core import patience
from visitor.core.actors import Actor
from visitor.core.clock import Clock, SystemClock
from visitor.core.errors import Unavailable
from visitor.core.i18n import N_
from visitor.core.ids import new_id
from visitor.core.live import Changes
from visitor.core.permissions import Permission
from visitor.core.prepared import glance
from visitor.core.replica import FAULTS, NotStandby, Replica, Seen
from visitor.core.settings import Settings
from visitor.core.tally import Kind, Tally

T = TypeVar("T")

BUSY_SECONDS: Final = 10.0
"""So long after somebody waited in vain, requests wait for a moment only: they would wait for the same."""

DISK_REFUSES = N_(
    "The server cannot write to its disk, which may be full, so this was not saved. "
    "Tell your administrator, then try again."
)
_SQLITE_REFUSALS: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
_POSTGRES_FULL: Final = "53100"
_POSTGRES_LOCKED: Final = frozenset({"55P03", "40P01"})
"""lock_not_available and deadlock_detected."""
_BYTE: Final = 0xFF
"""SQLite's extended codes carry the plain one in their lowest byte."""

log = structlog.get_logger()


class Resources:
    """Things that rooms need and the composition hands out, each found by its own class.

    A room reaches a resource only if it may import its class, so import contracts decide who holds what.
    """

    def __init__(self) -> None:
        self._held: dict[type, object] = {}

    def put(self, kind: type[T], resource: T) -> None:
        """Keep `resource` under its class."""
        self._held[kind] = resource

    def get(self, kind: type[T]) -> T:
        """Return the resource of that class.

        Raises:
            LookupError: the composition did not provide it.
        """
        held = self._held.get(kind)
        if not isinstance(held, kind):
            raise LookupError(f"no {kind.__name__} was provided")
        return held


class FairLock:
    """A lock that is granted in the order of asking, so that no writer starves; `places` may hold it at once."""

    def __init__(self, places: int = 1) -> None:
        self._guard = threading.Lock()
        self._free = places
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, timeout_seconds: float, *, hopeless: Callable[[], bool] = lambda: True) -> bool:
        """Wait for the lock; return False when the time is over and it is `hopeless` to wait for another moment."""
        with self._guard:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        while not turn.wait(timeout_seconds):
            if hopeless():
                return not self._given_up(turn)
            timeout_seconds = patience.MOMENT_SECONDS
        return True

    def _given_up(self, turn: threading.Event) -> bool:
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return True
        return False  # the turn came between the time-out and the guard

    def release(self) -> None:
        """Hand the lock to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


@dataclass(slots=True)
class Work:
    """One business transaction. Operations add to it and never commit."""

    session: Session
    now: datetime
    """The one instant at which everything in this transaction happens."""
    actor: Actor
    runtime: "Runtime"
    changed_sites: set[UUID] = field(default_factory=set)
    """Sites whose open pages are told once this has committed; operations add to it."""
    counted: Counter[Kind] = field(default_factory=Counter)
    """What `/metrics` counts once this has committed; operations add to it."""

    def resource(self, kind: type[T]) -> T:
        """Return a resource that the composition provided (see `Resources`)."""
        return self.runtime.resources.get(kind)

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.runtime.settings

    def require(self, permission: Permission, site_id: UUID | None = None) -> None:
        """Refuse unless the actor may do this at the site (see `Actor.require`)."""
        self.actor.require(permission, site_id)

    def new_id(self) -> UUID:
        """Return a fresh, time-ordered id."""
        return new_id(self.now)


@dataclass(slots=True)
class Runtime:
    """What one running process holds: settings, engines, clock, resources."""

    settings: Settings
    engine: Engine
    clock: Clock = field(default_factory=SystemClock)
    resources: Resources = field(default_factory=Resources)
    writers: FairLock = field(init=False)
    """On SQLite one writer at a time, in order; on PostgreSQL so many that half of the connections are left to those
    who read, also while every writer waits for a lock."""
    changes: Changes = field(default_factory=Changes)
    tally: Tally = field(default_factory=Tally)
    replica: Replica | None = None
    """The standby that `reading_elsewhere` prefers."""
    refused_at: datetime | None = None
    """When the disk last refused to take something; small things may have found room since."""
    _busy_until: float = 0.0

    def __post_init__(self) -> None:
        """Give as many turns to write as the database can take."""
        self.writers = FairLock(1 if self.embedded else self.settings.database.pool_size)

    @property
    def busy(self) -> bool:
        """Tell whether somebody has waited in vain for the database just now."""
        return time.monotonic() < self._busy_until

    @property
    def embedded(self) -> bool:
        """Tell whether the database is SQLite, so this process is the only one."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self, actor: Actor) -> Generator[Work]:
        """Open a writing transaction; it commits at the end and rolls back on any error.

        Raises:
            Unavailable: the disk of the database is full, or others kept the database busy for longer than the lock
                time-out.
        """
        if self.busy:
            patience.hurry()
        if not self.writers.acquire(patience.left(self.settings.database.lock_timeout_seconds)):
            self._note_busy()
            raise Unavailable
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                work = Work(session, self.clock.now(), actor, self)
                yield work
                if work.changed_sites and self.changes.neighbours is not None:
                    self.changes.neighbours.note(session, work.changed_sites)
        except (DBAPIError, PoolTimeout) as fault:
            told = self.as_told(fault)
            if told is None:
                raise
            raise told from fault
        finally:
            self.writers.release()
        if work.counted:
            self.tally.add(work.counted)
        if work.changed_sites:
            self.changes.publish(work.changed_sites)

    def as_told(self, fault: DBAPIError | PoolTimeout) -> Unavailable | None:
        """Return what to tell about a disk that is full or a database that is busy; None for any other fault."""
        name = type(getattr(fault, "orig", fault)).__name__
        if _disk_refused(fault):
            log.error("database.disk_refuses", fault=name)
            self.refused_at = self.clock.now()
            return Unavailable(DISK_REFUSES)
        if _is_busy(fault):
            log.warning("database.busy", fault=name)
            self._note_busy()
            return Unavailable()
        return None

    def _note_busy(self) -> None:
        self._busy_until = time.monotonic() + BUSY_SECONDS

    @contextmanager
    def reading(self, actor: Actor) -> Generator[Work]:
        """Open a transaction that only reads: it waits for no writer and cannot open sealed records."""
        with self.engine.connect() as connection, self._only_reading(connection, actor) as work:
            yield work

    def reading_elsewhere(self, actor: Actor, read: Callable[[Work], T], *, after: int | None = None) -> Seen[T]:
        """Read what may be a little old: from the standby while that is fit, else from here.

        Args:
            actor: who reads.
            read: reads in a transaction like `reading`; it may be called a second time when the standby fails.
            after: a place in the log that must be shown, such as that of the reader's own last change.
        """
        seen = self._from_replica(actor, read, after)
        if seen is not None:
            self.tally.add({("read", "replica"): 1})
            return seen
        place = None if self.replica is None else self.replica.written().place
        with glance(self.engine) as connection, self._session(connection, actor) as work:
            seen = Seen(read(work), as_of=work.now, place=place)
        if self.replica is not None:
            self.tally.add({("read", "primary"): 1})
        return seen

    def _from_replica(self, actor: Actor, read: Callable[[Work], T], after: int | None) -> Seen[T] | None:
        replica = self.replica
        if replica is None or replica.resting:
            return None
        written = replica.written()
        try:
            with replica.engine.connect() as connection, self._only_reading(connection, actor) as work:
                state = replica.replayed(work.session.connection(), written)
                if state is None or not replica.fit(state, after):
                    return None
                return Seen(read(work), state.as_of, state.behind_seconds, elsewhere=True, place=state.place)
        except (*FAULTS, NotStandby) as fault:
            replica.failed(fault)
            return None

    @contextmanager
    def _only_reading(self, connection: Connection, actor: Actor) -> Generator[Work]:
        options = {"writes": False}
        if not self.embedded:
            options["postgresql_readonly"] = True
        with self._session(connection.execution_options(**options), actor) as work:
            yield work

    @contextmanager
    def _session(self, connection: Connection, actor: Actor) -> Generator[Work]:
        with Session(connection, expire_on_commit=False) as session, session.begin():
            yield Work(session, self.clock.now(), actor, self)


def _disk_refused(fault: DBAPIError | PoolTimeout) -> bool:
    """Tell whether there was no room for what was to be written."""
    if isinstance(fault, PoolTimeout):
        return False
    if isinstance(fault.orig, sqlite3.Error):
        return getattr(fault.orig, "sqlite_errorcode", None) in _SQLITE_REFUSALS
    return getattr(fault.orig, "sqlstate", None) == _POSTGRES_FULL


def _is_busy(fault: DBAPIError | PoolTimeout) -> bool:
    """Tell whether others held a lock, or all connections, for too long."""
    if isinstance(fault, PoolTimeout):
        return True
    if isinstance(fault.orig, sqlite3.Error):
        return (getattr(fault.orig, "sqlite_errorcode", None) or 0) & _BYTE == sqlite3.SQLITE_BUSY
    return getattr(fault.orig, "sqlstate", None) in _POSTGRES_LOCKED

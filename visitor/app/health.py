"""Whether this server can answer (`/readyz`), and how the house stands behind it.

A server is not ready when it cannot answer requests itself: no database, no keyring, no room on the disk. A worker that
is late or a purge that is behind stands in the details and in `/metrics`: no other server would do better, and taking
all of them out would close the reception.
"""

import ipaddress
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from visitor.app.proxies import STRANGER
from visitor.app.working import ALIVE_FOR, HEARTBEAT
from visitor.core import web
from visitor.core.actors import SYSTEM
from visitor.core.keyring import Keyring
from visitor.core.models import Lease
from visitor.core.replica import FAULTS, NotStandby, Replica
from visitor.core.work import Runtime, Work
from visitor.people.models import PersonalRecord
from visitor.privacy import months
from visitor.privacy.models import PurgeRun, PurgeState

LEAST_FREE_BYTES: Final = 200_000_000
REFUSAL_COUNTS: Final = timedelta(seconds=10)
"""A refused write keeps load balancers away for so long; only what is sent then tells whether there is room again."""
PURGE_LATE: Final = timedelta(hours=36)
"""A night and half a day without a purge, although something is due."""
COUNTED: Final = 10_000
"""Overdue rows are counted up to here."""


class State(StrEnum):
    """How one thing stands."""

    OK = "ok"
    LATE = "late"
    """Works, but somebody should look."""
    FAULT = "fault"
    """This server cannot answer requests."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found."""

    state: State
    numbers: dict[str, int | float | None]

    def content(self) -> dict[str, object]:
        """Return it for the answer."""
        return {"state": self.state.value, **self.numbers}


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


@web.open_to_all("tells only that the process answers")
def healthz() -> ResponseReturnValue:
    """Say that the process answers."""
    return "ok\n", 200, {"Content-Type": "text/plain"}


@web.open_to_all("tells load balancers whether to send requests; details go to named networks alone")
def readyz() -> ResponseReturnValue:
    """Say whether this server can answer requests."""
    runtime = web.runtime()
    looks = _looks(runtime)
    ready = all(look.state is not State.FAULT for look in looks.values())
    body: dict[str, object] = {"ready": ready}
    if near():
        body["checks"] = {name: look.content() for name, look in looks.items()}
    return jsonify(body), 200 if ready else 503


def near() -> bool:
    """Tell whether the request comes from this machine or a network that the settings name."""
    if STRANGER in request.environ:
        return False
    try:
        client = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return client.is_loopback or any(client in network for network in web.runtime().settings.server.metrics_networks)


def _looks(runtime: Runtime) -> dict[str, Look]:
    """Look at everything; a database that does not answer is asked once, for each asking may wait."""
    found: dict[str, Look] = {}
    for name, look in LOOKS.items():
        gone = name in ASK_DATABASE and found["database"].state is State.FAULT
        found[name] = Look(State.FAULT, {}) if gone else _guarded(look, runtime)
    return found


def _guarded(look: Callable[[Runtime], Look], runtime: Runtime) -> Look:
    try:
        return look(runtime)
    except (sa.exc.SQLAlchemyError, OSError):
        return Look(State.FAULT, {})


def _database(runtime: Runtime) -> Look:
    with runtime.reading(SYSTEM) as work:
        work.session.execute(sa.select(1))
    return Look(State.OK, {})


def _keyring(runtime: Runtime) -> Look:
    runtime.resources.get(Keyring).answers()
    return Look(State.OK, {})


def _disk(runtime: Runtime) -> Look:
    folders = runtime.settings.directories
    free = min(shutil.disk_usage(folder).free for folder in (folders.data, folders.erasure_journal.parent))
    refused_at = runtime.refused_at
    refuses = refused_at is not None and runtime.clock.now() - refused_at < REFUSAL_COUNTS
    return Look(State.FAULT if refuses or free < LEAST_FREE_BYTES else State.OK, {"free_bytes": free})


def _replica(runtime: Runtime) -> Look:
    """Tell whether the standby is read; without it everything is read here, so it never makes a server unready."""
    if runtime.replica is None:
        return Look(State.OK, {})
    try:
        lag = replica_lag(runtime.replica)
    except sa.exc.SQLAlchemyError:
        lag = None  # the primary did not answer; `database` tells that
    fresh = lag is not None and lag <= runtime.settings.database.replica_lag_seconds
    return Look(State.OK if fresh else State.LATE, {"lag_seconds": lag})


def replica_lag(replica: Replica) -> float | None:
    """Return how old the standby's state is; None when it is gone or cannot tell. Raises the primary's errors."""
    if replica.resting:
        return None
    written = replica.written()  # outside: the standby is not to blame for the primary
    try:
        state = replica.look(written)
    except (*FAULTS, NotStandby) as fault:
        replica.failed(fault)
        return None
    return None if state is None else state.behind_seconds


def _worker(runtime: Runtime) -> Look:
    with runtime.reading(SYSTEM) as work:
        age = heartbeat_age(work)
    late = age is None or age > ALIVE_FOR.total_seconds()
    return Look(State.LATE if late else State.OK, {"heartbeat_age_seconds": age})


def _purge(runtime: Runtime) -> Look:
    with runtime.reading(SYSTEM) as work:
        waiting, oldest = overdue(work)
        since = _since_last_purge(work)
    behind = waiting > 0 and oldest > PURGE_LATE.total_seconds() and (since is None or since > PURGE_LATE)
    numbers = {
        "overdue_records": waiting,
        "oldest_overdue_seconds": oldest,
        "last_purge_age_seconds": None if since is None else since.total_seconds(),
    }
    return Look(State.LATE if behind else State.OK, numbers)


def _months(runtime: Runtime) -> Look:
    with runtime.reading(SYSTEM) as work:
        ready = months.outlook(work)
    if ready is None:
        return Look(State.OK, {})
    return Look(State.LATE if ready.ahead < 1 else State.OK, {"months_ahead": ready.ahead})


def heartbeat_age(work: Work) -> float | None:
    """Return the seconds since a worker was last heard of; None when there never was one."""
    until = work.session.scalar(sa.select(Lease.until_at).where(Lease.name == HEARTBEAT))
    return None if until is None else max(0.0, (work.now - (until - ALIVE_FOR)).total_seconds())


def overdue(work: Work) -> tuple[int, float]:
    """Return how many records are due (at most `COUNTED`) and for how many seconds the oldest is.

    Held records are among them: nobody sees them, but they are there.
    """
    due = (PersonalRecord.due_at <= work.now, PersonalRecord.restricted.is_(False))
    some = sa.select(PersonalRecord.id).where(*due).limit(COUNTED).subquery()
    waiting = work.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    query = sa.select(PersonalRecord.due_at).where(*due).order_by(PersonalRecord.due_at).limit(1)
    oldest = work.session.scalar(query)
    return waiting, 0.0 if oldest is None else (work.now - oldest).total_seconds()


def _since_last_purge(work: Work) -> timedelta | None:
    done = sa.select(PurgeRun.ended_at).where(PurgeRun.state == PurgeState.DONE, PurgeRun.ended_at.is_not(None))
    ended = work.session.scalar(done.order_by(PurgeRun.ended_at.desc()).limit(1))
    return None if ended is None else work.now - ended


LOOKS: Final[dict[str, Callable[[Runtime], Look]]] = {
    "database": _database,
    "keyring": _keyring,
    "disk": _disk,
    "replica": _replica,
    "worker": _worker,
    "purge": _purge,
    "months": _months,
}
ASK_DATABASE: Final = frozenset({"replica", "worker", "purge", "months"})

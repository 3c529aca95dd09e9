"""A house that was carried elsewhere: servers and workers do not begin on what stayed behind.

What they wrote there would be missing in the new place. While a copy is made, PostgreSQL keeps them out by a lock (on
SQLite the lock of the installation does it); afterwards a row says where the house went.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from visitor.core import databases
from visitor.core.clock import SystemClock
from visitor.core.errors import SetupFault
from visitor.core.models import Lease

MOVED: Final = "house.moved"
"""The lease that the new place has for good."""
_COPYING: Final = 0x6D_6F_76_69_6E_67
"""PostgreSQL advisory lock number: "moving" in ASCII."""


def keep_servers_out(connection: sa.Connection) -> None:
    """Let no server or worker begin until this connection is closed (PostgreSQL)."""
    connection.execute(sa.select(sa.func.pg_advisory_lock(_COPYING)))


def refuse_moved(engine: Engine) -> None:
    """Refuse to serve or work where the house is being copied, or was carried away.

    Raises:
        SetupFault: says where it went, and how to stay after all.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            free = connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock_shared(_COPYING)))
            if not free:
                raise SetupFault(
                    "A copy of this installation is being made (`visitor db copy`). Start when it is done."
                )
        mark = connection.execute(sa.select(Lease.owner, Lease.until_at).where(Lease.name == MOVED)).one_or_none()
    if mark is not None:
        raise SetupFault(
            f"This installation was carried to {mark.owner} on {mark.until_at:%Y-%m-%d at %H:%M} UTC: what is written "
            "here would be missing there. Name that database in the settings. To stay here after all: "
            "`visitor db reopen`."
        )


def note(connection: sa.Connection, to: str) -> None:
    """Say in the old place where the house went."""
    forget(connection)
    row = {"name": MOVED, "owner": databases.shown(to), "token": 1, "until_at": SystemClock().now()}
    connection.execute(sa.insert(Lease), [row])


def forget(connection: sa.Connection) -> bool:
    """Take the mark away; return whether there was one."""
    return connection.execute(sa.delete(Lease).where(Lease.name == MOVED)).rowcount > 0

"""Leases: what one process at a time may do, with a fencing token against sleepers."""

from datetime import timedelta

import sqlalchemy as sa

from visitor.core.errors import Conflict
from visitor.core.models import Lease
from visitor.core.work import Work


def take(work: Work, name: str, owner: str, span: timedelta) -> int | None:
    """Take or renew the lease; return its fencing token, or None while another owner holds it."""
    held = work.session.scalar(sa.select(Lease).where(Lease.name == name).with_for_update())
    if held is None:
        work.session.add(Lease(name=name, owner=owner, token=1, until_at=work.now + span))
        work.session.flush()
        return 1
    if held.owner != owner and held.until_at > work.now:
        return None
    if held.owner != owner:
        held.owner, held.token = owner, held.token + 1
    held.until_at = work.now + span
    return held.token


def check(work: Work, name: str, token: int) -> None:
    """Make sure that the lease was not taken over since `token` was given.

    Raises:
        Conflict: another process has it now; this one must stop without writing.
    """
    held = work.session.scalar(sa.select(Lease.token).where(Lease.name == name).with_for_update())
    if held != token:
        raise Conflict


def give_back(work: Work, name: str, token: int) -> None:
    """End the lease at once, if it is still this one."""
    ended = sa.update(Lease).where(Lease.name == name, Lease.token == token).values(until_at=work.now)
    work.session.execute(ended)

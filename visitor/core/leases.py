"""Leases: what one process at a time may do, with a fencing token against sleepers."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from visitor.core.errors import Conflict
from visitor.core.models import Lease
from visitor.core.work import Work


def take(work: Work, name: str, owner: str, span: timedelta) -> int | None:
    """Take or renew the lease; return its fencing token, or None while another owner holds it."""
    insert = sqlite.insert if work.runtime.embedded else postgresql.insert
    row = {"name": name, "owner": owner, "token": 1, "until_at": work.now + span}
    made = insert(Lease).values(row).on_conflict_do_nothing().returning(Lease.token)
    query = sa.select(Lease).where(Lease.name == name).with_for_update()
    held = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if held is None:
        if work.session.execute(made).first() is not None:
            return 1
        # Another process made it between the two statements.
        held = work.session.scalars(query).one()
    if held.owner != owner and not over(held.until_at, work.now, span):
        return None
    if held.owner != owner:
        held.owner, held.token = owner, held.token + 1
    held.until_at = work.now + span
    return held.token


def renew(work: Work, name: str, owner: str, token: int, span: timedelta) -> bool:
    """Renew a lease that was taken; return False when another owner has taken it meanwhile.

    Until this transaction ends nobody else takes it.
    """
    mine = (Lease.name == name, Lease.owner == owner, Lease.token == token)
    renewed = sa.update(Lease).where(*mine).values(until_at=work.now + span)
    return work.session.connection().execute(renewed).rowcount == 1


def over(until_at: datetime, now: datetime, span: timedelta) -> bool:
    """Tell whether a lease of `span` that was to last until `until_at` is over.

    One that would last longer than twice its span was given before the clock was set back: nobody waits for an hour
    that comes again. The fencing token keeps its owner out.
    """
    return until_at <= now or until_at > now + 2 * span


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

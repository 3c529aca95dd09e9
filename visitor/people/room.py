"""The door of the locked room: who may be inside at the same time.

Keys are made in the keyring's own transaction, before the record that they seal is committed. Seen from outside, the
key of a sign-in that is going on looks like the orphan of one that crashed. Whoever makes keys therefore holds the room
*shared* until the end of the transaction, and the sweep holds it *alone*: while it looks, every key belongs to a record
that can be seen, or to none. On SQLite the write lock, which every writing transaction holds from its beginning, is
that lock; on PostgreSQL it is an advisory lock. No clock is involved.
"""

from typing import Final

import sqlalchemy as sa

from visitor.core.work import Work

ROOM_LOCK: Final = 0x7065_6F70_6C65
"""PostgreSQL advisory lock number: "people" in ASCII."""


def require_writing(work: Work) -> None:
    """Make sure that the transaction can write.

    Raises:
        RuntimeError: it only reads. Opening a record leaves an audit entry, so it needs `runtime.transaction()`.
    """
    if not work.session.connection().get_execution_options().get("writes", True):
        raise RuntimeError("sealed records are opened and changed in a writing transaction, never in reading()")


def enter(work: Work) -> None:
    """Hold the room together with others until the transaction ends; before keys are made."""
    require_writing(work)
    if not work.runtime.embedded:
        work.session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(ROOM_LOCK)))


def enter_alone(work: Work) -> None:
    """Hold the room alone until the transaction ends; waits until everybody who makes keys has committed."""
    require_writing(work)
    if not work.runtime.embedded:
        work.session.execute(sa.select(sa.func.pg_advisory_xact_lock(ROOM_LOCK)))

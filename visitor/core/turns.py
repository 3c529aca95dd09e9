"""One after the other: who wants the same thing waits until the transaction before has ended.

On SQLite the write lock, which a writing transaction holds from its beginning, does so for everything.
"""

import hashlib
from uuid import UUID

import sqlalchemy as sa

from visitor.core.work import Work


def wait_turn(work: Work, what: str, key: UUID) -> None:
    """Hold `what` of `key` alone until the transaction ends; what others did before can be read afterwards."""
    if work.runtime.embedded:
        return
    digest = hashlib.blake2b(what.encode() + key.bytes, digest_size=8).digest()
    # Two keys that share a number only wait for each other needlessly.
    work.session.execute(sa.select(sa.func.pg_advisory_xact_lock(int.from_bytes(digest, "big", signed=True))))

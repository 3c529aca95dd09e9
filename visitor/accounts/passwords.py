"""Hashing of passwords: argon2id, and never so many at once that memory runs out."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from visitor.accounts.policy import normal_password
from visitor.core.ids import new_code

AT_ONCE = 2
"""Each hash takes 64 MiB and four threads for about 0.2 seconds."""

_strong = PasswordHasher()
_quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_turns = threading.BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """Return the argon2id hash with the library's parameters (RFC 9106, low-memory choice). Slow on purpose.

    Call it outside a transaction: on SQLite all writers would wait for it.
    """
    with _turns:
        return _strong.hash(normal_password(password))


def quick_hash(password: str) -> str:
    """Return a hash with cheap parameters, for tests; `verify` accepts it like any other."""
    return _quick.hash(normal_password(password))


def verify(stored_hash: str | None, password: str) -> bool:
    """Tell whether the password is the one that was hashed; without a hash, take just as long and say no."""
    with _turns:
        try:
            _strong.verify(stored_hash or _nobodys_hash(), normal_password(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored_hash is not None


def one_time_password() -> str:
    """Return a password to hand over once, with 80 random bits: `ABCD-EFGH-JKLM-NPQR`."""
    return "-".join(new_code(4) for _ in range(4))


@cache
def _nobodys_hash() -> str:
    return _strong.hash(new_code(16))

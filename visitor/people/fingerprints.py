"""Keyed hashes of whole requests, by which a repetition is told from something new without keeping what was sent."""

import hashlib
import hmac

from visitor.core.keyring import Keyring
from visitor.core.work import Work


def fingerprint(work: Work, content: bytes) -> bytes:
    """Return the HMAC-SHA-256 of `content` under the index key; without the key it tells nothing."""
    key = work.resource(Keyring).index_key
    return hmac.new(key, b"vbp1/request\0" + content, hashlib.sha256).digest()

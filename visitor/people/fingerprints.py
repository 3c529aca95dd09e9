"""Keyed hashes: of whole requests, to tell a repetition from something new, and of the codes of visitors."""

import hashlib
import hmac

from visitor.core.keyring import Keyring
from visitor.core.work import Work


def fingerprint(work: Work, content: bytes) -> bytes:
    """Return the HMAC-SHA-256 of `content` under the index key; without the key it tells nothing."""
    key = work.resource(Keyring).index_key
    return hmac.new(key, b"vbp1/request\0" + content, hashlib.sha256).digest()


def code_hash(work: Work, code: str) -> bytes:
    """Return the HMAC-SHA-256 of a visitor's code under the index key: a copied table tells no code."""
    key = work.resource(Keyring).index_key
    return hmac.new(key, b"vbp1/code\0" + code.encode(), hashlib.sha256).digest()

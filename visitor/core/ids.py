"""Identifiers: time-ordered for rows, random for whatever must not be guessed."""

import hashlib
import secrets
import uuid
from datetime import datetime

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without the letters and digits that people confuse (I, O, 0, 1)."""


def new_id(at: datetime) -> uuid.UUID:
    """Return a version 7 UUID: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7).

    Rows made later sort later, so indexes grow at their end.
    """
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    value &= ~(0xF << 76) & ~(0x3 << 62)
    return uuid.UUID(int=value | (0x7 << 76) | (0x2 << 62))


def first_id(at: datetime) -> uuid.UUID:
    """Return an id that sorts before every `new_id` of that instant or later."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80)


def new_token() -> str:
    """Return a bearer token of 256 random bits, safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def new_code(length: int) -> str:
    """Return a code of `length` characters for people to type: 5 random bits a character."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))


def typed_code(text: str) -> str:
    """Return a typed code as it was issued: upper case, without spaces and hyphens."""
    return "".join(character for character in text.upper() if character in CODE_ALPHABET)


def token_hash(token: str) -> bytes:
    """Return the SHA-256 of a random token; only hashes are stored. Never for low-entropy secrets."""
    return hashlib.sha256(token.encode()).digest()

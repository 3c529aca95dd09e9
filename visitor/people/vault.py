"""Sealing and opening one record's bytes: AES-256-GCM under the record's own key.

A key seals one content, or a few in its life, each time under 96 fresh random bits, so a nonce never meets its key
twice. The record's id, class and site are authenticated with it: sealed bytes that were moved to another row, another
class or another site do not open.
"""

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from visitor.core.classes import DataClass

NONCE_BYTES: Final = 12
_DOMAIN = b"visitor/people/record/1\0"


class Damaged(Exception):
    """The sealed bytes were changed or belong to another record."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where sealed bytes belong."""

    record_id: UUID
    data_class: DataClass
    site_id: UUID

    @property
    def context(self) -> bytes:
        """The bytes that are authenticated beside the content; ids are of fixed length, the class comes last."""
        return _DOMAIN + self.record_id.bytes + self.site_id.bytes + self.data_class.value.encode()


def seal(key: bytes, place: Place, content: bytes) -> bytes:
    """Return nonce and ciphertext."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place.context)


def unseal(key: bytes, place: Place, sealed: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        Damaged: it was changed, was sealed under another key, or belongs elsewhere.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.context)
    except (InvalidTag, ValueError):
        raise Damaged from None

"""The signed status list: one bit per badge, set when the badge is revoked, for readers without a network.

Byte layout for implementers: docs/badge-token.md. Golden vectors: tests/badges/vectors/status.json.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from visitor.badges.token import EPOCH, BadgeSigner, BadgeVerifier, TokenFault, TokenRefused

MAGIC = b"VBS1"
ALL_SITES = 0
LARGEST_LIST = 2**24
"""Places that a token's status index can name."""

_SIGNED_PREFIX = b"VBS1\0"
_HEADER = struct.Struct(">4sBHIII")
_SIGNATURE_BYTES = 64
_SECOND = timedelta(seconds=1)
_U32 = 2**32 - 1


@dataclass(frozen=True, slots=True)
class StatusList:
    """Which badges are revoked, as known at one instant."""

    site: int
    """`ALL_SITES`, or the site whose badges the list covers."""
    issued_at: datetime
    """Whole seconds, aware."""
    ttl: timedelta
    """After this time a reader should hold a newer list."""
    size: int
    """Number of places in the list."""
    bits: bytes
    """Place i is bit i % 8 (least significant first) of byte i // 8; set means revoked."""

    def is_revoked(self, index: int) -> bool:
        """Say whether the badge at this place is revoked. A place beyond the list was handed out after the list."""
        return index < self.size and bool(self.bits[index // 8] >> (index % 8) & 1)

    def is_stale(self, at: datetime) -> bool:
        """Say whether a newer list is due."""
        return at >= self.issued_at + self.ttl


def status_bits(revoked: Iterable[int], size: int) -> bytes:
    """Return the bits of a list of `size` places with the given places set.

    Raises:
        ValueError: a place lies outside the list.
    """
    bits = bytearray(-(-size // 8))
    for index in revoked:
        if not 0 <= index < size:
            raise ValueError(f"place {index} lies outside a list of {size}")
        bits[index // 8] |= 1 << (index % 8)
    return bytes(bits)


def encode_status_list(status: StatusList, signer: BadgeSigner) -> bytes:
    """Return the list as signed bytes.

    Raises:
        ValueError: bits and size disagree, or a number is out of range.
    """
    if not 0 <= status.size <= LARGEST_LIST or not _fits(status.bits, status.size):
        raise ValueError("the bits do not fit the size of the list")
    seconds, ttl_seconds = (status.issued_at - EPOCH) // _SECOND, status.ttl // _SECOND
    if not (0 <= seconds <= _U32 and 0 <= ttl_seconds <= _U32):
        raise ValueError("issued_at or ttl is out of range")
    header = _HEADER.pack(MAGIC, signer.key_id, status.site, seconds, ttl_seconds, status.size)
    packed = header + zlib.compress(status.bits, 9)
    return packed + signer.sign(_SIGNED_PREFIX + packed)


def read_status_list(packed: bytes, verifier: BadgeVerifier) -> StatusList:
    """Return the list after its signature has been checked.

    Raises:
        TokenRefused: the bytes are not a status list signed by a known key.
    """
    if not packed.startswith(MAGIC):
        raise TokenRefused(TokenFault.UNKNOWN_VERSION if packed.startswith(b"VBS") else TokenFault.NOT_A_BADGE)
    if len(packed) < _HEADER.size + _SIGNATURE_BYTES:
        raise TokenRefused(TokenFault.DAMAGED)
    signed, signature = packed[:-_SIGNATURE_BYTES], packed[-_SIGNATURE_BYTES:]
    _, key_id, site, seconds, ttl_seconds, size = _HEADER.unpack_from(signed)
    verifier.check(key_id, _SIGNED_PREFIX + signed, signature)
    return StatusList(
        site=site,
        issued_at=EPOCH + seconds * _SECOND,
        ttl=ttl_seconds * _SECOND,
        size=size,
        bits=_unpacked(signed[_HEADER.size :], size),
    )


def _unpacked(compressed: bytes, size: int) -> bytes:
    """Inflate no more than the list can hold: a small file must not fill the memory of a reader."""
    inflater = zlib.decompressobj()
    try:
        bits = inflater.decompress(compressed, -(-min(size, LARGEST_LIST) // 8) + 1)
    except zlib.error:
        raise TokenRefused(TokenFault.DAMAGED) from None
    if size > LARGEST_LIST or not inflater.eof or inflater.unused_data or not _fits(bits, size):
        raise TokenRefused(TokenFault.DAMAGED)
    return bits


def _fits(bits: bytes, size: int) -> bool:
    """The right number of bytes, and no bit set beyond the last place."""
    if len(bits) != -(-size // 8):
        return False
    return not size % 8 or bits[-1] >> (size % 8) == 0

"""The VB1 badge token: what a badge's QR code says, signed, short and without personal data.

Byte layout for implementers: docs/badge-token.md. Golden vectors: tests/badges/vectors/token.json.
"""

import base64
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag, StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PREFIX = "VB1:"
TOKEN_CHARACTERS = 148
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)

_SIGNED_PREFIX = b"VB1\0"
_BODY = struct.Struct(">BBHQB3sHIB3s")
_HOURS = 0x80
"""Flag bit 7: `life` counts hours."""
_MINUTE = timedelta(minutes=1)
_HOUR_MINUTES = 60
_U8, _U16, _U24, _U32, _U64 = (2**bits - 1 for bits in (8, 16, 24, 32, 64))
_OTHER_VERSION = re.compile(r"VB[0-9]{1,3}:")
_TEXT = re.compile(r"[A-Z2-7]{144}")
_TOKEN_BYTES = 90
_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")
"""From base32 to the digits that `int` reads: a quarter of the time that `base64` takes."""


class BadgeKind(IntEnum):
    """What the badge stands for."""

    TEST = 0
    """Golden vectors and printer test pages; no door opens for it."""
    VISIT = 1
    """One visit."""
    STANDING = 2
    """A contractor's badge that serves for many visits."""


class BadgeFlags(IntFlag):
    """Short rules that a reader without a network must know."""

    NONE = 0
    ESCORT = 1
    """The bearer must be escorted."""
    PHOTO = 2
    """A photo is printed on the badge: compare it."""
    PASSBACK = 4
    """Anti-passback applies."""
    OFFLINE_OK = 8
    """A reader may decide without asking the server."""


_KNOWN_FLAGS = int(BadgeFlags.ESCORT | BadgeFlags.PHOTO | BadgeFlags.PASSBACK | BadgeFlags.OFFLINE_OK)


class TokenFault(StrEnum):
    """Why a scanned text is not accepted as a badge."""

    NOT_A_BADGE = "not_a_badge"
    """Some other code or text."""
    DAMAGED = "damaged"
    """A badge, but characters are missing, added or impossible."""
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_VERSION = "unknown_version"
    """Genuine perhaps, but made by a newer product."""


class TokenRefused(Exception):
    """The text is not a badge that can be trusted."""

    def __init__(self, reason: TokenFault) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BadgeClaims:
    """What a token says. Times are aware; in the token `not_before_at` is rounded down and `expires_at` up."""

    kind: BadgeKind
    key_id: int
    site: int
    badge: int
    """Random, 64 bits; the only name of the badge."""
    copy: int
    """1 for the first print; printing copy n+1 revokes copy n."""
    not_before_at: datetime
    expires_at: datetime
    zones: int
    """One bit per zone of the site."""
    flags: BadgeFlags
    status_index: int
    """The badge's place in the signed status list."""


@dataclass(frozen=True, slots=True)
class BadgeSigner:
    """A private key with the number under which readers know its public half."""

    key_id: int
    private_key: Ed25519PrivateKey

    def sign(self, signed: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature."""
        return self.private_key.sign(signed)


class BadgeVerifier:
    """Checks tokens against the public keys that a reader trusts."""

    def __init__(self, public_keys: Mapping[int, Ed25519PublicKey]) -> None:
        self._public_keys = dict(public_keys)

    @property
    def public_keys(self) -> Mapping[int, Ed25519PublicKey]:
        """The trusted keys by number, for readers that check tokens by themselves."""
        return dict(self._public_keys)

    def verify(self, text: str) -> BadgeClaims:
        """Return what the token says, after its signature has been checked.

        Lower case and white space around the text are accepted, as keyboard-wedge scanners produce them. Whether the
        badge is expired or revoked is the caller's question.

        Raises:
            TokenRefused: the text is not a badge signed by a known key.
        """
        body, signature = _parts(text)
        self.check(body[1], _SIGNED_PREFIX + body, signature)
        return _claims(body)

    def check(self, key_id: int, signed: bytes, signature: bytes) -> None:
        """Check one signature.

        Raises:
            TokenRefused: the key is not known or the signature is not the key's.
        """
        key = self._public_keys.get(key_id)
        if key is None:
            raise TokenRefused(TokenFault.UNKNOWN_KEY)
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            raise TokenRefused(TokenFault.BAD_SIGNATURE) from None


def encode(claims: BadgeClaims, signer: BadgeSigner) -> str:
    """Return the token, 148 characters.

    Raises:
        ValueError: a field is out of range, or the claims name another key than the signer's.
    """
    if claims.key_id != signer.key_id:
        raise ValueError("the claims name another key than the signer's")
    body = _body(claims)
    return PREFIX + base64.b32encode(body + signer.sign(_SIGNED_PREFIX + body)).decode("ascii")


def _body(claims: BadgeClaims) -> bytes:
    starts = (claims.not_before_at - EPOCH) // _MINUTE
    life = -((EPOCH - claims.expires_at) // _MINUTE) - starts
    flags = int(claims.flags)
    if life > _U16:
        life, flags = -(-life // _HOUR_MINUTES), flags | _HOURS
    return _BODY.pack(
        _within(int(claims.kind), _U8, "kind"),
        _within(claims.key_id, _U8, "key_id"),
        _within(claims.site, _U16, "site"),
        _within(claims.badge, _U64, "badge"),
        _within(claims.copy, _U8, "copy"),
        _within(starts, _U24, "not_before_at").to_bytes(3, "big"),
        _within(life, _U16, "life"),
        _within(claims.zones, _U32, "zones"),
        flags,
        _within(claims.status_index, _U24, "status_index").to_bytes(3, "big"),
    )


def _within(number: int, limit: int, field: str) -> int:
    if not 0 <= number <= limit:
        raise ValueError(f"{field} is out of range: {number}")
    return number


def _parts(text: str) -> tuple[bytes, bytes]:
    """Split a scanned text into body and signature. 90 bytes fill 144 characters exactly: one spelling per token."""
    stripped = text.strip(" \t\r\n")
    # Only ASCII is folded: "ı".upper() is "I" and would be a second spelling.
    upper = stripped.upper() if stripped.isascii() else stripped
    if not upper.startswith(PREFIX):
        raise TokenRefused(TokenFault.UNKNOWN_VERSION if _OTHER_VERSION.match(upper) else TokenFault.NOT_A_BADGE)
    encoded = upper.removeprefix(PREFIX)
    if not _TEXT.fullmatch(encoded):
        raise TokenRefused(TokenFault.DAMAGED)
    packed = int(encoded.translate(_DIGITS), 32).to_bytes(_TOKEN_BYTES, "big")
    return packed[: _BODY.size], packed[_BODY.size :]


def _claims(body: bytes) -> BadgeClaims:
    kind, key_id, site, badge, copy, starts, life, zones, flags, status_index = _BODY.unpack(body)
    if kind not in set(BadgeKind) or flags & ~(_KNOWN_FLAGS | _HOURS):
        # A rule we do not know might forbid what we would allow.
        raise TokenRefused(TokenFault.UNKNOWN_VERSION)
    not_before_at = EPOCH + int.from_bytes(starts, "big") * _MINUTE
    return BadgeClaims(
        kind=BadgeKind(kind),
        key_id=key_id,
        site=site,
        badge=badge,
        copy=copy,
        not_before_at=not_before_at,
        expires_at=not_before_at + life * (_HOUR_MINUTES * _MINUTE if flags & _HOURS else _MINUTE),
        zones=zones,
        flags=BadgeFlags(flags & _KNOWN_FLAGS),
        status_index=int.from_bytes(status_index, "big"),
    )

"""Checkpoints as C2SP signed notes (signed-note, tlog-checkpoint), signed with Ed25519.

A note is its text, a blank line, and signature lines `— name base64(key id | signature)`. Signatures by unknown keys
are ignored, so keys can rotate and witnesses can add theirs; a wrong signature by a known key spoils the note.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class BadNote(ValueError):
    """A note, key or checkpoint that is malformed or not signed as it must be."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under, which for a log is the log's origin."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public) != 32:
            raise BadNote("a key needs a name without spaces or plus signs, and 32 bytes")

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a key written as `name+id+base64`.

        Raises:
            BadNote: it is malformed, not Ed25519, or its id does not belong to it.
        """
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = strict_base64(encoded)
        if raw[:1] != _ED25519:
            raise BadNote("not an Ed25519 key")
        key = cls(name, raw[1:])
        if key.key_id.hex() != key_id:
            raise BadNote("the key id does not belong to the key")
        return key

    def verifies(self, signature: bytes, text: str) -> bool:
        """Tell whether the signature over `text` is this key's."""
        return ed25519_verifies(self.public, signature, text.encode())


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name it signs under."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """Return the key of a 32-byte seed."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def signature_line(self, text: str) -> str:
        """Return the line that signs `text`, with its line end."""
        raw = self.verifier.key_id + self.private.sign(text.encode())
        return f"— {self.name} {base64.b64encode(raw).decode()}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log is at one moment: how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text to sign."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a checkpoint's text; extension lines are not used here and are refused.

        Raises:
            BadNote: it is not exactly what `text` would write.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
            raise BadNote("not a checkpoint: origin, size and root are expected, a line each")
        root = strict_base64(lines[2])
        if len(root) != 32:
            raise BadNote("the root has not 32 bytes")
        return cls(lines[0], int(lines[1]), root)

    def signed(self, *keys: SigningKey) -> str:
        """Return the checkpoint as a note signed by every key."""
        return sign_note(self.text(), keys)


def sign_note(text: str, keys: Sequence[SigningKey]) -> str:
    """Return `text` with a signature line for each key.

    Raises:
        BadNote: the text does not end its last line, or has control characters, or nobody signs.
    """
    if not keys or not text.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise BadNote("a note needs whole lines without control characters, and a key")
    return text + "\n" + "".join(key.signature_line(text) for key in keys)


def open_note(note: str, keys: Sequence[VerifierKey]) -> str:
    """Return the text of a note that at least one of `keys` signed.

    Raises:
        BadNote: the note is malformed, no known key signed it, or a known key's signature is wrong.
    """
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise BadNote("not a signed note")
    text, known = head + "\n", 0
    for line in tail[:-1].split("\n"):
        name, raw = _signature(line)
        for key in keys:
            if key.name == name and key.key_id == raw[:4]:
                if not key.verifies(raw[4:], text):
                    raise BadNote("the signature is wrong")
                known += 1
    if not known:
        raise BadNote("no signature by a known key")
    return text


def open_checkpoint(note: str, origin: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Return the checkpoint in a note that the log `origin` signed itself.

    Raises:
        BadNote: see `open_note`; or the checkpoint is another log's.
    """
    checkpoint = Checkpoint.parse(open_note(note, [key for key in keys if key.name == origin]))
    if checkpoint.origin != origin:
        raise BadNote("the checkpoint belongs to another log")
    return checkpoint


def ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature holds; malformed input does not."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def strict_base64(text: str) -> bytes:
    """Return decoded bytes; only the one canonical spelling is taken.

    Raises:
        BadNote: anything else.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise BadNote("base64 with loose ends")
    return raw


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = strict_base64(encoded)
    if dash != "—" or not _NAME.fullmatch(name) or len(raw) < 5:
        raise BadNote("a malformed signature line")
    return name, raw

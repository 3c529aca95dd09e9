"""What goes between a process and the one that opens pictures for it: a few words as JSON, and bytes.

Two lengths of four bytes each, then both parts. Nothing of it can be anything but words, numbers and bytes, so the one
that opened a stranger's picture cannot make the other do anything.
"""

import json
import struct
from collections.abc import Mapping
from typing import Final, Protocol, TypeAlias

LENGTHS: Final = struct.Struct(">II")
MOST_WORDS_BYTES: Final = 4096
MOST_BYTES: Final = 64 * 1024 * 1024

Words: TypeAlias = dict[str, object]


class Pipe(Protocol):
    """One end of a pipe, unbuffered: it may take or give less than was asked."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most so many bytes."""

    def write(self, part: memoryview, /) -> int | None:
        """Take some of the bytes, and say how many."""


class Unreadable(Exception):
    """The other side has ended, or what it wrote is not of this form."""


def send(pipe: Pipe, words: Mapping[str, object], body: bytes) -> None:
    """Write one message.

    Raises:
        OSError: nobody reads.
    """
    told = json.dumps(words).encode()
    for part in (LENGTHS.pack(len(told), len(body)) + told, body):
        left = memoryview(part)
        while left:
            left = left[pipe.write(left) or 0 :]


def receive(pipe: Pipe) -> tuple[Words, bytes]:
    """Read one message.

    Raises:
        Unreadable: there is none.
    """
    words_bytes, body_bytes = LENGTHS.unpack(_exactly(pipe, LENGTHS.size))
    if words_bytes > MOST_WORDS_BYTES or body_bytes > MOST_BYTES:
        raise Unreadable
    try:
        words = json.loads(_exactly(pipe, words_bytes))
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(words, dict):
        raise Unreadable
    return words, _exactly(pipe, body_bytes)


def _exactly(pipe: Pipe, count: int) -> bytes:
    got = bytearray()
    while len(got) < count:
        part = pipe.read(min(count - len(got), 1 << 20))
        if not part:
            raise Unreadable
        got += part
    return bytes(got)

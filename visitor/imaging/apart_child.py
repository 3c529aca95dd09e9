"""Opens pictures of strangers, as a program of its own: without keys, secrets, database or network addresses.

Reads messages (`wire`) from standard input: `act` names what is to be done with the bytes. Answers each on standard
output with words and bytes, or with `fault` where the picture is refused. Ends with its input.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from io import FileIO
from typing import Final, TypeAlias

from visitor.imaging import wire
from visitor.imaging.decoding import PhotoLimits, PhotoRefused
from visitor.imaging.faces import FaceFinderMissing
from visitor.imaging.logo import prepare_logo
from visitor.imaging.portrait import guide, prepare_portrait
from visitor.imaging.qr import read_badge_code
from visitor.imaging.still import prepare_still

Answer: TypeAlias = tuple[wire.Words, bytes]

MEMORY_BYTES: Final = 512 * 1024 * 1024
"""A photo of as many pixels as are taken needs 260 MB, with OpenCV."""
LONGEST_SECONDS: Final = 25
"""For one picture. Longer than whoever asks waits: it only matters when that one has been killed."""
LESS_URGENT: Final = 5
"""Nice value: a door does not wait for photos, even where these take all cores."""


def main() -> int:
    """Answer until the input ends."""
    _confine()
    asked, told = _pipes()
    while True:
        try:
            words, body = wire.receive(asked)
        except wire.Unreadable:
            return 0
        signal.alarm(LONGEST_SECONDS)
        answer = _answer(words, body)
        signal.alarm(0)
        wire.send(told, *answer)


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # A service is stopped by a signal to all its processes: what was asked is answered first, then the input ends.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(LESS_URGENT)


def _pipes() -> tuple[wire.Pipe, wire.Pipe]:
    """Keep standard input and output for messages: what a library prints goes where its errors go."""
    asked, told = FileIO(os.dup(0), "rb"), FileIO(os.dup(1), "wb")
    os.dup2(2, 1)
    return asked, told


def _answer(words: wire.Words, body: bytes) -> Answer:
    try:
        return _ACTS[str(words["act"])](words, body)
    except PhotoRefused as refused:
        return {"fault": refused.reason.value}, b""


def _portrait(words: wire.Words, body: bytes) -> Answer:
    del words
    try:
        made = prepare_portrait(body)
    except FaceFinderMissing:
        # Without the cascades a photo is still a photo; the check at the desk remains.
        made = prepare_portrait(body, find_face=False)
    return {"advice": made.advice}, made.jpeg


def _guidance(words: wire.Words, body: bytes) -> Answer:
    del words
    guidance = guide(body)
    return {"advice": guidance.advice, "face": guidance.face}, b""


def _badge_code(words: wire.Words, body: bytes) -> Answer:
    del words
    text = read_badge_code(body)
    return {"found": text is not None}, (text or "").encode()


def _logo(words: wire.Words, body: bytes) -> Answer:
    del words
    return {}, prepare_logo(body)


def _still(words: wire.Words, body: bytes) -> Answer:
    limits = PhotoLimits(int(str(words["max_bytes"])), int(str(words["max_pixels"])))
    jpeg = prepare_still(body, limits)
    return {"black": jpeg is None}, jpeg or b""


_ACTS: Final[Mapping[str, Callable[[wire.Words, bytes], Answer]]] = {
    "portrait": _portrait, "guidance": _guidance, "badge_code": _badge_code, "logo": _logo, "still": _still,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

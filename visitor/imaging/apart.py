"""Pictures of strangers, opened by processes of their own, which hold nothing that a picture could get hold of.

The functions here do what those of `portrait`, `qr`, `logo` and `still` do, and give the same. A picture that makes its
process end, or keeps it longer than `LONGEST_SECONDS`, counts as damaged.
"""

import atexit
import math
from enum import StrEnum
from functools import cache
from typing import Final, TypeVar

from visitor.imaging import wire
from visitor.imaging.children import LONGEST_SECONDS, Children, Lost
from visitor.imaging.decoding import PhotoFault, PhotoLimits, PhotoRefused
from visitor.imaging.portrait import Advice, Guidance, Portrait

__all__ = ["LONGEST_SECONDS", "badge_code", "guidance", "logo", "portrait", "still"]

_FACE_NUMBERS: Final = 4
E = TypeVar("E", bound=StrEnum)


def portrait(body: bytes) -> Portrait:
    """Return the badge portrait of a photo; where faces cannot be found here, its middle.

    Raises:
        PhotoRefused: as `prepare_portrait`.
        Unavailable: no process has time or can be started.
    """
    words, jpeg = _asked({"act": "portrait"}, body)
    advice = words.get("advice")
    return Portrait(jpeg, None if advice is None else _known(Advice, advice))


def guidance(body: bytes) -> Guidance:
    """Say how a picture would do as a badge photo.

    Raises:
        PhotoRefused: as `guide`.
        Unavailable: as `portrait`.
    """
    words, _ = _asked({"act": "guidance"}, body)
    return Guidance(_known(Advice, words.get("advice")), _face(words.get("face")))


def badge_code(body: bytes) -> str | None:
    """Return one QR text of a camera frame, unverified; None where there is none.

    Raises:
        PhotoRefused: as `read_badge_code`.
        Unavailable: as `portrait`.
    """
    words, text = _asked({"act": "badge_code"}, body)
    return text.decode(errors="replace") if words.get("found") is True else None


def logo(body: bytes) -> bytes:
    """Return a logo as a small PNG.

    Raises:
        PhotoRefused: as `prepare_logo`.
        Unavailable: as `portrait`.
    """
    return _asked({"act": "logo"}, body)[1]


def still(body: bytes, limits: PhotoLimits) -> bytes | None:
    """Return a camera's picture as plain JPEG; None where it is black.

    Raises:
        PhotoRefused: as `prepare_still`.
        Unavailable: as `portrait`.
    """
    wish: wire.Words = {"act": "still", "max_bytes": limits.max_bytes, "max_pixels": limits.max_pixels}
    words, jpeg = _asked(wish, body)
    return None if words.get("black") is True else jpeg


@cache
def children() -> Children:
    """Return those of this process; none is started before the first picture."""
    mine = Children()
    atexit.register(mine.close)
    return mine


def _asked(wish: wire.Words, body: bytes) -> tuple[wire.Words, bytes]:
    try:
        words, made = children().ask(wish, body)
    except Lost:
        raise PhotoRefused(PhotoFault.DAMAGED) from None
    if "fault" in words:
        raise PhotoRefused(_known(PhotoFault, words["fault"]))
    return words, made


def _known(kind: type[E], told: object) -> E:
    """Return what was told, if it is one of its kind."""
    try:
        return kind(str(told))
    except ValueError:
        raise PhotoRefused(PhotoFault.DAMAGED) from None


def _face(told: object) -> tuple[float, float, float, float] | None:
    if not isinstance(told, list) or len(told) != _FACE_NUMBERS:
        return None
    left, top, width, height = (one if isinstance(one, float) and math.isfinite(one) else 0.0 for one in told)
    return left, top, width, height

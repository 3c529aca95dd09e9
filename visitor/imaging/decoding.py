"""Turn uploaded bytes into pixels, and pixels into a JPEG that says nothing but the picture.

Every picture from outside enters through `decode_photo`; no other library is given undecoded bytes.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Final, TypeAlias

from PIL import Image

Picture: TypeAlias = Image.Image
"""Decoded pixels: a Pillow image in mode RGB, 8 bits per channel, upright, with an empty `info`."""

JPEG_START: Final = b"\xff\xd8\xff"
PNG_START: Final = b"\x89PNG\r\n\x1a\n"

GREY: Final = "L"

MAX_SCANS: Final = 200
"""Start-of-scan markers in one JPEG. Each scan of a progressive JPEG costs a pass over all pixels but
only a few dozen bytes, so a small file could keep a core busy for minutes. Cameras write about 10; video or
previews appended by phones hold the two marker bytes by chance about once per 64 kB."""

HALF: Final = 127
LIGHT_LOGO: Final = 190
"""Mean level, 0 to 255, of what is seen of a logo, from which on it would be lost on white."""
DARK_GROUND: Final = "#16222a"

_ORIENTATION_TAG: Final = 0x0112
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF 2.32, section 4.6.4, tag Orientation: what brings each value upright; 1 and unknown values stay."""

# Pillow promises no one error for broken files: its parsers raise what the broken field leads to. Warnings
# are here because a deployment may turn them into errors.
_DECODER_ERRORS: Final = (
    OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    EOFError, MemoryError, struct.error, zlib.error, Warning,
)  # fmt: skip


class PhotoFault(StrEnum):
    """Why a photo was not taken. The first four come from decoding, the rest from `portrait`."""

    NOT_A_PICTURE = "not_a_picture"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    DAMAGED = "damaged"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_CLOSE = "too_close"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRED = "blurred"


class PhotoRefused(Exception):
    """The photo cannot be used; `reason` says why. Carries nothing of the picture."""

    def __init__(self, reason: PhotoFault) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """What is refused before any pixel is decoded."""

    max_bytes: int = 5_000_000
    max_pixels: int = 12 * 1024 * 1024
    """Width times height. Cameras sold as "12 MP" give 4032x3024 or 4096x3072, a little over 12 million."""


def decode_photo(body: bytes, *, limits: PhotoLimits = PhotoLimits(), enough_px: int | None = None) -> Picture:
    """Decode a JPEG or PNG file into upright RGB pixels, free of EXIF, ICC profile and comments.

    Bytes, file kind and pixel count are judged before pixels are decoded, so a refused file costs no
    memory. Transparent parts become white. Of a JPEG that holds several pictures (MPO, as some phones
    write) the first is taken; an animated PNG is refused.

    With `enough_px` a JPEG is decoded at a half, quarter or eighth of its size, as long as both sides stay at least
    so long: that takes a half to a sixth of the time and memory.

    Raises:
        PhotoRefused: `too_many_bytes`, `not_a_picture` (another format, animation), `too_many_pixels`, or
            `damaged` (truncated, corrupt, or built to cost too much).
    """
    if not body.startswith((JPEG_START, PNG_START)):
        raise PhotoRefused(_too_long(body, limits) or PhotoFault.NOT_A_PICTURE)
    size = None if enough_px is None else (enough_px, enough_px)
    return _decoded(body, limits, ("JPEG", "PNG"), lambda image: _pixels_only(_upright(image)), (None, size))


def decode_grey(body: bytes, *, limits: PhotoLimits) -> Picture:
    """Decode a JPEG or PNG file as `decode_photo` does, in grey ("L") and as it lies in the file.

    Of a JPEG in colour only the brightness is decoded: that takes half the time, and codes have no other.

    Raises:
        PhotoRefused: as `decode_photo`.
    """
    if not body.startswith((JPEG_START, PNG_START)):
        raise PhotoRefused(_too_long(body, limits) or PhotoFault.NOT_A_PICTURE)
    return _decoded(body, limits, ("JPEG", "PNG"), _grey_only, (GREY, None))


def decode_logo(body: bytes, *, limits: PhotoLimits) -> Picture:
    """Decode a PNG, JPEG or WebP file as `decode_photo` does, over a ground that its colours stand out from.

    Raises:
        PhotoRefused: as `decode_photo`.
    """
    is_webp = body.startswith(b"RIFF") and body[8:12] == b"WEBP"
    if not is_webp and not body.startswith((JPEG_START, PNG_START)):
        raise PhotoRefused(_too_long(body, limits) or PhotoFault.NOT_A_PICTURE)
    return _decoded(
        body, limits, ("WEBP",) if is_webp else ("JPEG", "PNG"), lambda image: _over_ground(_upright(image))
    )


def _decoded(
    body: bytes,
    limits: PhotoLimits,
    formats: tuple[str, ...],
    finished: Callable[[Image.Image], Picture],
    draft: tuple[str | None, tuple[int, int] | None] = (None, None),
) -> Picture:
    """Decode within limits; a JPEG in the mode and down to the least size of `draft` where it can be had at once."""
    if len(body) > limits.max_bytes:
        raise PhotoRefused(PhotoFault.TOO_MANY_BYTES)
    if body.startswith(JPEG_START) and body.count(b"\xff\xda") > MAX_SCANS:
        raise PhotoRefused(PhotoFault.DAMAGED)
    try:
        with Image.open(BytesIO(body), formats=formats) as image:
            _check_header(image, limits)
            image.draft(*draft)
            image.load()
            return finished(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoRefused(PhotoFault.TOO_MANY_PIXELS) from error
    except _DECODER_ERRORS as error:
        raise PhotoRefused(PhotoFault.DAMAGED) from error


def _too_long(body: bytes, limits: PhotoLimits) -> PhotoFault | None:
    return PhotoFault.TOO_MANY_BYTES if len(body) > limits.max_bytes else None


def encode_jpeg(picture: Picture, quality: int = 85) -> bytes:
    """Write a JPEG without metadata, whatever the picture carries in its `info`.

    Args:
        picture: any Pillow image; other modes than RGB are converted first.
        quality: 1 to 95, as Pillow and libjpeg count it.
    """
    out = BytesIO()
    _pixels_only(picture).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _check_header(image: Image.Image, limits: PhotoLimits) -> None:
    """Refuse by what the header says; `image` is opened but not loaded."""
    if image.width * image.height > limits.max_pixels:
        raise PhotoRefused(PhotoFault.TOO_MANY_PIXELS)
    if image.format in ("PNG", "WEBP") and getattr(image, "is_animated", False):
        raise PhotoRefused(PhotoFault.NOT_A_PICTURE)


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation. Unreadable EXIF is no reason to refuse a readable picture."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except _DECODER_ERRORS:
        return image
    # Not ImageOps.exif_transpose: it re-serialises the remaining EXIF, GPS included, which may fail.
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if method is None else image.transpose(method)


def _over_ground(image: Image.Image) -> Picture:
    """Put light drawings without a ground of their own on a dark one, all others on white."""
    if not image.has_transparency_data:
        return _pixels_only(image)
    with_alpha = image.convert("RGBA")
    alpha = with_alpha.getchannel("A")
    shades = with_alpha.convert("L").histogram(alpha.point(lambda value: 255 if value > HALF else 0))
    seen = sum(shades)
    light = seen > 0 and sum(level * count for level, count in enumerate(shades)) / seen > LIGHT_LOGO
    return _pixels_only(image, DARK_GROUND if light else "white")


def _pixels_only(image: Image.Image, ground: str = "white") -> Picture:
    """Copy the pixels into a new RGB image, so that nothing else can come along."""
    fresh = Image.new("RGB", image.size, ground)
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        fresh.paste(with_alpha, mask=with_alpha.getchannel("A"))
    elif image.mode.startswith("I;16"):
        # Pillow clips 16-bit grey at 255 instead of scaling it.
        fresh.paste(image.point(lambda value: value * (1 / 256)).convert("L").convert("RGB"))
    else:
        fresh.paste(image if image.mode == "RGB" else image.convert("RGB"))
    return fresh


def _grey_only(image: Image.Image) -> Picture:
    """Copy the brightness into a new picture."""
    if image.mode != GREY or image.has_transparency_data:
        return _pixels_only(image).convert(GREY)
    fresh = Image.new(GREY, image.size)
    fresh.paste(image)
    return fresh

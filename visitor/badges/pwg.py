"""Writes one badge as PWG raster (PWG 5102.4), for printers that take neither PDF nor JPEG.

Every printer that prints without a driver can be sent it (IPP Everywhere, PWG 5100.14). The page is as large as the
medium, the badge in its upper left corner.
"""

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from PIL import Image

from visitor.badges.ipp_media import MediaChoice
from visitor.badges.layout import BadgeFace, BadgeLayout
from visitor.badges.render import badge_raster_1bit, draw_badge

SYNC_WORD: Final = b"RaS2"
HEADER_BYTES: Final = 1796
WANTED_DPI: Final = 300
MOST_DPI: Final = 600
POINTS_PER_HUNDREDTH: Final = 72 / 2540

RasterType = Literal["srgb_8", "black_1", "sgray_8"]


@dataclass(frozen=True, slots=True)
class _Pixels:
    """How a page's pixels are stored (PWG 5102.4, 4.3.2)."""

    mode: str
    """Of the Pillow picture."""
    stored: str
    """As Pillow calls it."""
    bits_a_colour: int
    colours: int
    colour_space: int


_TYPES: Final[dict[RasterType, _Pixels]] = {
    "srgb_8": _Pixels("RGB", "RGB", 8, 3, 19),
    "black_1": _Pixels("1", "1;I", 1, 1, 3),  # a set bit is ink
    "sgray_8": _Pixels("L", "L", 8, 1, 18),
}
"""Best first: colour where there is colour; else our own black and white, made for label printers; else grey."""

_MOST_EQUAL: Final = 128
"""Pixels that one byte can count; lines are counted up to 256."""
_MOST_LINES: Final = 256
_REPEATED: Final = {pixel: re.compile(rb"(.{%d})\1{0,127}" % pixel, re.DOTALL) for pixel in (1, 3)}


def raster_type(offered: Iterable[str]) -> RasterType | None:
    """Return the best type that the printer's pwg-raster-document-type-supported offers; None: none we write."""
    known = frozenset(offered)
    return next((kind for kind in _TYPES if kind in known), None)


def raster_dpi(offered: Sequence[tuple[int, int]]) -> int | None:
    """Return the resolution nearest to 300 dpi that is the same both ways; None: there is none to print at."""
    square = (across for across, feed in offered if across == feed and across <= MOST_DPI)
    return min(square, key=lambda dpi: (abs(dpi - WANTED_DPI), -dpi), default=None)


def badge_pwg(layout: BadgeLayout, face: BadgeFace, media: MediaChoice, kind: RasterType, dpi: int) -> bytes:
    """Return the badge as a PWG raster document of one page."""
    drawn = badge_raster_1bit(layout, face, dpi) if kind == "black_1" else draw_badge(layout, face, dpi)
    pixels = _TYPES[kind]
    size = (_length_px(media.width, dpi), _length_px(media.height, dpi))
    page = Image.new(pixels.mode, size, "white")
    page.paste(drawn.convert(pixels.mode))
    points = (round(media.width * POINTS_PER_HUNDREDTH), round(media.height * POINTS_PER_HUNDREDTH))
    return SYNC_WORD + _header(size, points, pixels, dpi) + _body(page, pixels)


def _length_px(hundredths: int, dpi: int) -> int:
    return round(hundredths / 2540 * dpi)


def _header(size: tuple[int, int], points: tuple[int, int], pixels: _Pixels, dpi: int) -> bytes:
    """Return the page header (PWG 5102.4, table 2); all other fields are zero: the printer's default."""
    width, height = size
    bits = pixels.bits_a_colour * pixels.colours
    header = bytearray(HEADER_BYTES)
    header[:10] = b"PwgRaster\0"
    for offset, values in (
        (276, (dpi, dpi)),
        (352, points),
        (372, (width, height)),
        (384, (pixels.bits_a_colour, bits, (width * bits + 7) // 8, 0, pixels.colour_space)),
        (420, (pixels.colours,)),
        (452, (1, 1, 1)),  # pages in all, and which way the paper and the line run
        (464, (0, 0, width, height)),
    ):
        struct.pack_into(f">{len(values)}I", header, offset, *values)
    return bytes(header)


def _body(page: Image.Image, pixels: _Pixels) -> bytes:
    """Pack the lines: equal ones are counted, then equal pixels are counted or different ones listed (4.4)."""
    data = page.tobytes("raw", pixels.stored)
    stride = len(data) // page.height
    pixel = pixels.colours
    packed: list[bytes] = []
    for line, equal in groupby(data[start : start + stride] for start in range(0, len(data), stride)):
        count = sum(1 for _ in equal)
        body = _line(line, pixel)
        while count:
            lines = min(count, _MOST_LINES)
            packed += (bytes([lines - 1]), body)
            count -= lines
    return b"".join(packed)


def _line(line: bytes, pixel: int) -> bytes:
    packed: list[bytes] = []
    different: list[bytes] = []
    for run in _REPEATED[pixel].finditer(line):
        count = (run.end() - run.start()) // pixel
        if count == 1:
            different.append(run[1])
        if different and (count > 1 or len(different) == _MOST_EQUAL):
            packed.append(_listed(different))
            different = []
        if count > 1:
            packed += (bytes([count - 1]), run[1])
    if different:
        packed.append(_listed(different))
    return b"".join(packed)


def _listed(different: list[bytes]) -> bytes:
    """Write pixels that differ; a single one is a run of one, as 257 minus one is no byte."""
    head = 257 - len(different) if len(different) > 1 else 0
    return bytes([head]) + b"".join(different)

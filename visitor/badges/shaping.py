"""The border to HarfBuzz: turns runs of text into glyphs, and glyphs into outlines, pictures and pixels.

One engine serves every kind of badge, so a PDF and a label raster cannot differ. Lengths are in em: multiply by the
size.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import uharfbuzz as hb
from PIL import Image, ImageFont


@dataclass(frozen=True, slots=True)
class FontFace:
    """One face of one font file.

    The upper half of `index` numbers the instance of a variable font, as in fontconfig.
    """

    path: str
    index: int = 0


BUILT_IN = FontFace("")
"""The Latin font inside Pillow."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph and where its origin lies on the line, in em."""

    face: FontFace
    index: int
    x: float
    y: float
    text: str
    """What it stands for, for copying out of a PDF; empty for the second and later glyphs of a cluster."""


@dataclass(frozen=True, slots=True)
class GlyphInk:
    """The box a glyph's ink fills around its origin, in em, y upwards."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class ShapedRun:
    """Glyphs of one run from left to right, with the advance of each cluster by the place of its first character."""

    glyphs: tuple[Glyph, ...]
    advance: float
    cluster_advances: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class PlacedGlyph:
    """A glyph on the page: its origin in millimetres from the top left corner, and its size."""

    face: FontFace
    index: int
    x_mm: float
    y_mm: float
    size_mm: float
    text: str


def shape(text: str, face: FontFace, *, script: str, rtl: bool) -> ShapedRun:
    """Shape one run: one font, one script, one direction."""
    font = _font(face)
    em = font.face.upem
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.direction = "rtl" if rtl else "ltr"
    buffer.script = script
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    glyphs: list[Glyph] = []
    advances: dict[int, float] = {}
    pen = 0
    clusters = [entry.cluster for entry in buffer.glyph_infos]
    ends = dict(zip(ordered := sorted(set(clusters)), [*ordered[1:], len(text)], strict=True))
    for entry, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        spelled = "" if entry.cluster in advances else text[entry.cluster : ends[entry.cluster]]
        x, y = (pen + position.x_offset) / em, position.y_offset / em
        glyphs.append(Glyph(face, entry.codepoint, x, y, spelled))
        advances[entry.cluster] = advances.get(entry.cluster, 0.0) + position.x_advance / em
        pen += position.x_advance
    return ShapedRun(tuple(glyphs), pen / em, tuple(sorted(advances.items())))


@lru_cache(maxsize=8192)
def ink(face: FontFace, index: int) -> GlyphInk | None:
    """Return the ink of a glyph; None when it has none."""
    font = _font(face)
    extents = font.get_glyph_extents(index)
    if extents is None or not extents.width or not extents.height:
        return None
    em = font.face.upem
    return GlyphInk(
        left=extents.x_bearing / em,
        bottom=(extents.y_bearing + extents.height) / em,
        right=(extents.x_bearing + extents.width) / em,
        top=extents.y_bearing / em,
    )


@lru_cache(maxsize=8192)
def advance(face: FontFace, index: int) -> float:
    """Return how far a glyph moves the pen by itself, in em."""
    font = _font(face)
    return float(font.get_glyph_h_advance(index) / font.face.upem)


@lru_cache(maxsize=4096)
def is_picture(face: FontFace, index: int) -> bool:
    """Say whether the glyph is a colour bitmap (emoji) and not an outline."""
    blob = _font(face).get_glyph_color_png(index)
    return blob is not None and len(blob.data) > 0


@lru_cache(maxsize=64)
def picture(face: FontFace, index: int) -> Image.Image:
    """Return the colour bitmap of a glyph as RGBA; it fills the glyph's ink box."""
    with Image.open(io.BytesIO(bytes(_font(face).get_glyph_color_png(index).data)), formats=("PNG",)) as found:
        return found.convert("RGBA")


class Outline:
    """Collects an outline as PDF path operators in thousandths of an em."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._at = (0.0, 0.0)
        self.operators: list[str] = []

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802  fontTools' pen protocol
        """Start a contour."""
        self._add((point,), "m")

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802  fontTools' pen protocol
        """Draw a straight line."""
        self._add((point,), "l")

    def qCurveTo(self, control: tuple[float, float], point: tuple[float, float]) -> None:  # noqa: N802  as above
        """Draw a quadratic curve, which PDF knows only as a cubic one."""
        first, last = (
            (end[0] + (control[0] - end[0]) * 2 / 3, end[1] + (control[1] - end[1]) * 2 / 3)
            for end in (self._at, point)
        )
        self._add((first, last, point), "c")

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802  as above
        """Draw a cubic curve."""
        self._add(points, "c")

    def closePath(self) -> None:  # noqa: N802  as above
        """End the contour."""
        self.operators.append("h")

    def endPath(self) -> None:  # noqa: N802  as above
        """End an open contour; filling closes it."""

    def _add(self, points: Iterable[tuple[float, float]], operator: str) -> None:
        for point in points:
            self._at = point
            self.operators.append(f"{round(point[0] * self._scale)} {round(point[1] * self._scale)}")
        self.operators.append(operator)


def outline(face: FontFace, index: int) -> str:
    """Return the outline of a glyph as PDF path operators in thousandths of an em."""
    font = _font(face)
    pen = Outline(1000 / font.face.upem)
    font.draw_glyph_with_pen(index, pen)
    return " ".join(pen.operators)


def mask(glyphs: Iterable[PlacedGlyph], edges: tuple[int, int, int, int], pixels_per_mm: float) -> Image.Image:
    """Draw the outlines of glyphs, smooth-edged, as an "L" image of a part of the page: 255 is ink.

    `edges` are the part's left, top, right and bottom in pixels; ink outside is cut off.
    """
    left, top, right, bottom = edges
    width, height = right - left, bottom - top
    drawing = hb.RasterDraw()
    for glyph in glyphs:
        font = _font(glyph.face)
        scale = glyph.size_mm * pixels_per_mm / font.face.upem
        x, y = glyph.x_mm * pixels_per_mm - left, bottom - glyph.y_mm * pixels_per_mm
        drawing.transform = (scale, 0, 0, scale, x, y)
        drawing.draw_glyph(font, glyph.index)
    drawing.extents = hb.RasterExtents(0, 0, width, height, 0)
    drawn = drawing.render()
    return Image.frombytes("L", (width, height), bytes(drawn.buffer), "raw", "L", drawn.extents.stride, -1)


def character_ranges(face: FontFace) -> list[tuple[int, int]]:
    """Return the characters of a font as first and last of each unbroken range; empty for an unreadable file."""
    try:
        found = sorted(_font(face).face.unicodes)
    except (OSError, hb.HarfBuzzError):
        return []
    ranges: list[tuple[int, int]] = []
    for number in found:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


@lru_cache(maxsize=64)
def _font(face: FontFace) -> Any:  # noqa: ANN401  uharfbuzz has no types
    """Open a font; the file is mapped, not read."""
    blob = hb.Blob.from_file_path(face.path) if face.path else hb.Blob(_built_in())
    font = hb.Font(hb.Face(blob, face.index & 0xFFFF))
    if face.index >> 16:
        font.var_named_instance = (face.index >> 16) - 1
    return font


def _built_in() -> bytes:
    font = ImageFont.load_default(16)
    if not isinstance(font, ImageFont.FreeTypeFont) or not isinstance(font.path, io.BytesIO):
        raise TypeError("this Pillow has no scalable built-in font")
    return font.path.getvalue()

"""Draws badges: pictures for screens and printers, black-and-white rasters for label printers, PDF."""

import io
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

from visitor.badges import pdf, shaping
from visitor.badges.layout import CODE_MODULES, BadgeFace, BadgeLayout, Box
from visitor.badges.shaping import PlacedGlyph
from visitor.badges.sheet import INK, RULE, WHITE, Sheet, compose, compose_all

MM_PER_INCH = 25.4
SUPERSAMPLING = 4
"""Round corners are drawn this much larger and scaled down."""

_HALF = 128
_THERMAL_GAMMA = 0.8
"""Thermal heads print darker than a screen shows; lightening keeps faces open."""
_THERMAL_TONES = [round(255 * (tone / 255) ** _THERMAL_GAMMA) for tone in range(256)]


def draw_badge(layout: BadgeLayout, face: BadgeFace, dpi: int = 300) -> Image.Image:
    """Return the badge as an RGB picture at the given resolution."""
    sheet = compose(layout, face)
    page = _Page(sheet, dpi)
    image = Image.new("RGB", page.size, WHITE)
    for bar in sheet.bars:
        image.paste(bar.colour, page.pixels(bar.box))
    _paste_photo(image, page)
    for colour in dict.fromkeys(writing.colour for writing in sheet.writings):
        glyphs = [glyph for writing in sheet.writings if writing.colour == colour for glyph in writing.glyphs]
        image.paste(colour, (0, 0), shaping.mask(_outlines(glyphs), page.size, page.per_mm))
        for picture, corner in page.pictures(glyphs):
            image.paste(picture, corner, picture)
    _paste_code(image, page, INK)
    return image


def badge_png(layout: BadgeLayout, face: BadgeFace, dpi: int = 300) -> bytes:
    """Return the badge as PNG that states its resolution."""
    # Measured on a badge with a photo: half the time of level 6 for 3 % more bytes. Flat areas are runs.
    packed = io.BytesIO()
    draw_badge(layout, face, dpi).save(packed, "PNG", dpi=(dpi, dpi), compress_level=1, compress_type=zlib.Z_RLE)
    return packed.getvalue()


def badge_pdf(faces: Sequence[BadgeFace], layout: BadgeLayout) -> bytes:
    """Return a PDF with one page per badge, each exactly as large as the badge.

    Raises:
        ValueError: there is no badge to print.
    """
    return pdf.document(compose_all(layout, faces))


def badge_raster_1bit(layout: BadgeLayout, face: BadgeFace, dpi: int = 300) -> Image.Image:
    """Return the badge as a "1" picture for a label printer: dithered photo, hard-edged text and code."""
    sheet = compose(layout, face)
    page = _Page(sheet, dpi)
    image = Image.new("1", page.size, 1)
    for bar in sheet.bars:
        # The band is black whatever its colour, its text white: a dithered tint would make the text hard to read.
        image.paste(0, page.pixels(bar.box))
    _paste_photo(image, page)
    bands = [page.pixels(bar.box) for bar in sheet.bars if bar.colour != RULE]
    glyphs = [glyph for writing in sheet.writings for glyph in writing.glyphs]
    text = shaping.mask(_outlines(glyphs), page.size, page.per_mm).point(lambda tone: 255 * (tone >= _HALF), "1")
    image.paste(0, (0, 0), text)
    for band in bands:
        image.paste(1, band[:2], text.crop(band))
    for picture, corner in page.pictures(glyphs):
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        image.paste(Image.alpha_composite(white, picture).convert("L").convert("1"), corner)
    _paste_code(image, page, 0)
    return image


class _Page:
    """A sheet's millimetres in pixels."""

    def __init__(self, sheet: Sheet, dpi: int) -> None:
        self.sheet = sheet
        self.per_mm = dpi / MM_PER_INCH
        self.size = (round(sheet.width_mm * self.per_mm), round(sheet.height_mm * self.per_mm))

    def pixels(self, box: Box) -> tuple[int, int, int, int]:
        """Return a box's edges; nothing becomes thinner than one pixel."""
        left, top = round(box.x * self.per_mm), round(box.y * self.per_mm)
        return (
            left, top, max(left + 1, round(box.right * self.per_mm)), max(top + 1, round(box.bottom * self.per_mm)),
        )  # fmt: skip

    def pictures(self, glyphs: Iterable[PlacedGlyph]) -> Iterable[tuple[Image.Image, tuple[int, int]]]:
        """Return emoji scaled to size, each with its upper left corner."""
        for glyph in glyphs:
            if not shaping.is_picture(glyph.face, glyph.index):
                continue
            ink = shaping.ink(glyph.face, glyph.index)
            if ink is None:
                continue
            scale = glyph.size_mm * self.per_mm
            size = (max(1, round((ink.right - ink.left) * scale)), max(1, round((ink.top - ink.bottom) * scale)))
            corner = (
                round(glyph.x_mm * self.per_mm + ink.left * scale), round(glyph.y_mm * self.per_mm - ink.top * scale),
            )  # fmt: skip
            yield shaping.picture(glyph.face, glyph.index).resize(size, Image.Resampling.LANCZOS), corner


def _outlines(glyphs: Iterable[PlacedGlyph]) -> list[PlacedGlyph]:
    return [glyph for glyph in glyphs if not shaping.is_picture(glyph.face, glyph.index)]


def _paste_photo(image: Image.Image, page: _Page) -> None:
    """Fill the photo's place, cropped at the centre, with round corners; a black-and-white page gets it dithered."""
    if page.sheet.photo is None or page.sheet.photo_jpeg is None:
        return
    left, top, right, bottom = page.pixels(page.sheet.photo)
    size = (right - left, bottom - top)
    colours = "L" if image.mode == "1" else "RGB"
    with Image.open(io.BytesIO(page.sheet.photo_jpeg), formats=("JPEG",)) as photo:
        photo.draft(colours, size)
        fitted = ImageOps.fit(photo.convert(colours), size, Image.Resampling.BICUBIC)
    if image.mode == "1":
        fitted = ImageOps.autocontrast(fitted, cutoff=1).point(_THERMAL_TONES).convert("1")
    corners = _rounded(size, round(page.sheet.photo_radius_mm * page.per_mm))
    image.paste(fitted, (left, top), corners.convert("1") if image.mode == "1" else corners)


@lru_cache(maxsize=16)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    large = Image.new("L", (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING), 0)
    edge = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(edge, radius * SUPERSAMPLING, fill=255)
    return large.resize(size, Image.Resampling.BOX)


def _paste_code(image: Image.Image, page: _Page, dark: int | tuple[int, int, int]) -> None:
    """Draw each module as a square of whole pixels, centred in its place; the quiet zone stays white.

    Raises:
        ValueError: the resolution is too low for one pixel per module.
    """
    sheet = page.sheet
    if sheet.code is None:
        return
    pixels = int(sheet.code.width * page.per_mm / sheet.code_span)
    if pixels < 1:
        raise ValueError("the resolution is too low for the code")
    side = CODE_MODULES * pixels
    modules = Image.frombytes("1", (CODE_MODULES, CODE_MODULES), sheet.modules).resize((side, side))
    x = round((sheet.code.x + sheet.code.width / 2) * page.per_mm - side / 2)
    y = round((sheet.code.y + sheet.code.height / 2) * page.per_mm - side / 2)
    image.paste(dark, (x, y), modules)

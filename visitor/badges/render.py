"""Draws badges: pictures for screens and printers, black-and-white rasters for label printers, PDF."""

import io
from collections.abc import Iterable, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

from visitor.badges import pdf, shaping
from visitor.badges.layout import CODE_MODULES, BadgeFace, BadgeLayout, Box, Part
from visitor.badges.shaping import PlacedGlyph
from visitor.badges.sheet import INK, WHITE, Sheet, Writing, compose, compose_all
from visitor.imaging.png import encode_png

MM_PER_INCH = 25.4
SCREEN_DPI = 200
"""For pictures shown in a page: sharp on dense screens, four pixels to a module of the code, half the bytes of 300."""
SUPERSAMPLING = 4
"""Round corners are drawn this much larger and scaled down."""

_HARD = [0] * 128 + [255] * 128
"""Text on a label is ink or none: shades would be dithered."""
_ON_BANDS = frozenset({Part.VISIT_TYPE, Part.SITE_NAME, Part.ESCORT})
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
    for writing in sheet.writings:
        image.paste(writing.colour, page.text_edges(writing), page.text(writing))
        for picture, corner in page.pictures(writing.glyphs):
            image.paste(picture, corner, picture)
    _paste_code(image, page, INK)
    return image


def badge_png(layout: BadgeLayout, face: BadgeFace, dpi: int = 300) -> bytes:
    """Return the badge as PNG that states its resolution."""
    return encode_png(draw_badge(layout, face, dpi), dpi)


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
    for writing in sheet.writings:
        ink = 1 if writing.part in _ON_BANDS else 0
        image.paste(ink, page.text_edges(writing), page.text(writing).point(_HARD, "1"))
        for picture, corner in page.pictures(writing.glyphs):
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

    def text_edges(self, writing: Writing) -> tuple[int, int, int, int]:
        """Return the edges of a text, with a pixel to spare for soft edges, inside the page."""
        left, top, right, bottom = self.pixels(writing.box)
        return max(0, left - 1), max(0, top - 1), min(self.size[0], right + 1), min(self.size[1], bottom + 1)

    def text(self, writing: Writing) -> Image.Image:
        """Return the ink of a text as a mask of its edges."""
        glyphs = (glyph for glyph in writing.glyphs if not shaping.is_picture(glyph.face, glyph.index))
        return shaping.mask(glyphs, self.text_edges(writing), self.per_mm)

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

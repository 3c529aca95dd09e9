"""Writes badges as PDF 1.7: vector text and code, the photo as the JPEG it came as.

Glyphs go into Type 3 fonts, drawn from the outlines that HarfBuzz shaped: every script looks as in the picture, needs
no font in the printer, and each outline is stored once however many badges use it. Texts can be searched and copied.
Emoji are colour pictures.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TypeAlias

from PIL import Image

from visitor.badges import shaping
from visitor.badges.layout import CODE_MODULES, QUIET_MODULES, Box
from visitor.badges.pdf_file import PdfFile
from visitor.badges.pdf_fonts import PdfFonts
from visitor.badges.shaping import FontFace, PlacedGlyph
from visitor.badges.sheet import INK, OWN_PARTS, Bar, Colour, Sheet, Writing
from visitor.imaging.badge_code import ROW_BYTES

POINTS_PER_MM = 72 / 25.4
_ARC = 0.5523
"""Control points of a quarter circle drawn as a Bézier curve."""
_DARK = re.compile("1+")
_COLOUR_SPACES = {"L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}


class PhotoUnusable(ValueError):
    """The photo is not a JPEG that PDF can hold."""


@dataclass(frozen=True, slots=True)
class _Photo:
    """A photo in the file, and its pixels across and down."""

    number: int
    size: tuple[int, int]


_FrameKey: TypeAlias = tuple[tuple[Bar, ...], tuple[Writing, ...], Box | None, tuple[int, int] | None]


class _Document:
    """One PDF in the making."""

    def __init__(self) -> None:
        self._file = PdfFile()
        self._fonts = PdfFonts(self._file)
        self._images: dict[tuple[FontFace, int], int] = {}
        self._photos: dict[bytes, _Photo] = {}
        self._frames: dict[_FrameKey, int] = {}
        self._pages: list[int] = []
        self._tree = self._file.reserve()
        self._resources = self._file.reserve()

    def add(self, sheet: Sheet) -> None:
        """Add one badge as a page; what it has in common with the page before is stored once."""
        width, height = sheet.width_mm * POINTS_PER_MM, sheet.height_mm * POINTS_PER_MM
        photo = self._photo(sheet.photo_jpeg) if sheet.photo and sheet.photo_jpeg else None
        own = [f"/I{photo.number} Do Q"] if photo else []
        own.extend(self._texts(sheet, [one for one in sheet.writings if one.part in OWN_PARTS]))
        content = self._file.stream("\n".join([*own, *_code(sheet)]).encode("ascii"))
        self._pages.append(
            self._file.put(
                f"<< /Type /Page /Parent {self._tree} 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] "
                f"/Contents [{self._frame(sheet, photo)} 0 R {content} 0 R] >>"
            )
        )

    def _frame(self, sheet: Sheet, photo: _Photo | None) -> int:
        """Draw what other badges may show too, unless that was drawn already; it ends at the photo's place."""
        shared = tuple(writing for writing in sheet.writings if writing.part not in OWN_PARTS)
        key = (sheet.bars, shared, sheet.photo, photo.size if photo else None)
        if key not in self._frames:
            # From here on one unit is a millimetre, y grows upwards from the bottom edge.
            drawing = [f"{POINTS_PER_MM:.6f} 0 0 {POINTS_PER_MM:.6f} 0 0 cm"]
            drawing.extend(f"{_fill(bar.colour)} {_rectangle(bar.box, sheet)} f" for bar in sheet.bars)
            drawing.extend(self._texts(sheet, shared))
            if photo:
                drawing.extend(_photo_place(sheet, photo.size))
            self._frames[key] = self._file.stream("\n".join(drawing).encode("ascii"))
        return self._frames[key]

    def packed(self) -> bytes:
        """Return the finished file."""
        photos = (photo.number for photo in self._photos.values())
        images = " ".join(f"/I{number} {number} 0 R" for number in chain(self._images.values(), photos))
        self._file.put(f"<< /Font << {self._fonts.resources()} >> /XObject << {images} >> >>", self._resources)
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._file.put(
            f"<< /Type /Pages /Resources {self._resources} 0 R /Kids [{kids}] /Count {len(self._pages)} >>", self._tree
        )
        catalogue = (
            f"<< /Type /Catalog /Pages {self._tree} 0 R /ViewerPreferences << /PrintScaling /None >> >>"  # exact size
        )
        return self._file.packed(self._file.put(catalogue))

    def _texts(self, sheet: Sheet, writings: Iterable[Writing]) -> Iterable[str]:
        for writing in writings:
            outlines = [glyph for glyph in writing.glyphs if not shaping.is_picture(glyph.face, glyph.index)]
            if outlines:
                yield f"BT {_fill(writing.colour)}"
                yield from self._lines(outlines, sheet.height_mm)
                yield "ET"
            if len(outlines) < len(writing.glyphs):
                for glyph in writing.glyphs:
                    yield from self._picture(glyph, sheet)

    def _lines(self, glyphs: Iterable[PlacedGlyph], height_mm: float) -> Iterable[str]:
        """Show glyphs; one that stands where the one before it ends needs no place of its own."""
        used: tuple[int, float] | None = None
        for (size, y), line in groupby(glyphs, key=lambda glyph: (glyph.size_mm, glyph.y_mm)):
            for font, stretch in groupby(
                ((*self._fonts.code(glyph), glyph) for glyph in line), key=lambda coded: coded[0]
            ):
                if used != (font, size):
                    used = (font, size)
                    yield f"/F{font} {size:.4f} Tf"
                (_, code, first), *rest = stretch
                shown = [f"<{code:02x}"]
                pen = first.x_mm + self._fonts.advance(font, code) * size / 1000
                for _, code, glyph in rest:
                    gap = round((pen - glyph.x_mm) / size * 1000)
                    pen += (self._fonts.advance(font, code) - gap) * size / 1000
                    shown.append(f">{gap}<{code:02x}" if gap else f"{code:02x}")
                yield f"1 0 0 1 {first.x_mm:.3f} {height_mm - y:.3f} Tm [{''.join(shown)}>] TJ"

    def _picture(self, glyph: PlacedGlyph, sheet: Sheet) -> Iterable[str]:
        """Draw an emoji; nothing for other glyphs."""
        ink = shaping.ink(glyph.face, glyph.index)
        if ink is None or not shaping.is_picture(glyph.face, glyph.index):
            return
        key = (glyph.face, glyph.index)
        if key not in self._images:
            self._images[key] = self._pixels(shaping.picture(glyph.face, glyph.index))
        size = glyph.size_mm
        yield (
            f"q {(ink.right - ink.left) * size:.3f} 0 0 {(ink.top - ink.bottom) * size:.3f} "
            f"{glyph.x_mm + ink.left * size:.3f} {sheet.height_mm - glyph.y_mm + ink.bottom * size:.3f} cm "
            f"/I{self._images[key]} Do Q"
        )

    def _pixels(self, image: Image.Image) -> int:
        size = f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /BitsPerComponent 8"
        alpha = self._file.stream(image.getchannel("A").tobytes(), f"{size} /ColorSpace /DeviceGray")
        return self._file.stream(image.convert("RGB").tobytes(), f"{size} /ColorSpace /DeviceRGB /SMask {alpha} 0 R")

    def _photo(self, jpeg: bytes) -> _Photo:
        """Take the photo into the file as it is."""
        if jpeg in self._photos:
            return self._photos[jpeg]
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
            (width, height), mode = opened.size, opened.mode
        if mode not in _COLOUR_SPACES:
            raise PhotoUnusable(mode)
        inverted = "/Decode [1 0 1 0 1 0 1 0]" if mode == "CMYK" else ""
        number = self._file.stream(
            jpeg,
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 "
            f"/ColorSpace {_COLOUR_SPACES[mode]} /Filter /DCTDecode{inverted}",
            compress=False,
        )
        self._photos[jpeg] = _Photo(number, (width, height))
        return self._photos[jpeg]


def document(sheets: Sequence[Sheet]) -> bytes:
    """Return a PDF with one page per sheet.

    Raises:
        ValueError: there is no sheet.
        PhotoUnusable: a photo is not a grey, RGB or CMYK JPEG.
    """
    if not sheets:
        raise ValueError("a PDF needs at least one badge")
    made = _Document()
    for sheet in sheets:
        made.add(sheet)
    return made.packed()


def _fill(colour: Colour) -> str:
    return " ".join(f"{channel / 255:.3f}" for channel in colour) + " rg"


def _rectangle(box: Box, sheet: Sheet) -> str:
    return f"{box.x:.3f} {sheet.height_mm - box.bottom:.3f} {box.width:.3f} {box.height:.3f} re"


def _photo_place(sheet: Sheet, size: tuple[int, int]) -> Iterable[str]:
    """Open the photo's place, with round corners; the photo fills it, cropped at its centre."""
    if sheet.photo is None:
        return
    (width, height), box = size, sheet.photo
    scale = max(box.width / width, box.height / height)
    left = box.x + (box.width - width * scale) / 2
    lower = sheet.height_mm - box.bottom + (box.height - height * scale) / 2
    yield f"q {_rounded(box, sheet)} W n {width * scale:.3f} 0 0 {height * scale:.3f} {left:.3f} {lower:.3f} cm"


def _rounded(box: Box, sheet: Sheet) -> str:
    """Return the path of a rectangle with round corners."""
    radius, arc = sheet.photo_radius_mm, sheet.photo_radius_mm * (1 - _ARC)
    left, right = box.x, box.right
    lower, upper = sheet.height_mm - box.bottom, sheet.height_mm - box.y
    points = (
        ((left + radius, lower), "m"), ((right - radius, lower), "l"),
        ((right - arc, lower, right, lower + arc, right, lower + radius), "c"), ((right, upper - radius), "l"),
        ((right, upper - arc, right - arc, upper, right - radius, upper), "c"), ((left + radius, upper), "l"),
        ((left + arc, upper, left, upper - arc, left, upper - radius), "c"), ((left, lower + radius), "l"),
        ((left, lower + arc, left + arc, lower, left + radius, lower), "c"),
    )  # fmt: skip
    return " ".join(" ".join(f"{number:.3f}" for number in numbers) + f" {sign}" for numbers, sign in points) + " h"


def _code(sheet: Sheet) -> Iterable[str]:
    """Draw the dark modules as one path: neighbours share edges, so no renderer leaves hairlines between them."""
    if sheet.code is None:
        return
    module = sheet.code.width / sheet.code_span
    left, upper = sheet.code.x + QUIET_MODULES * module, sheet.height_mm - sheet.code.y - QUIET_MODULES * module
    yield f"q {_fill(INK)} {module:.6f} 0 0 {-module:.6f} {left:.4f} {upper:.4f} cm"
    for y in range(CODE_MODULES):
        row = int.from_bytes(sheet.modules[y * ROW_BYTES : (y + 1) * ROW_BYTES])
        for run in _DARK.finditer(f"{row:0{ROW_BYTES * 8}b}"):
            yield f"{run.start()} {y} {run.end() - run.start()} 1 re"
    yield "f Q"

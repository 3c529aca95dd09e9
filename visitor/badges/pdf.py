"""Writes badges as PDF 1.7: vector text and code, the photo as the JPEG it came as.

Glyphs go into Type 3 fonts, drawn from the outlines that HarfBuzz shaped: every script looks as in the picture, needs
no font in the printer, and each outline is stored once however many badges use it. Texts can be searched and copied.
Emoji are colour pictures.
"""

import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from PIL import Image

from visitor.badges import shaping
from visitor.badges.layout import QUIET_MODULES, Box
from visitor.badges.shaping import FontFace, PlacedGlyph
from visitor.badges.sheet import INK, Colour, Sheet

POINTS_PER_MM = 72 / 25.4
CODES_PER_FONT = 255
_ARC = 0.5523
"""Control points of a quarter circle drawn as a Bézier curve."""
_COLOUR_SPACES = {"L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}


class PhotoUnusable(ValueError):
    """The photo is not a JPEG that PDF can hold."""


@dataclass(slots=True)
class _Type3Font:
    """Up to 255 glyphs under one font name."""

    number: int
    glyphs: list[tuple[int, int, str]] = field(default_factory=list)
    """Object number of the drawing, advance in thousandths of an em, and the text it stands for."""


class _File:
    """Objects of a PDF file, numbered from 1."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserve(self) -> int:
        """Return the number of an object that will be set later."""
        self._objects.append(b"")
        return len(self._objects)

    def put(self, content: str, number: int | None = None) -> int:
        """Set a plain object and return its number."""
        number = number or self.reserve()
        self._objects[number - 1] = content.encode("ascii")
        return number

    def stream(self, body: bytes, entries: str = "", *, compress: bool = True) -> int:
        """Add a stream and return its number."""
        if compress:
            body, entries = zlib.compress(body, 6), entries + " /Filter /FlateDecode"
        number = self.reserve()
        head = f"<< /Length {len(body)} {entries} >>\nstream\n".encode("ascii")
        self._objects[number - 1] = head + body + b"\nendstream"
        return number

    def packed(self, root: int) -> bytes:
        """Return the file."""
        parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
        offset = len(parts[0])
        offsets: list[int] = []
        for number, content in enumerate(self._objects, start=1):
            part = f"{number} 0 obj\n".encode("ascii") + content + b"\nendobj\n"
            offsets.append(offset)
            offset += len(part)
            parts.append(part)
        table = "".join(f"{place:010d} 00000 n \n" for place in offsets)
        count = len(offsets) + 1
        parts.append(
            f"xref\n0 {count}\n0000000000 65535 f \n{table}"
            f"trailer\n<< /Size {count} /Root {root} 0 R >>\nstartxref\n{offset}\n%%EOF\n".encode("ascii")
        )
        return b"".join(parts)


class _Fonts:
    """The Type 3 fonts of one file: glyphs of all its pages."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self._codes: dict[tuple[FontFace, int, str], tuple[int, int]] = {}
        self._drawings: dict[tuple[FontFace, int], int] = {}
        self._fonts: list[_Type3Font] = []

    def code(self, glyph: PlacedGlyph) -> tuple[int, int]:
        """Return font and code of a glyph; the same glyph standing for another text has another code."""
        key = (glyph.face, glyph.index, glyph.text)
        if key not in self._codes:
            if not self._fonts or len(self._fonts[-1].glyphs) == CODES_PER_FONT:
                self._fonts.append(_Type3Font(self._file.reserve()))
            font = self._fonts[-1]
            advance = round(shaping.advance(glyph.face, glyph.index) * 1000)
            font.glyphs.append((self._drawing(glyph.face, glyph.index), advance, glyph.text))
            self._codes[key] = (len(self._fonts) - 1, len(font.glyphs))
        return self._codes[key]

    def resources(self) -> str:
        """Write the fonts and return their resource entry."""
        for font in self._fonts:
            self._write(font)
        return " ".join(f"/F{place} {font.number} 0 R" for place, font in enumerate(self._fonts))

    def _drawing(self, face: FontFace, index: int) -> int:
        if (face, index) not in self._drawings:
            ink = shaping.ink(face, index) or shaping.GlyphInk(0, 0, 0, 0)
            box = " ".join(str(round(edge * 1000)) for edge in (ink.left, ink.bottom, ink.right, ink.top))
            body = f"{round(shaping.advance(face, index) * 1000)} 0 {box} d1 {shaping.outline(face, index)} f"
            self._drawings[face, index] = self._file.stream(body.encode("ascii"))
        return self._drawings[face, index]

    def _write(self, font: _Type3Font) -> None:
        count = len(font.glyphs)
        drawings = " ".join(f"/g{code} {number} 0 R" for code, (number, *_) in enumerate(font.glyphs, start=1))
        names = " ".join(f"/g{code}" for code in range(1, count + 1))
        widths = " ".join(str(advance) for _, advance, _ in font.glyphs)
        unicode_map = self._file.stream(_unicode_map([text for *_, text in font.glyphs]))
        self._file.put(
            "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 0 0] /FontMatrix [0.001 0 0 0.001 0 0] "
            f"/FirstChar 1 /LastChar {count} /Widths [{widths}] /Resources << >> "
            f"/CharProcs << {drawings} >> /Encoding << /Type /Encoding /Differences [1 {names}] >> "
            f"/ToUnicode {unicode_map} 0 R >>",
            font.number,
        )


class _Document:
    """One PDF in the making."""

    def __init__(self) -> None:
        self._file = _File()
        self._fonts = _Fonts(self._file)
        self._images: dict[tuple[FontFace, int] | bytes, int] = {}
        self._pages: list[int] = []
        self._tree = self._file.reserve()
        self._resources = self._file.reserve()

    def add(self, sheet: Sheet) -> None:
        """Add one badge as a page."""
        width, height = sheet.width_mm * POINTS_PER_MM, sheet.height_mm * POINTS_PER_MM
        # From here on one unit is a millimetre, y grows upwards from the bottom edge.
        drawing = [f"{POINTS_PER_MM:.6f} 0 0 {POINTS_PER_MM:.6f} 0 0 cm"]
        drawing.extend(f"{_fill(bar.colour)} {_rectangle(bar.box, sheet)} f" for bar in sheet.bars)
        drawing.extend(self._photo(sheet))
        for writing in sheet.writings:
            drawing.extend(self._text(writing.glyphs, writing.colour, sheet))
        drawing.extend(_code(sheet))
        content = self._file.stream("\n".join(drawing).encode("ascii"))
        self._pages.append(
            self._file.put(
                f"<< /Type /Page /Parent {self._tree} 0 R /MediaBox [0 0 {width:.3f} {height:.3f}] "
                f"/Resources {self._resources} 0 R /Contents {content} 0 R >>"
            )
        )

    def packed(self) -> bytes:
        """Return the finished file."""
        images = " ".join(f"/I{number} {number} 0 R" for number in self._images.values())
        self._file.put(f"<< /Font << {self._fonts.resources()} >> /XObject << {images} >> >>", self._resources)
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._file.put(f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>", self._tree)
        catalogue = (
            f"<< /Type /Catalog /Pages {self._tree} 0 R /ViewerPreferences << /PrintScaling /None >> >>"  # exact size
        )
        return self._file.packed(self._file.put(catalogue))

    def _text(self, glyphs: Sequence[PlacedGlyph], colour: Colour, sheet: Sheet) -> Iterable[str]:
        pictures = [glyph for glyph in glyphs if shaping.is_picture(glyph.face, glyph.index)]
        outlines = [glyph for glyph in glyphs if not shaping.is_picture(glyph.face, glyph.index)]
        if outlines:
            yield f"BT {_fill(colour)}"
            used: tuple[int, float] | None = None
            for glyph in outlines:
                font, code = self._fonts.code(glyph)
                if used != (font, glyph.size_mm):
                    used = (font, glyph.size_mm)
                    yield f"/F{font} {glyph.size_mm:.4f} Tf"
                yield f"1 0 0 1 {glyph.x_mm:.3f} {sheet.height_mm - glyph.y_mm:.3f} Tm <{code:02x}> Tj"
            yield "ET"
        for glyph in pictures:
            yield from self._picture(glyph, sheet)

    def _picture(self, glyph: PlacedGlyph, sheet: Sheet) -> Iterable[str]:
        """Draw an emoji."""
        ink = shaping.ink(glyph.face, glyph.index)
        if ink is None:
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

    def _photo(self, sheet: Sheet) -> Iterable[str]:
        """Draw the photo cropped at its centre to its place, with round corners."""
        if sheet.photo is None or sheet.photo_jpeg is None:
            return
        with Image.open(io.BytesIO(sheet.photo_jpeg), formats=("JPEG",)) as opened:
            (width, height), mode = opened.size, opened.mode
        if mode not in _COLOUR_SPACES:
            raise PhotoUnusable(mode)
        if sheet.photo_jpeg not in self._images:
            inverted = " /Decode [1 0 1 0 1 0 1 0]" if mode == "CMYK" else ""
            self._images[sheet.photo_jpeg] = self._file.stream(
                sheet.photo_jpeg,
                f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 "
                f"/ColorSpace {_COLOUR_SPACES[mode]}{inverted} /Filter /DCTDecode",
                compress=False,
            )
        box = sheet.photo
        scale = max(box.width / width, box.height / height)
        left = box.x + (box.width - width * scale) / 2
        lower = sheet.height_mm - box.bottom + (box.height - height * scale) / 2
        yield f"q {_rounded(box, sheet)} W n"
        yield f"{width * scale:.3f} 0 0 {height * scale:.3f} {left:.3f} {lower:.3f} cm"
        yield f"/I{self._images[sheet.photo_jpeg]} Do Q"


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
    for y, row in enumerate(sheet.modules):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                yield f"{x} {y} {end - x} 1 re"
            x = end + 1
    yield "f Q"


def _unicode_map(texts: Sequence[str]) -> bytes:
    """Return a ToUnicode CMap: what each code stands for when text is copied or searched."""
    # A glyph that stands for nothing by itself is a zero-width space, so that every code has an entry.
    lines = [f"<{code:02x}> <{(text or chr(0x200B)).encode('utf-16-be').hex()}>" for code, text in enumerate(texts, 1)]
    blocks = [lines[start : start + 100] for start in range(0, len(lines), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Badge def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<00> <ff>\nendcodespacerange\n{body}\nendcmap\nend\nend"
    ).encode("ascii")

"""Type 3 fonts of a PDF: the glyphs its pages use, each drawn once (ISO 32000-1, 9.6.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from visitor.badges import shaping
from visitor.badges.pdf_file import FLATE, PdfFile, deflated
from visitor.badges.shaping import FontFace, PlacedGlyph

CODES_PER_FONT = 255


@dataclass(slots=True)
class _Type3Font:
    """Up to 255 glyphs under one font name."""

    number: int
    glyphs: list[tuple[int, int, str]] = field(default_factory=list)
    """Object number of the drawing, advance in thousandths of an em, and the text it stands for."""


class PdfFonts:
    """The Type 3 fonts of one file: glyphs of all its pages."""

    def __init__(self, file: PdfFile) -> None:
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

    def advance(self, font: int, code: int) -> int:
        """Return how far a code moves the pen, in thousandths of an em."""
        return self._fonts[font].glyphs[code - 1][1]

    def resources(self) -> str:
        """Write the fonts and return their resource entry."""
        for font in self._fonts:
            self._write(font)
        return " ".join(f"/F{place} {font.number} 0 R" for place, font in enumerate(self._fonts))

    def _drawing(self, face: FontFace, index: int) -> int:
        if (face, index) not in self._drawings:
            self._drawings[face, index] = self._file.packed_stream(_drawing(face, index), FLATE)
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


@lru_cache(maxsize=2048)
def _drawing(face: FontFace, index: int) -> bytes:
    """Return the packed drawing of a glyph. Kept, some 200 bytes each: one badge alone has sixty."""
    ink = shaping.ink(face, index) or shaping.GlyphInk(0, 0, 0, 0)
    box = " ".join(str(round(edge * 1000)) for edge in (ink.left, ink.bottom, ink.right, ink.top))
    body = f"{round(shaping.advance(face, index) * 1000)} 0 {box} d1 {shaping.outline(face, index)} f"
    return deflated(body.encode("ascii"))


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

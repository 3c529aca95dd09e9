"""Fits a line of text of any script into a box: runs, direction, line breaks and the largest size that fits.

Text is shaped once at size 1; the size then follows from the widths and heights of the ink, so nothing is guessed and
nothing can be clipped. Words are kept whole unless a single word would have to become unreadably small.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from fontTools import unicodedata as scripts

from visitor.badges import bidi, fonts, shaping
from visitor.badges.breaking import HAN_AND_KANA, cluster_ends, clusters, phrase_ends, word_ends
from visitor.badges.shaping import FontFace, Glyph, PlacedGlyph
from visitor.core.names import clean_line

POINT_MM = 25.4 / 72
LINE_EM = 1.14
"""Distance of baselines, unless the ink of a script needs more."""
CAP_EM = 0.72
"""Height kept for every line, so that texts of one size stand on one line wherever their ink ends."""
GAP_EM = 0.08
"""Least white between the ink of two lines."""

SEPARATOR = " · "
"""Between the items of a list."""

_HAIR = 0.995
"""Leaves rounding a little room."""
_MOST_LINES = 12
_WORTH_ANOTHER_LINE = 1.12
_WORTH_BREAKING_WORDS = 1.3
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text may be set."""

    most_pt: float
    least_pt: float
    """Smaller only when nothing else keeps the whole text."""
    lines: int = 1
    """Lines that may be used before the size falls under `least_pt`."""
    bold: bool = False
    elide: bool = True
    """May lose its end rather than fall far below `least_pt`. Never for a name."""


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text as it will be drawn, in millimetres from the top left corner of its box."""

    size_pt: float
    glyphs: tuple[PlacedGlyph, ...]
    width_mm: float
    height_mm: float
    lines: int

    def at(self, x_mm: float, y_mm: float) -> tuple[PlacedGlyph, ...]:
        """Return the glyphs moved to a place on the page."""
        return tuple(PlacedGlyph(g.face, g.index, g.x_mm + x_mm, g.y_mm + y_mm, g.size_mm, g.text) for g in self.glyphs)


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters `start` to `end` of the text: one font, script and level."""

    start: int
    end: int
    face: FontFace
    script: str
    level: int


@dataclass(frozen=True, slots=True)
class _Line:
    """One line at size 1: glyphs from left to right and the box of their ink."""

    glyphs: tuple[Glyph, ...]
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines one under the other, at size 1."""

    lines: tuple[_Line, ...]
    baselines: tuple[float, ...]
    """Distance from the top."""
    width: float
    height: float


def fit(
    text: str, box_mm: tuple[float, float], style: TextStyle, *, language: str = "en", rtl: bool = False
) -> FittedText:
    """Set the text as large as the box (width, height) and the style allow; `rtl` aligns lines to the right edge.

    The whole ink lies inside the box. An empty text gives no glyphs.
    """
    line = clean_line(text)
    if not line:
        return FittedText(style.most_pt, (), 0, 0, 0)
    fitted = _Setting(line, style, language).fitted(box_mm, rtl=rtl)
    if not style.elide or fitted.size_pt >= style.least_pt * 0.99:
        return fitted
    return _elided(line, box_mm, style, language, rtl=rtl)  # fmt: skip


def _elided(line: str, box_mm: tuple[float, float], style: TextStyle, language: str, *, rtl: bool) -> FittedText:
    """Take characters from the end until the least size is reached."""
    parts = clusters(line)
    low, high = 1, len(parts)
    while low < high:
        middle = (low + high + 1) // 2
        shorter = "".join(parts[:middle]).rstrip() + _ELLIPSIS
        if _Setting(shorter, style, language).fitted(box_mm, rtl=rtl).size_pt >= style.least_pt * 0.99:
            low = middle
        else:
            high = middle - 1
    return _Setting("".join(parts[:low]).rstrip() + _ELLIPSIS, style, language).fitted(box_mm, rtl=rtl)


class _Setting:
    """One text with its runs and widths, ready to be broken into lines and sized."""

    def __init__(self, text: str, style: TextStyle, language: str) -> None:
        self._style = style
        self._base = bidi.base_level(text)
        region = fonts.cjk_region(text, language)
        self._text, self._faces = _drawable(text, bold=style.bold, region=region)
        self._widths = self._measured()

    def fitted(self, box_mm: tuple[float, float], *, rtl: bool) -> FittedText:
        """Choose the lines, then place them at the size they allow."""
        size_mm, block = self._chosen(box_mm)
        glyphs: list[PlacedGlyph] = []
        for line, baseline in zip(block.lines, block.baselines, strict=True):
            shift = box_mm[0] - line.right * size_mm if rtl else -line.left * size_mm
            glyphs.extend(
                PlacedGlyph(g.face, g.index, shift + g.x * size_mm, (baseline - g.y) * size_mm, size_mm, g.text)
                for g in line.glyphs
            )
        return FittedText(
            size_mm / POINT_MM, tuple(glyphs), block.width * size_mm, block.height * size_mm, len(block.lines)
        )

    def _chosen(self, box_mm: tuple[float, float]) -> tuple[float, _Block]:
        """Choose between few lines of whole words, more lines, and broken words."""
        least_mm = self._style.least_pt * POINT_MM
        counts = range(1, self._style.lines + 1)
        phrases = phrase_ends(self._text, SEPARATOR)
        if len(phrases) > 1 and (found := self._best(phrases, box_mm, counts))[0] >= least_mm:
            return found
        words = word_ends(self._text)
        best = self._best(words, box_mm, counts)
        if best[0] < least_mm and not self._style.elide:
            more = self._best(words, box_mm, range(self._style.lines + 1, _MOST_LINES))
            best = max(best, more, key=lambda found: found[0])
        if best[0] < least_mm and self._widest(words) * least_mm > box_mm[0]:
            most = self._style.lines if self._style.elide else _MOST_LINES
            broken = self._best(cluster_ends(self._text), box_mm, range(1, most + 1))
            if broken[0] > best[0] * (1 if self._style.elide else _WORTH_BREAKING_WORDS):
                return broken
        return best

    def _widest(self, ends: Sequence[int]) -> float:
        """Return the width of the widest word, in em."""
        return max(self._width(start, end) for start, end in pairwise([0, *ends]))

    def _best(self, ends: Sequence[int], box_mm: tuple[float, float], counts: range) -> tuple[float, _Block]:
        """Return the largest size reached with one of the counts of lines, fewer lines preferred."""
        best: tuple[float, _Block] | None = None
        for count in counts:
            places = self._balanced(ends, count)
            if best and len(places) <= len(best[1].lines):
                continue
            block = _stacked([self._line(start, end) for start, end in places])
            size = min(
                self._style.most_pt * POINT_MM, box_mm[0] / block.width * _HAIR, box_mm[1] / block.height * _HAIR
            )
            readable = best is not None and best[0] >= self._style.least_pt * POINT_MM
            if best is None or size > best[0] * (_WORTH_ANOTHER_LINE if readable else 1):
                best = (size, block)
        if best is None:
            raise ValueError("no count of lines to choose from")
        return best

    def _balanced(self, ends: Sequence[int], count: int) -> list[tuple[int, int]]:
        """Break into at most `count` lines so that the widest is as narrow as can be."""
        lines = [(0, len(self._text))]
        if count == 1 or len(ends) == 1:
            return lines
        high = self._width(0, len(self._text))
        low = high / count
        for _ in range(16):
            middle = (low + high) / 2
            tried = self._greedy(ends, middle)
            if len(tried) <= count and max(self._width(*line) for line in tried) <= middle:
                high, lines = middle, tried
            else:
                low = middle
        return lines

    def _greedy(self, ends: Sequence[int], limit: float) -> list[tuple[int, int]]:
        lines: list[tuple[int, int]] = []
        start = end = 0
        for candidate in ends:
            if end > start and self._width(start, candidate) > limit:
                lines.append((start, end))
                start = end
            end = candidate
        return [*lines, (start, end)]

    def _width(self, start: int, end: int) -> float:
        while end > start and self._text[end - 1] == " ":
            end -= 1
        return self._widths[end] - self._widths[start]

    def _measured(self) -> list[float]:
        """Return the width of the text up to each character, in logical order."""
        advances = [0.0] * (len(self._text) + 1)
        for run in self._runs(0, len(self._text)):
            shaped = shaping.shape(
                self._text[run.start : run.end], run.face, script=run.script, rtl=bool(run.level % 2)
            )
            for place, advance in shaped.cluster_advances:
                advances[run.start + place + 1] += advance
        total = 0.0
        for place, advance in enumerate(advances):
            total += advance
            advances[place] = total
        return advances

    def _runs(self, start: int, end: int) -> list[_Run]:
        """Split a line into runs, in logical order."""
        levels = bidi.levels(self._text[start:end], self._base)
        runs: list[_Run] = []
        for (face, script, level), places in groupby(
            range(start, end), key=lambda place: (*self._faces[place], levels[place - start])
        ):
            stretch = list(places)
            runs.append(_Run(stretch[0], stretch[-1] + 1, face, script, level))
        return runs

    def _line(self, start: int, end: int) -> _Line:
        """Shape one line and put its runs in visual order."""
        end = start + len(self._text[start:end].rstrip(" "))
        runs = self._runs(start, end)
        glyphs: list[Glyph] = []
        pen = 0.0
        for place in bidi.visual_order([run.level for run in runs]):
            run = runs[place]
            shaped = shaping.shape(
                self._text[run.start : run.end], run.face, script=run.script, rtl=bool(run.level % 2)
            )
            glyphs.extend(Glyph(g.face, g.index, g.x + pen, g.y, g.text) for g in shaped.glyphs)
            pen += shaped.advance
        return _with_ink(tuple(glyphs), pen)


def _with_ink(glyphs: tuple[Glyph, ...], advance: float) -> _Line:
    """Work out the box of the ink; a line without ink keeps its advance."""
    boxes = [(glyph, found) for glyph in glyphs if (found := shaping.ink(glyph.face, glyph.index))]
    if not boxes:
        return _Line(glyphs, 0.0, advance or 1.0, CAP_EM, 0.0)
    return _Line(
        glyphs,
        left=min(glyph.x + box.left for glyph, box in boxes),
        right=max(glyph.x + box.right for glyph, box in boxes),
        top=max(CAP_EM, *(glyph.y + box.top for glyph, box in boxes)),
        bottom=max(0.0, *(-glyph.y - box.bottom for glyph, box in boxes)),
    )


def _stacked(lines: Sequence[_Line]) -> _Block:
    """Put lines under each other, evenly, as close as their ink and good habit allow."""
    step = max([LINE_EM, *(upper.bottom + lower.top + GAP_EM for upper, lower in pairwise(lines))])
    baselines = tuple(lines[0].top + step * place for place in range(len(lines)))
    width = max(line.right - line.left for line in lines)
    return _Block(tuple(lines), baselines, width, baselines[-1] + lines[-1].bottom)


def _drawable(text: str, *, bold: bool, region: str) -> tuple[str, list[tuple[FontFace, str]]]:
    """Choose a font and a script for each character.

    A cluster that no font draws loses its marks when that helps; otherwise it is drawn as the font's empty box.
    """
    book = fonts.font_book()
    kept: list[str] = []
    chosen: list[tuple[FontFace, str]] = []
    face: FontFace | None = None
    script = ""
    for cluster in clusters(text):
        shown = cluster
        found = book.face_for(cluster, bold=bold, region=region, current=face)
        if found is None:
            bare = unicodedata.normalize("NFKD", cluster)[0]
            found = book.face_for(bare, bold=bold, region=region, current=face)
            shown = bare if found else cluster
        face = found or face or book.face_for("A", bold=bold) or shaping.BUILT_IN
        script = _script(shown, script)
        kept.append(shown)
        chosen.extend([(face, script)] * len(shown))
    return "".join(kept), _with_leading_script(chosen)


def _script(cluster: str, before: str) -> str:
    """Return the script of a cluster; common characters continue the script before them."""
    script = next((found for c in cluster if (found := scripts.script(c)) not in {"Zyyy", "Zinh"}), before)
    return "Hani" if script in HAN_AND_KANA else script


def _with_leading_script(chosen: list[tuple[FontFace, str]]) -> list[tuple[FontFace, str]]:
    """Give characters before the first letter the script of that letter."""
    first = next((script for _, script in chosen if script), "Latn")
    return [(face, script or first) for face, script in chosen]

"""Puts one badge's content into its design: everything placed, nothing drawn yet.

`render` and `pdf` draw the same sheet, so what is seen on the screen is what the printer prints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from visitor.badges.layout import (
    CODE_MODULES,
    QUIET_MODULES,
    Anchor,
    BadgeFace,
    BadgeLayout,
    Box,
    Element,
    Part,
    layout_for,
)
from visitor.badges.shaping import PlacedGlyph
from visitor.badges.text import SEPARATOR, TextStyle, fit
from visitor.imaging.badge_code import badge_code

Colour = tuple[int, int, int]

INK: Colour = (20, 23, 28)
MUTED: Colour = (88, 96, 108)
RULE: Colour = (190, 196, 204)
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
FALLBACK_BAND: Colour = (38, 50, 64)

CAPTION_GAP_MM = 0.6
_CAPTION = TextStyle(most_pt=6, least_pt=4.5)
_HEX_DIGITS = 7
_EVERYBODY = frozenset({Part.VISIT_TYPE, Part.SITE_NAME, Part.VALID_UNTIL, Part.ZONES, Part.ESCORT})
"""What stands on the badges of many people and names nobody: set once and kept in memory. Names are never kept."""
_GROUP = frozenset({Part.COMPANY, Part.HOST})
"""What stands on several badges of one document."""
OWN_PARTS = frozenset({Part.NAME, Part.NUMBER})
"""What stands on one badge only."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle."""

    box: Box
    colour: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """Glyphs of one colour. Equal only to itself: what was set once is drawn once in a document."""

    part: Part
    colour: Colour
    glyphs: tuple[PlacedGlyph, ...]
    box: Box
    """Holds all their ink."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A text to be set: everything that decides how it looks."""

    part: Part
    text: str
    box: Box
    style: TextStyle
    anchor: Anchor
    colour: Colour
    language: str
    rtl: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """One badge, placed."""

    width_mm: float
    height_mm: float
    bars: tuple[Bar, ...]
    writings: tuple[Writing, ...]
    photo: Box | None
    photo_radius_mm: float
    photo_jpeg: bytes | None
    code: Box | None
    """The place of the code with its quiet zone."""
    modules: bytes
    """Of the code: see `imaging.badge_code`."""

    @property
    def code_span(self) -> int:
        """Modules along one side of the code with its quiet zone."""
        return CODE_MODULES + 2 * QUIET_MODULES


def compose(layout: BadgeLayout, face: BadgeFace) -> Sheet:
    """Place everything a badge shows.

    Raises:
        TextUnfit: the token is none.
    """
    return compose_all(layout, [face])[0]


def compose_all(layout: BadgeLayout, faces: Sequence[BadgeFace]) -> list[Sheet]:
    """Place everything that the badges of one document show; what several of them share is the same `Writing`.

    Raises:
        TextUnfit: a token is none.
    """
    known: dict[_Line, Writing] = {}
    return [_composed(layout_for(layout, face), face, known) for face in faces]


def _composed(chosen: BadgeLayout, face: BadgeFace, known: dict[_Line, Writing]) -> Sheet:
    band = band_colour(face.colour)
    lines = [line for element in chosen.elements for line in _lines(element, face, readable_on(band))]
    photo, code = chosen.element(Part.PHOTO), chosen.element(Part.CODE)
    escort = (Bar(chosen.escort_band, INK),) if face.escort else ()
    return Sheet(
        width_mm=chosen.width_mm,
        height_mm=chosen.height_mm,
        bars=(Bar(chosen.band, band), Bar(chosen.rule, RULE), *escort),
        writings=tuple(_written(line, known) for line in lines),
        photo=photo.box if photo and face.photo_jpeg else None,
        photo_radius_mm=chosen.photo_radius_mm,
        photo_jpeg=face.photo_jpeg,
        code=code.box if code and face.token else None,
        modules=badge_code(face.token) if face.token else b"",
    )


def band_colour(text: str) -> Colour:
    """Read `#rrggbb`; anything else gives a dark blue-grey."""
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return FALLBACK_BAND
    return (red, green, blue) if len(text) == _HEX_DIGITS else FALLBACK_BAND


@lru_cache(maxsize=256)
def readable_on(background: Colour) -> Colour:
    """Return white or black, whichever has the greater contrast: always the 4.5 to 1 of WCAG 2.2, 1.4.3."""
    return max((WHITE, BLACK), key=lambda colour: contrast(colour, background))


def contrast(one: Colour, other: Colour) -> float:
    """Return the WCAG contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _lines(element: Element, face: BadgeFace, on_band: Colour) -> list[_Line]:
    """Return the text of one element and its caption, as far as it has them."""
    text, caption = _texts(element.part, face)
    style = element.style
    if not text or style is None:
        return []
    colour = {Part.VISIT_TYPE: on_band, Part.SITE_NAME: on_band, Part.ESCORT: WHITE}.get(element.part, INK)
    box, above = element.box, 0.0
    if element.caption_mm and caption:
        above = element.caption_mm + CAPTION_GAP_MM
    below = Box(box.x, box.y + above, box.width, box.height - above)
    lines = [_Line(element.part, text, below, style, element.anchor, colour, face.language, face.rtl)]
    if above:
        place = Box(box.x, box.y, box.width, element.caption_mm)
        lines.append(_Line(element.part, caption, place, _CAPTION, Anchor.TOP, MUTED, face.language, face.rtl))
    return lines


def _written(line: _Line, known: dict[_Line, Writing]) -> Writing:
    """Set a line, or take it as it was set before."""
    if line.part in _EVERYBODY or line.style is _CAPTION:
        return _kept(line)
    if line.part not in _GROUP:
        return _set(line)
    if line not in known:
        known[line] = _set(line)
    return known[line]


def _set(line: _Line) -> Writing:
    """Fit a line into its box."""
    box = line.box
    fitted = fit(line.text, (box.width, box.height), line.style, language=line.language, rtl=line.rtl)
    spare = box.height - fitted.height_mm
    down = {Anchor.TOP: 0.0, Anchor.MIDDLE: spare / 2, Anchor.BOTTOM: spare}[line.anchor]
    ink = Box(box.x, box.y + down, box.width, fitted.height_mm)
    return Writing(line.part, line.colour, fitted.at(box.x, box.y + down), ink)


_kept = lru_cache(maxsize=512)(_set)


def _texts(part: Part, face: BadgeFace) -> tuple[str, str]:
    """Return text and caption of a part."""
    labels = face.labels
    return {
        Part.VISIT_TYPE: (face.visit_type_name, ""),
        Part.SITE_NAME: (face.site_name, ""),
        Part.NUMBER: (face.number, ""),
        Part.NAME: (face.name, ""),
        Part.COMPANY: (face.company, ""),
        Part.HOST: (face.host_name, labels.host),
        Part.VALID_UNTIL: (face.valid_until_text, labels.valid_until),
        Part.ZONES: (SEPARATOR.join(face.zones), labels.zones),
        Part.ESCORT: (labels.escort if face.escort else "", ""),
    }.get(part, ("", ""))

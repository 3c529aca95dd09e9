"""Puts one badge's content into its design: everything placed, nothing drawn yet.

`render` and `pdf` draw the same sheet, so what is seen on the screen is what the printer prints.
"""

from dataclasses import dataclass

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
from visitor.imaging.qr import qr_matrix

Colour = tuple[int, int, int]

INK: Colour = (20, 23, 28)
MUTED: Colour = (88, 96, 108)
RULE: Colour = (190, 196, 204)
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
FALLBACK_BAND: Colour = (38, 50, 64)

CODE_VERSION = 6
CODE_MASK = 2
"""Any mask is valid. A token is four fixed characters and then noise, so no mask is better for a particular badge; over
many tokens this one has the least mean penalty (ISO/IEC 18004, 7.8.3), and trying all eight for each would cost most of
the time of drawing the code."""

CAPTION_GAP_MM = 0.6
_CAPTION = TextStyle(most_pt=6, least_pt=4.5)
_HEX_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle."""

    box: Box
    colour: Colour


@dataclass(frozen=True, slots=True)
class Writing:
    """Glyphs of one colour."""

    part: Part
    colour: Colour
    glyphs: tuple[PlacedGlyph, ...]


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
    modules: tuple[tuple[bool, ...], ...]

    @property
    def code_span(self) -> int:
        """Modules along one side of the code with its quiet zone."""
        return CODE_MODULES + 2 * QUIET_MODULES


def compose(layout: BadgeLayout, face: BadgeFace) -> Sheet:
    """Place everything a badge shows."""
    chosen = layout_for(layout, face)
    band = band_colour(face.colour)
    writings = tuple(
        writing
        for element in chosen.elements
        if element.style
        for writing in _written(element, face, readable_on(band))
    )
    photo, code = chosen.element(Part.PHOTO), chosen.element(Part.CODE)
    escort = (Bar(chosen.escort_band, INK),) if face.escort else ()
    return Sheet(
        width_mm=chosen.width_mm,
        height_mm=chosen.height_mm,
        bars=(Bar(chosen.band, band), Bar(chosen.rule, RULE), *escort),
        writings=writings,
        photo=photo.box if photo and face.photo_jpeg else None,
        photo_radius_mm=chosen.photo_radius_mm,
        photo_jpeg=face.photo_jpeg,
        code=code.box if code and face.token else None,
        modules=qr_matrix(face.token, version=CODE_VERSION, mask=CODE_MASK) if face.token else (),
    )


def band_colour(text: str) -> Colour:
    """Read `#rrggbb`; anything else gives a dark blue-grey."""
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return FALLBACK_BAND
    return (red, green, blue) if len(text) == _HEX_DIGITS else FALLBACK_BAND


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


def _written(element: Element, face: BadgeFace, on_band: Colour) -> tuple[Writing, ...]:
    """Fit the text of one element, with its caption, into its box."""
    text, caption = _texts(element.part, face)
    style = element.style
    if not text or style is None:
        return ()
    colour = {Part.VISIT_TYPE: on_band, Part.SITE_NAME: on_band, Part.ESCORT: WHITE}.get(element.part, INK)
    box = element.box
    above = element.caption_mm + CAPTION_GAP_MM if element.caption_mm and caption else 0.0
    fitted = fit(text, (box.width, box.height - above), style, language=face.language, rtl=face.rtl)
    spare = box.height - above - fitted.height_mm
    down = {Anchor.TOP: 0.0, Anchor.MIDDLE: spare / 2, Anchor.BOTTOM: spare}[element.anchor]
    writings = [Writing(element.part, colour, fitted.at(box.x, box.y + above + down))]
    if above:
        small = fit(caption, (box.width, element.caption_mm), _CAPTION, language=face.language, rtl=face.rtl)
        writings.append(Writing(element.part, MUTED, small.at(box.x, box.y)))
    return tuple(writings)


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

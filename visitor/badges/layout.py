"""The design of a badge as plain values: what stands where, in millimetres from the top left corner.

Two sizes, each with and without a photo. A reader finds the same thing in the same place on every badge: the coloured
band says which kind of visitor, the code is at the right, the name is by far the largest text (at 18 pt or more unless
it is very long, so that it is read from two metres), details follow below.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from babel import UnknownLocaleError

from visitor.badges.text import TextStyle
from visitor.core.i18n import direction

CODE_MODULES = 41
"""A QR code of version 6 has 41 x 41 modules; a token fills it at error correction M."""
QUIET_MODULES = 4
"""White modules on each side (ISO/IEC 18004)."""
_QUIET_MM = 25 * QUIET_MODULES / (CODE_MODULES + 2 * QUIET_MODULES)


class Part(StrEnum):
    """What can stand on a badge."""

    VISIT_TYPE = "visit_type"
    SITE_NAME = "site_name"
    PHOTO = "photo"
    CODE = "code"
    NUMBER = "number"
    NAME = "name"
    COMPANY = "company"
    HOST = "host"
    VALID_UNTIL = "valid_until"
    ZONES = "zones"
    ESCORT = "escort"


class Anchor(StrEnum):
    """Where a text stands in a box that is higher than the text."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in millimetres from the top left corner of the badge."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    def overlaps(self, other: "Box") -> bool:
        """Say whether the two share any area."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def contains(self, other: "Box") -> bool:
        """Say whether the other lies inside, edges included."""
        across = self.x <= other.x and other.right <= self.right
        return across and self.y <= other.y and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True)
class Element:
    """One part of the badge and its place."""

    part: Part
    box: Box
    style: TextStyle | None = None
    """None for the photo and the code."""
    anchor: Anchor = Anchor.TOP
    caption_mm: float = 0
    """Height of the small caption above the text; 0 for none."""


@dataclass(frozen=True, slots=True)
class BadgeLayout:
    """A badge's size and design."""

    key: str
    width_mm: float
    height_mm: float
    band: Box
    """Filled with the colour of the visit type, up to the edges of the badge."""
    escort_band: Box
    """Filled black on the badges of visitors who must be escorted."""
    rule: Box
    """The thin line above the details."""
    elements: tuple[Element, ...]
    photo_radius_mm: float = 1.5
    without_photo: "BadgeLayout | None" = None
    """The design for a badge without a photo; None when this is it."""

    def element(self, part: Part) -> Element | None:
        """Return the element of that part, if the design has it."""
        return next((element for element in self.elements if element.part is part), None)

    def mirrored(self) -> "BadgeLayout":
        """Return the design for a language that is read from right to left."""
        return replace(
            self,
            band=self._flipped(self.band),
            escort_band=self._flipped(self.escort_band),
            rule=self._flipped(self.rule),
            elements=tuple(replace(element, box=self._flipped(element.box)) for element in self.elements),
        )

    def _flipped(self, box: Box) -> Box:
        return replace(box, x=self.width_mm - box.right)


@dataclass(frozen=True, slots=True)
class BadgeLabels:
    """The words printed beside the values, already in the language of the badge."""

    host: str = "Host"
    valid_until: str = "Valid until"
    zones: str = "Zones"
    escort: str = "Escort required"


@dataclass(frozen=True, slots=True)
class BadgeFace:
    """What one badge shows. An empty text leaves its place white."""

    name: str
    company: str
    host_name: str
    visit_type_name: str
    colour: str
    """Of the visit type, `#rrggbb`."""
    zones: tuple[str, ...]
    valid_until_text: str
    number: str
    site_name: str
    token: str
    photo_jpeg: bytes | None = None
    escort: bool = False
    language: str = "en"
    """Of the labels; decides the side the badge starts from and the forms of Han characters."""
    labels: BadgeLabels = field(default_factory=BadgeLabels)

    @property
    def rtl(self) -> bool:
        """Say whether the badge is read from the right."""
        try:
            return direction(self.language) == "rtl"
        except (ValueError, UnknownLocaleError):
            return False


def layout_for(layout: BadgeLayout, face: BadgeFace) -> BadgeLayout:
    """Return the variant of the design that fits this badge: with or without photo, from the left or the right."""
    chosen = layout if face.photo_jpeg or layout.without_photo is None else layout.without_photo
    return chosen.mirrored() if face.rtl else chosen


def _detail(part: Part, box: Box, lines: int = 1) -> Element:
    style = TextStyle(most_pt=9.5, least_pt=5.5, lines=lines, bold=True)
    return Element(part, box, style, caption_mm=2.2)


_NAME = TextStyle(most_pt=46, least_pt=18, lines=3, bold=True, elide=False)
_CARD_NAME = replace(_NAME, most_pt=40)
_COMPANY = TextStyle(most_pt=13, least_pt=6.5, lines=2)
_TYPE = TextStyle(most_pt=19, least_pt=9, lines=2, bold=True)
_CARD_TYPE = replace(_TYPE, most_pt=16, least_pt=7.5)
_SITE = TextStyle(most_pt=8.5, least_pt=5.5, lines=2)
_NUMBER = TextStyle(most_pt=10, least_pt=6, bold=True)
_ESCORT = TextStyle(most_pt=13, least_pt=7, lines=2, bold=True)

_LABEL_HEAD = (
    Element(Part.VISIT_TYPE, Box(4, 2.2, 54, 6.6), _TYPE),
    Element(Part.SITE_NAME, Box(4, 9.1, 54, 3), _SITE),
    Element(Part.ESCORT, Box(4, 95, 54, 3.8), _ESCORT, Anchor.MIDDLE),
)
_LABEL_WITHOUT_PHOTO = BadgeLayout(
    key="label-62x100-no-photo",
    width_mm=62,
    height_mm=100,
    band=Box(0, 0, 62, 13.2),
    escort_band=Box(0, 93.8, 62, 6.2),
    rule=Box(4, 55.6, 54, 0.25),
    elements=(
        *_LABEL_HEAD,
        Element(Part.NAME, Box(4, 17, 54, 28), _NAME, Anchor.BOTTOM),
        Element(Part.COMPANY, Box(4, 47.6, 54, 5.6), _COMPANY),
        _detail(Part.HOST, Box(4, 58.6, 29.5, 9.2), 2),
        _detail(Part.VALID_UNTIL, Box(4, 69.2, 29.5, 9.2), 2),
        _detail(Part.ZONES, Box(4, 79.8, 29.5, 12.6), 4),
        Element(Part.CODE, Box(58 + _QUIET_MM - 25, 58.6 - _QUIET_MM, 25, 25)),
        Element(Part.NUMBER, Box(58 + 2 * _QUIET_MM - 25, 83.6, 25 - 2 * _QUIET_MM, 3.6), _NUMBER),
    ),
)
LABEL_62X100 = BadgeLayout(
    key="label-62x100",
    width_mm=62,
    height_mm=100,
    band=Box(0, 0, 62, 13.2),
    escort_band=Box(0, 93.8, 62, 6.2),
    rule=Box(4, 76.6, 54, 0.25),
    elements=(
        *_LABEL_HEAD,
        Element(Part.PHOTO, Box(4, 16.2, 22, 27.5)),
        Element(Part.CODE, Box(58 + _QUIET_MM - 25, 16.2 - _QUIET_MM, 25, 25)),
        Element(Part.NUMBER, Box(58 + 2 * _QUIET_MM - 25, 40.1, 25 - 2 * _QUIET_MM, 3.6), _NUMBER, Anchor.BOTTOM),
        Element(Part.NAME, Box(4, 47, 54, 20.8), _NAME, Anchor.BOTTOM),
        Element(Part.COMPANY, Box(4, 70, 54, 5.6), _COMPANY),
        _detail(Part.HOST, Box(4, 78.4, 26, 6.2)),
        _detail(Part.VALID_UNTIL, Box(32, 78.4, 26, 6.2)),
        _detail(Part.ZONES, Box(4, 85.4, 54, 7.6), 2),
    ),
    without_photo=_LABEL_WITHOUT_PHOTO,
)
"""A label from a 62 mm roll, 100 mm long."""

_CARD_HEAD = (
    Element(Part.VISIT_TYPE, Box(4, 1.9, 45.98, 5.5), _CARD_TYPE),
    Element(Part.SITE_NAME, Box(4, 7.8, 45.98, 2.6), _SITE),
    Element(Part.ESCORT, Box(4, 81.4, 45.98, 3.2), _ESCORT, Anchor.MIDDLE),
)
_CARD_WITHOUT_PHOTO = BadgeLayout(
    key="card-cr80-no-photo",
    width_mm=53.98,
    height_mm=85.6,
    band=Box(0, 0, 53.98, 11.4),
    escort_band=Box(0, 80.4, 53.98, 5.2),
    rule=Box(4, 47, 45.98, 0.25),
    elements=(
        *_CARD_HEAD,
        Element(Part.NAME, Box(4, 14.4, 45.98, 23.6), _CARD_NAME, Anchor.BOTTOM),
        Element(Part.COMPANY, Box(4, 40.2, 45.98, 5.4), _COMPANY),
        _detail(Part.HOST, Box(4, 49.8, 22.4, 8.4), 2),
        _detail(Part.VALID_UNTIL, Box(4, 59.2, 22.4, 8.4), 2),
        _detail(Part.ZONES, Box(4, 68.6, 22.4, 10.8), 3),
        Element(Part.CODE, Box(49.98 + _QUIET_MM - 25, 49.8 - _QUIET_MM, 25, 25)),
        Element(Part.NUMBER, Box(49.98 + 2 * _QUIET_MM - 25, 74.4, 25 - 2 * _QUIET_MM, 3.4), _NUMBER),
    ),
)
CARD_CR80 = BadgeLayout(
    key="card-cr80",
    width_mm=53.98,
    height_mm=85.6,
    band=Box(0, 0, 53.98, 11.4),
    escort_band=Box(0, 80.4, 53.98, 5.2),
    rule=Box(4, 64.8, 45.98, 0.25),
    elements=(
        *_CARD_HEAD,
        Element(Part.PHOTO, Box(4, 13.8, 20, 25)),
        Element(Part.CODE, Box(49.98 + _QUIET_MM - 25, 13.8 - _QUIET_MM, 25, 25)),
        Element(Part.NUMBER, Box(49.98 + 2 * _QUIET_MM - 25, 36.85, 25 - 2 * _QUIET_MM, 2.6), _NUMBER, Anchor.BOTTOM),
        Element(Part.NAME, Box(4, 41.6, 45.98, 15.4), _CARD_NAME, Anchor.BOTTOM),
        Element(Part.COMPANY, Box(4, 58.9, 45.98, 5.2), _COMPANY),
        _detail(Part.HOST, Box(4, 66.4, 22, 6)),
        _detail(Part.VALID_UNTIL, Box(27.98, 66.4, 22, 6)),
        _detail(Part.ZONES, Box(4, 72.9, 45.98, 7), 2),
    ),
    without_photo=_CARD_WITHOUT_PHOTO,
)
"""An ID-1 plastic card (ISO/IEC 7810) held upright."""

LAYOUTS = {layout.key: layout for layout in (LABEL_62X100, CARD_CR80)}

"""Which of a printer's media a badge goes on. Pure; lengths are hundredths of a millimetre, as in IPP (PWG 5100.7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from visitor.badges.ipp_values import Attribute, Range, Tag, attribute

TOLERANCE = 100
"""One millimetre: a CR80 card is 53.98 mm wide and listed as 54."""
MARGINS = ("media-bottom-margin", "media-left-margin", "media-right-margin", "media-top-margin")
_NAMED_SIZE = re.compile(r"_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(in|mm)$", re.ASCII)
_HUNDREDTHS = {"in": 2540.0, "mm": 100.0}


@dataclass(frozen=True, slots=True)
class MediaSize:
    """A size the printer has; on a roll the height is a range, otherwise both ends are the same."""

    width: Range
    height: Range
    ready: bool = False
    """Loaded now, not merely known."""
    keyword: str | None = None

    def fits(self, width: int, height: int) -> bool:
        """Say whether this medium can be exactly this size."""
        return _within(width, self.width) and _within(height, self.height)

    def holds(self, width: int, height: int) -> bool:
        """Say whether something of this size has room on it."""
        return self.width.upper + TOLERANCE >= width and self.height.upper + TOLERANCE >= height

    @property
    def area(self) -> int:
        """The largest area, to prefer the smallest medium that holds a badge."""
        return self.width.upper * self.height.upper


@dataclass(frozen=True, slots=True)
class MediaChoice:
    """What to ask the printer for: a size in media-col, or a keyword where it takes no media-col."""

    width: int
    height: int
    exact: bool
    """False: the badge is printed in a corner of something larger."""
    keyword: str | None = None
    borderless: bool = False
    unscaled: bool = False

    def job_attributes(self) -> tuple[Attribute, ...]:
        """Return the Job Template attributes (RFC 8011 section 5.2, PWG 5100.7, print-scaling PWG 5100.13)."""
        scaling = (attribute("print-scaling", Tag.KEYWORD, "none"),) if self.unscaled else ()
        if self.keyword is not None:
            return (attribute("media", Tag.KEYWORD, self.keyword), *scaling)
        size = (
            attribute("x-dimension", Tag.INTEGER, self.width),
            attribute("y-dimension", Tag.INTEGER, self.height),
        )
        margins = MARGINS if self.borderless else ()
        members = (
            attribute("media-size", Tag.COLLECTION, size),
            *(attribute(margin, Tag.INTEGER, 0) for margin in margins),
        )
        return (attribute("media-col", Tag.COLLECTION, members), *scaling)


def named_size(keyword: str, *, ready: bool = False) -> MediaSize | None:
    """Return the size a self-describing media name carries (PWG 5101.1 section 5), as in `om_label_62x100mm`."""
    found = _NAMED_SIZE.search(keyword)
    if found is None or keyword.startswith(("custom_min_", "custom_max_")):
        return None
    width, height = (round(float(found[side]) * _HUNDREDTHS[found[3]]) for side in (1, 2))
    return MediaSize(Range(width, width), Range(height, height), ready, keyword)


def best_size(sizes: Iterable[MediaSize], width: int, height: int) -> MediaSize | None:
    """Return the exact size, loaded ones first; else the smallest that holds it; else None."""
    known = list(sizes)
    exact = [size for size in known if size.fits(width, height)]
    if exact:
        return min(exact, key=lambda size: not size.ready)
    roomy = [size for size in known if size.holds(width, height)]
    return min(roomy, key=lambda size: (not size.ready, size.area), default=None)


def chosen_length(wanted: int, bounds: Range) -> int:
    """Return the length to ask for: the printer's own figure, or the wanted one inside its range."""
    return min(max(wanted, bounds.lower), bounds.upper)


def _within(length: int, bounds: Range) -> bool:
    return bounds.lower - TOLERANCE <= length <= bounds.upper + TOLERANCE

"""How a site looks: an accent colour that can be read, whatever was chosen.

Contrast is that of WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for edges and large drawings (1.4.11). The grounds are
those of `kiosk/app/tokens.css` and `visitor/app/static/css/tokens.css`; a test compares.
"""

from dataclasses import dataclass
from math import pow  # noqa: A004  of floats alone, so that its type is known
from typing import Final, TypeAlias

Rgb: TypeAlias = tuple[int, int, int]

TEXT_CONTRAST: Final = 4.5
LIGHT_GROUNDS: Final = ("#f5f3ee", "#ffffff", "#f6f7f9", "#f0f2f5")
"""What the accent stands on, or what stands on it, in light screens; its own tint comes on top."""
DARK_GROUNDS: Final = ("#101b20", "#1a282e", "#06262d", "#15181d", "#1e222a")
TINTED: Final = 10
"""Percent of the accent in its tint, in light screens."""
TINTED_DARK: Final = 16
_LIGHT_SURFACE: Final = (255, 255, 255)
_DARK_SURFACE: Final = (26, 40, 46)
_BLACK: Final = (0, 0, 0)
_WHITE: Final = (255, 255, 255)
_DEEPER: Final = 28
"""Percent of black, or of white in dark screens, in what is pointed at."""


@dataclass(frozen=True, slots=True)
class Accent:
    """An accent on the screens of one theme."""

    colour: str
    """Of text, drawings and buttons, whose own text has the colour of the ground."""
    deep: str
    """The same, further from the ground."""
    tint: str
    """A ground for text in either colour."""


@dataclass(frozen=True, slots=True)
class Accents:
    """What becomes of a chosen colour."""

    chosen: str
    light: Accent
    dark: Accent

    @property
    def kept_in_light(self) -> bool:
        """Light screens use the colour as it was chosen."""
        return self.light.colour == self.chosen

    @property
    def kept_in_dark(self) -> bool:
        """Dark screens use the colour as it was chosen."""
        return self.dark.colour == self.chosen


def accents(chosen: str) -> Accents:
    """Return what is used in place of `chosen` (#rrggbb): as little darker or lighter as text needs."""
    lower = chosen.lower()
    light = _readable(lower, _BLACK, _LIGHT_SURFACE, LIGHT_GROUNDS)
    return Accents(lower, light, _readable(lower, _WHITE, _DARK_SURFACE, DARK_GROUNDS))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (#rrggbb), 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    darker, lighter = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(chosen: str, towards: Rgb, surface: Rgb, grounds: tuple[str, ...]) -> Accent:
    """Mix black or white into the colour, one percent after the other, until it can be read on all grounds."""
    percent = TINTED if towards == _BLACK else TINTED_DARK
    tried = (_mixed(_rgb(chosen), towards, share) for share in range(101))
    for colour in tried:
        tint = _hex(_mixed(surface, colour, percent))
        if all(contrast(_hex(colour), ground) >= TEXT_CONTRAST for ground in (*grounds, tint)):
            break
    return Accent(_hex(colour), _hex(_mixed(colour, towards, _DEEPER)), tint)


def _mixed(one: Rgb, other: Rgb, percent: int) -> Rgb:
    red, green, blue = (round(a + (b - a) * percent / 100) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else pow((part + 0.055) / 1.055, 2.4)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)

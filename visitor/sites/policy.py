"""What may be taken down of a visitor's ID, and what must not be typed into any field."""

from dataclasses import dataclass
from enum import StrEnum

from visitor.sites.detectors import Detector, found_by
from visitor.sites.preset import CopyMode, NumberMode, Preset


class IdAsk(StrEnum):
    """What a visit type would like to do with a visitor's ID."""

    NONE = "none"
    SEEN = "seen"
    NUMBER = "number"


class IdMode(StrEnum):
    """What is done with a visitor's ID."""

    NONE = "none"
    SEEN = "seen"
    """Somebody looks and ticks; nothing of the document is written."""
    LAST4 = "last4"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class IdCapture:
    """What a screen or API may offer for an ID; everything else is refused."""

    mode: IdMode
    fields: tuple[str, ...]
    """Names of the fields that may be stored."""
    copy_allowed: bool
    """Never true under a preset whose copy mode is `hard_off` or `off`; true only with the visitor's consent."""
    life_hours: int
    """How long number or copy may live; 0 where neither is stored."""
    justification_required: bool


_SEEN = ("seen_by", "seen_at")
_NOTHING = IdCapture(IdMode.NONE, (), copy_allowed=False, life_hours=0, justification_required=False)


def id_capture(preset: Preset, visit_type_asks: IdAsk, *, minor: bool = False) -> IdCapture:
    """Return what the preset leaves of the visit type's wish.

    A number that the preset forbids becomes a look. A minor is never asked for an ID.
    """
    document = preset.id_document
    if minor or visit_type_asks is IdAsk.NONE or document.view != "allowed":
        return _NOTHING
    copy_allowed = document.copy_.mode is CopyMode.CONSENT
    mode = IdMode.SEEN
    fields: tuple[str, ...] = _SEEN
    if visit_type_asks is IdAsk.NUMBER and document.number.mode is NumberMode.LAST4:
        mode, fields = IdMode.LAST4, (*_SEEN, "number_last4")
    elif visit_type_asks is IdAsk.NUMBER and document.number.mode is NumberMode.FULL_JUSTIFIED:
        mode, fields = IdMode.FULL, (*_SEEN, "number", "justification")
    stored = copy_allowed or mode is not IdMode.SEEN
    return IdCapture(
        mode,
        fields,
        copy_allowed=copy_allowed,
        life_hours=preset.id_hours.default if stored else 0,
        justification_required=mode is IdMode.FULL,
    )


def contains_forbidden_number(text: str, preset: Preset) -> Detector | None:
    """Return the first of the preset's detectors that recognises a number in `text`; the clerk is then asked."""
    return next((detector for detector in preset.id_document.detectors if found_by(detector, text)), None)


def mask_last4(number: str) -> str:
    """Return the number with only its end legible: at most four characters, and never more than half of it."""
    characters = "".join(char for char in number if char.isalnum())
    shown = min(4, len(characters) // 2)
    return "••••" + (characters[-shown:] if shown else "")


def is_minor(age_years: int, preset: Preset) -> bool:
    """Say whether somebody of this age goes to the staffed desk instead of signing in alone."""
    return age_years < preset.minor_age

"""What a printer says about itself and its jobs, read from IPP attributes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from visitor.badges.ipp_encoding import IppDamaged
from visitor.badges.ipp_faults import PrinterFault, fault_of_reasons
from visitor.badges.ipp_media import MARGINS, MediaChoice, MediaSize, best_size, chosen_length, named_size
from visitor.badges.ipp_values import Attribute, Content, Localized, Range, Resolution

Attributes = Mapping[str, Attribute]
WANTED = (
    "printer-name",
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "printer-resolution-supported",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-type-supported",
    "document-format-supported",
    "job-creation-attributes-supported",
    "media-supported",
    "media-ready",
    "media-size-supported",
    "media-col-database",
    "media-col-ready",
    "media-col-supported",
    "print-scaling-supported",
    *(f"{margin}-supported" for margin in MARGINS),
)
_DOTS_PER_CENTIMETRE = 4
State = TypeVar("State", bound=IntEnum)


class PrinterState(IntEnum):
    """printer-state (RFC 8011 section 5.4.11)."""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class JobState(IntEnum):
    """job-state (RFC 8011 section 5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where a job is, and why."""

    state: JobState
    reasons: tuple[str, ...]

    @property
    def ended(self) -> bool:
        """Say whether the state will not change any more."""
        return self.state >= JobState.CANCELED


@dataclass(frozen=True, slots=True)
class PrinterAttributes:
    """A printer's state and abilities at one moment."""

    name: str
    state: PrinterState
    state_reasons: tuple[str, ...]
    accepting_jobs: bool
    document_formats: tuple[str, ...]
    media_supported: tuple[str, ...]
    media_ready: tuple[str, ...]
    media_sizes: tuple[MediaSize, ...]
    resolutions: tuple[tuple[int, int], ...]
    """Dots per inch, across and along the feed."""
    raster_types: tuple[str, ...]
    raster_resolutions: tuple[tuple[int, int], ...]
    """Of PWG raster documents (PWG 5100.14); as `resolutions` where the printer does not say."""
    takes_media_col: bool
    borderless: bool
    unscaled: bool
    """The printer knows print-scaling=none."""

    @property
    def fault(self) -> PrinterFault | None:
        """What keeps the printer from printing now, or None."""
        if self.state is PrinterState.STOPPED:
            return self.likely_cause or PrinterFault.OTHER
        known = fault_of_reasons(self.state_reasons)
        return known or (None if self.accepting_jobs else PrinterFault.NOT_ACCEPTING)

    @property
    def likely_cause(self) -> PrinterFault | None:
        """Why a job that was just refused or aborted probably failed: mere reports and warnings count too."""
        return fault_of_reasons(self.state_reasons, reports_count=True)

    def choose_media(self, width_mm: float, height_mm: float) -> MediaChoice | None:
        """Return the medium for a badge of this size, or None if nothing here holds it."""
        width, height = round(width_mm * 100), round(height_mm * 100)
        sizes = self.media_sizes if self.takes_media_col else _named(self.media_supported, self.media_ready)
        best = best_size(sizes, width, height)
        if best is None:
            return None
        return MediaChoice(
            chosen_length(width, best.width),
            chosen_length(height, best.height),
            exact=best.fits(width, height),
            keyword=None if self.takes_media_col else best.keyword,
            borderless=self.borderless,
            unscaled=self.unscaled,
        )


def job_status(found: Attributes) -> JobStatus:
    """Read a job's attributes.

    Raises:
        IppDamaged: job-state is missing or unknown.
    """
    return JobStatus(_state(JobState, found, "job-state"), _words(found, "job-state-reasons"))


def printer_attributes(found: Attributes) -> PrinterAttributes:
    """Read a printer's attributes; what it does not say is taken as not supported.

    Raises:
        IppDamaged: printer-state, which every printer must say, is missing or unknown.
    """
    ready = _words(found, "media-ready")
    supported = _words(found, "media-supported")
    resolutions = tuple(_dots_per_inch(_contents(found, "printer-resolution-supported")))
    of_rasters = _dots_per_inch(_contents(found, "pwg-raster-document-resolution-supported"))
    margins = [_contents(found, f"{margin}-supported") for margin in MARGINS]
    return PrinterAttributes(
        name=next(iter(_words(found, "printer-name")), ""),
        state=_state(PrinterState, found, "printer-state"),
        state_reasons=tuple(reason for reason in _words(found, "printer-state-reasons") if reason != "none"),
        accepting_jobs=_contents(found, "printer-is-accepting-jobs") != (False,),
        document_formats=_words(found, "document-format-supported"),
        media_supported=supported,
        media_ready=ready,
        media_sizes=tuple(_sizes(found)) or _named(supported, ready),
        resolutions=resolutions,
        raster_types=_words(found, "pwg-raster-document-type-supported"),
        raster_resolutions=tuple(of_rasters) or resolutions,
        takes_media_col=_takes_media_col(found),
        borderless=all(0 in lengths for lengths in margins),
        unscaled="none" in _words(found, "print-scaling-supported"),
    )


def _takes_media_col(found: Attributes) -> bool:
    return "media-col" in _words(found, "job-creation-attributes-supported") or "media-size" in _words(
        found, "media-col-supported"
    )


def _contents(found: Attributes, name: str) -> tuple[Content, ...]:
    item = found.get(name)
    return tuple(value.content for value in item.values) if item else ()


def _words(found: Attributes, name: str) -> tuple[str, ...]:
    plain = (item.text if isinstance(item, Localized) else item for item in _contents(found, name))
    return tuple(item for item in plain if isinstance(item, str))


def _state(states: type[State], found: Attributes, name: str) -> State:
    content = next(iter(_contents(found, name)), None)
    known = [state for state in states if state == content]
    if not known:
        raise IppDamaged(f"{name} is missing or unknown")
    return known[0]


def _named(supported: Iterable[str], ready: Iterable[str]) -> tuple[MediaSize, ...]:
    loaded = frozenset(ready)
    sizes = (named_size(keyword, ready=keyword in loaded) for keyword in (*loaded, *supported))
    return tuple(size for size in sizes if size is not None)


def _sizes(found: Attributes) -> Iterator[MediaSize]:
    """Yield the sizes of media-col-ready, then of the database, then of media-size-supported (PWG 5100.7)."""
    for name in ("media-col-ready", "media-col-database"):
        for column in _contents(found, name):
            for size in _members(column).get("media-size", ()):
                yield from _size(size, ready=name == "media-col-ready")
    for size in _contents(found, "media-size-supported"):
        yield from _size(size, ready=False)


def _size(content: Content, *, ready: bool) -> Iterator[MediaSize]:
    members = _members(content)
    width, height = (_span(members.get(name, ())) for name in ("x-dimension", "y-dimension"))
    if width and height:
        yield MediaSize(width, height, ready)


def _members(content: Content) -> dict[str, tuple[Content, ...]]:
    """Return a collection's members by name; empty for anything else."""
    if not isinstance(content, tuple):
        return {}
    members = (member for member in content if isinstance(member, Attribute))
    return {member.name: tuple(value.content for value in member.values) for member in members}


def _span(contents: tuple[Content, ...]) -> Range | None:
    match contents:
        case (Range(lower, upper),) if 0 < lower <= upper:
            return Range(lower, upper)
        case (int(length),) if length > 0:
            return Range(length, length)
    return None


def _dots_per_inch(contents: Iterable[Content]) -> Iterator[tuple[int, int]]:
    for item in contents:
        if isinstance(item, Resolution):
            factor = 2.54 if item.units == _DOTS_PER_CENTIMETRE else 1.0
            yield round(item.across * factor), round(item.feed * factor)

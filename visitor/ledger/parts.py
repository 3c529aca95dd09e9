"""A log checked in parts: each part by itself, in any order and by any process, then joined from the first to the last.

A part is a whole subtree of the log's tree, so its root is all that the tree needs of it. What is signed within a part
is compared when it is joined, as the root there needs what lies before. A part counts only when nothing at all is odd
about it; from the first odd one on, the log is checked in one go, so that what is found never depends on the parts.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from visitor.ledger import rows
from visitor.ledger.auditor import verify
from visitor.ledger.note import ed25519_verifies
from visitor.ledger.rows import HIGHEST, LOWEST, Source, Span

SIZE: Final = 1 << 15
"""Entries in a part; some ten megabytes while it is checked."""


Rest = tuple[Iterable[verify.Row], Iterable[str]]


class Part(NamedTuple):
    """A part of a log, and what is needed to check it."""

    log: str
    origin: str
    keys: tuple[verify.Key, ...]
    first: int
    end: int
    """Number of the entry behind it."""
    last: bool
    """Nothing may lie behind it."""
    stops: tuple[int, ...]
    """Sizes of checkpoints that were kept outside; the root is compared there too."""

    @property
    def span(self) -> Span:
        """All rows of it, whatever their numbers: below the first part and above the last there is nothing else."""
        return Span(verify.LOGS[self.log], self.first or LOWEST, HIGHEST if self.last else self.end - 1)

    @property
    def signed_span(self) -> Span:
        """The sizes of its checkpoints."""
        return Span(verify.LOGS[self.log], self.first or LOWEST, HIGHEST if self.last else self.end)


class Stop(NamedTuple):
    """A size at which something was signed, and the part's peaks there."""

    size: int
    peaks: tuple[bytes, ...]
    checkpoints: tuple[verify.Checkpoint, ...]


class PartReport(NamedTuple):
    """What the check of a part came to."""

    whole: bool
    """Nothing is odd: no finding, no number missing or too many, each checkpoint of a size within it."""
    size: int
    """Of the log up to its end."""
    peaks: tuple[bytes, ...]
    stops: tuple[Stop, ...]
    bodies: int
    signed: int
    notes_read: int
    newest_size: int
    erasures: int
    holes: tuple[verify.Run, ...]
    erased: tuple[tuple[int, int, verify.Erasure], ...]


class PartCheck(verify.LogCheck):
    """The same check, of a part: roots are not compared but handed on."""

    def __init__(self, part: Part, log: verify.LogInput) -> None:
        super().__init__(log, verify.Trust(list(part.keys), ed25519_verifies), verify.Findings())
        self.part = part
        self.size = self.next_seq = part.first
        self.held = {size: [] for size in part.stops}
        self.stops: list[Stop] = []

    def meet(self) -> None:
        """Note the peaks, and what was signed of this size."""
        found = []
        while self.upcoming and self.upcoming.size == self.size:
            found.append(self.upcoming)
            self.upcoming = next(self.waiting, None)
        self.held.pop(self.size, None)
        self.stops.append(Stop(self.size, tuple(self.peaks), tuple(found)))

    def report(self) -> PartReport:
        """Check the part."""
        self.go_on()
        in_step = self.size == self.next_seq == self.part.end
        return PartReport(
            whole=in_step and self.upcoming is None and not self.findings.counts,
            size=self.size,
            peaks=tuple(self.peaks),
            stops=tuple(self.stops),
            bodies=self.bodies,
            signed=self.signed,
            notes_read=self.notes_read,
            newest_size=self.newest_size,
            erasures=self.erasures,
            holes=tuple(self.holes),
            erased=tuple(self.erased),
        )


def check(source: Source, part: Part) -> PartReport:
    """Check a part as it lies in the database."""
    found, signed = rows.entries(source, part.span), rows.notes(source, part.signed_span)
    return PartCheck(part, verify.LogInput(part.log, part.origin, found, signed)).report()


def split(check: verify.LogCheck, size: int, part_size: int = SIZE) -> Iterator[Part]:
    """Yield the parts of a log of `size` entries, of as many entries each as a power of two says."""
    held, keys = sorted(check.held), tuple(check.trust.keys)
    for first in range(0, max(size, 1), part_size):
        end = min(first + part_size, size)
        stops = tuple(stop for stop in held if first < stop <= end or stop == first == 0)
        yield Part(check.log.name, check.log.origin, keys, first, end, end == size, stops)


def join(check: verify.LogCheck, report: PartReport) -> None:
    """Add a whole part to the check of everything before it."""
    before, first = check.peaks, check.size
    for stop in report.stops:
        check.size, check.peaks = stop.size, [*before, *stop.peaks]
        check.waiting = iter(stop.checkpoints)
        check.upcoming = next(check.waiting, None)
        check.meet()
    check.peaks = before
    _grow(check.peaks, first, report)
    check.size = check.next_seq = report.size
    check.bodies += report.bodies
    check.signed += report.signed
    check.notes_read += report.notes_read
    check.newest_size = max(check.newest_size, report.newest_size)
    check.erasures += report.erasures
    for run in report.holes:
        check.hole(run)
    check.erased += report.erased


def _grow(peaks: list[bytes], first: int, report: PartReport) -> None:
    """Add the part's peaks; the one of a full part may complete larger subtrees with those before it."""
    width = report.size - first
    if len(report.peaks) == 1:
        verify.push(peaks, first // width, report.peaks[0])
    else:
        peaks += report.peaks


def run(check: verify.LogCheck, reports: Iterable[tuple[Part, PartReport]], rest: Callable[[Part], Rest]) -> None:
    """Finish the check of a log by the reports of its parts in order.

    `rest` returns rows and notes from a part to the end of the log: from the first part on that is not whole, they are
    checked in one go.
    """
    for part, report in reports:
        if not report.whole:
            found, signed = rest(part)
            check.log = check.log._replace(rows=found, notes=signed)
            check.go_on()
            break
        join(check, report)
    check.close()
    check.explain_holes()

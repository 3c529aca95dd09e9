"""What the product is to reach, as ratios within one run: one row for each target, and how it was reached.

Targets against another product need that product on the same machine; here its rows state the product's own figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Final

from visitor.app.bench.rounds import FIRST_SCAN, MEMORY, P50, P99, RATE, WORST, Figure

TWELFTH: Final = 1 / 12
SIXTH: Final = 1 / 6
THIRD: Final = 1 / 3
BOTH: Final = ("SQLite", "PostgreSQL")
LITE: Final = ("SQLite",)
PG: Final = ("PostgreSQL",)


class Reading(Enum):
    """How a target reads a figure."""

    RATIO = "product to bare"
    INVERSE = "bare to product"
    """Of rates: how many times as long the product takes."""
    VALUE = "product"


class Reached(Enum):
    """What came of a target."""

    STRETCH = "yes, stretch too"
    YES = "yes"
    NO = "**no**"
    ABSENT = "not measured here: the peer is absent"


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the table of targets."""

    id: str
    what: str
    key: str
    unit: str
    must: float
    stretch: float
    reading: Reading = Reading.RATIO
    databases: tuple[str, ...] = BOTH
    peer: str = ""
    """The other product that `must` and `stretch` compare with."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A target beside what was measured, round by round."""

    target: Target
    database: str
    measured: Sequence[float]

    @property
    def reached(self) -> Reached:
        """Judge the middle of the rounds."""
        target = self.target
        if target.peer:
            return Reached.ABSENT
        middle = median(self.measured)
        upward = target.stretch > target.must or (target.stretch == target.must == 1.0)
        if (middle >= target.stretch) if upward else (middle <= target.stretch):
            return Reached.STRETCH
        return Reached.YES if ((middle >= target.must) if upward else (middle <= target.must)) else Reached.NO

    def as_json(self) -> dict[str, object]:
        """Return everything about it."""
        return {
            "id": self.target.id,
            "what": self.target.what,
            "database": self.database,
            "must": self.target.must,
            "stretch": self.target.stretch,
            "peer": self.target.peer,
            "reached": self.reached.name.lower(),
            "measured": list(self.measured),
        }


VALUE, INVERSE = Reading.VALUE, Reading.INVERSE
PRETIX: Final = "pretix"
INDICO: Final = "Indico"
_PAGE: Final = "Page of the log over HTTP to the same SQL by hand, at the largest log"

TARGETS: Final = (
    Target("D1", "Scans, 8 connections, to pretix's redeem", "scans.8", RATE, 12, 20, VALUE, PG, PRETIX),
    Target("D2", "Scans over HTTP, 8 connections, to bare Flask", "scans.8", RATE, 0.6, 1.0),
    Target("D3", "Scans over HTTP, 8 connections, to raw inserts", "scans.raw", RATE, TWELFTH, SIXTH, databases=PG),
    Target("D4", "Scan p50, 1 connection, to pretix's", "scans.1", P50, TWELFTH, 1 / 20, VALUE, PG, PRETIX),
    Target("D5", "Scan p99, 8 connections, to pretix's", "scans.8", P99, SIXTH, 1 / 20, VALUE, PG, PRETIX),
    Target("D6", "Scans at a large installation to a small one with an empty log", "log.growth", RATE, 0.9, 0.95),
    Target("D7", "Scans with the ledger to scans without, 8 connections", "scans.chain", RATE, 0.8, 0.95),
    Target("D7", "Ledger entries written to a hash chain under a row lock", "ledger.chain", RATE, 4, 7),
    Target("D8", "Scans on SQLite, 8 connections, to pretix's redeem", "scans.8", RATE, 12, 20, VALUE, LITE, PRETIX),
    Target("D8", "Scan p99 to a naive Flask with several writers", "scans.naive", P99, 1 / 4, 1 / 10, databases=LITE),
    Target("D9", "Round trips to the database for a scan", "scans.trips", "round trips", 4, 1, VALUE, PG),
    Target("S1", "Finding a visitor by name, to pretix's search", "desk.search", RATE, 40, 80, VALUE, peer=PRETIX),
    Target("S1", "The same among many visitors", "desk.search.large", RATE, 80, 150, VALUE, peer=PRETIX),
    Target("B1", "Badges in one PDF, to Indico's", "badges.batch", RATE, 5, 10, VALUE, peer=INDICO),
    Target("B1", "Badges in one PDF, to pretix's", "badges.batch", RATE, 30, 60, VALUE, peer=PRETIX),
    Target("B2", "Bytes of a badge to its photo's", "badges.bytes", "bytes", 1.5, 1.15),
    Target("B3", "One badge, row to PDF, to pretix's", "sign_ins.badge", P50, 1 / 8, 1 / 40, VALUE, peer=PRETIX),
    Target("B4", "Label raster to plain Pillow and qrcode", "badges.raster", RATE, 4, 10),
    Target("Q1", "QR codes read to OpenCV's detector, 640 x 480", "codes.480", RATE, 7, 9),
    Target("Q1", "QR codes found to OpenCV's detector, 640 x 480", "codes.480", "codes found", 1, 1),
    Target("Q1", "QR codes read to OpenCV's detector, 1280 x 720", "codes.720", RATE, 7, 9),
    Target("Q1", "QR codes found to OpenCV's detector, 1280 x 720", "codes.720", "codes found", 1, 1),
    Target("L1", f"{_PAGE}: one zone", "log.zone.page", P50, 12, 6),
    Target("L1", f"{_PAGE}: one badge", "log.badge.page", P50, 12, 6),
    Target("L1", f"{_PAGE}: refused", "log.refused.page", P50, 12, 6),
    Target("L1", f"{_PAGE}: nine tenths down", "log.deep.page", P50, 12, 6),
    Target("L2", "Deep page to the first page", "log.deep.first", P50, 1.3, 1.1),
    Target("L3", "A day by zone and hour, to a plain GROUP BY", "log.hours", P50, 1.5, 0.25),
    Target("P1", "Erasing visits: times as long as bare rows and files", "purge.visits.files", RATE, 4, 2, INVERSE),
    Target("P2", "Scan p99 while a purge runs, to idle", "purge.doors", P99, 2, 1.3),
    Target("P3", "Expired log: times as long as DELETE, VACUUM", "expiry.log", RATE, 1 / 5, 1 / 15, INVERSE, PG),
    Target("P3", "Longest wait of a door as the expired log goes", "expiry.stall", WORST, 50, 20, VALUE, LITE),
    Target("V1", "Ledger verified: times as long as hashing in memory", "ledger.memory", RATE, 8, 5, INVERSE),
    Target("C1", "Board of 50 with sealed names to the same in clear", "desk.board", P50, 1.15, 1.05),
    Target("C2", "Signature of a token checked, ms", "scans.token", "ms", 0.15, 0.01, VALUE),
    Target("M1", "Memory of the server, MB, to pretix's", "startup", MEMORY, THIRD, 1 / 5, VALUE, peer=PRETIX),
    Target("M1", "Start to first scan, seconds, to pretix's", "startup", FIRST_SCAN, THIRD, SIXTH, VALUE, peer=PRETIX),
)  # fmt: skip


def keys(target_id: str) -> frozenset[str]:
    """Return the figures that a target needs; none for what is no target."""
    return frozenset(target.key for target in TARGETS if target.id == target_id)


def judged(figures: Sequence[Figure]) -> list[Judgement]:
    """Set each target beside its figure; of a log that grew, beside the largest. What was not measured is left out."""
    newest = {(figure.pair.key, figure.unit, figure.database): figure for figure in figures}
    return [
        Judgement(target, database, measured)
        for target in TARGETS
        for database in ("", *target.databases)
        if (figure := newest.get((target.key, target.unit, database))) is not None
        and (measured := _read(figure, target.reading))
    ]


def _read(figure: Figure, reading: Reading) -> Sequence[float]:
    if reading is Reading.VALUE:
        return figure.product
    return figure.ratios if reading is Reading.RATIO else [1 / ratio for ratio in figure.ratios]

"""Rounds: all sides of a contest take turns, so that a slow minute of the machine meets each of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from visitor.app.bench.places import Place

Numbers = Mapping[str, float]
"""Unit to value; one run may give several."""
Run = Callable[[], Numbers]

PRODUCT: Final = "product"
RATE: Final = "per second"
P50: Final = "p50 ms"
P99: Final = "p99 ms"
WORST: Final = "worst ms"
MILLISECONDS: Final = "ms"
SECONDS: Final = "seconds"
FIRST_SCAN: Final = "seconds to the first scan"
MEMORY: Final = "MB"
LOWER_IS_BETTER: Final = frozenset(
    {P50, P99, WORST, MILLISECONDS, SECONDS, FIRST_SCAN, MEMORY, "bytes", "round trips", "threads"}
)


@dataclass(frozen=True, slots=True)
class Beside:
    """Two sides of a contest that are set beside each other; one figure for each unit."""

    key: str
    """By this, targets find the figures."""
    title: str
    against: str | None = None
    """The other side; None: a figure by itself."""
    units: tuple[str, ...] = (RATE,)
    side: str = PRODUCT


@dataclass(frozen=True, slots=True)
class Contest:
    """The same work done by several sides in turn; a side's name says what it does."""

    sides: Mapping[str, Run]
    pairs: Sequence[Beside]
    rounds: int | None = None
    """Fewer than usual, where one round takes minutes."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    """Length of one run under load."""
    badges: tuple[int, int]
    """Of an ordinary and of a large installation."""
    events: tuple[int, ...]
    """Sizes of the access log, growing."""
    entries: int
    """Of the ledger that is verified and exported."""
    visits: int
    """Purged in one round."""
    mass: int
    """Purged at once, one time."""
    expired: int
    """Events that the log loses at once."""
    batch: int
    """Badges in one PDF."""
    pages: int
    """Live pages that are open together."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured together: how it is set up, and its contests one after another."""

    name: str
    title: str
    contests: Callable[[Place, Size], Iterator[Contest]]
    note: str = ""
    """What must be known to read the figures."""
    databases: bool = True
    """It is another thing on another database."""


@dataclass(slots=True)
class Figure:
    """One measured number over all rounds, beside the other side's."""

    subject: str
    database: str
    """Empty where no database takes part."""
    pair: Beside
    unit: str
    product: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Product to other side, round by round."""
        if self.pair.against is None:
            return []
        return [mine / theirs for mine, theirs in zip(self.product, self.bare, strict=True) if theirs]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios) if self.ratios else float("nan")

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> "Figure":
        """Read what `as_json` wrote."""
        pair = Beside(given["key"], given["title"], given["against"], (given["unit"],))
        return Figure(given["subject"], given["database"], pair, given["unit"], given["product"], given["bare"])

    def as_json(self) -> dict[str, object]:
        """Return everything that was measured."""
        ratios = self.ratios
        return {
            "subject": self.subject,
            "database": self.database,
            "key": self.pair.key,
            "title": self.pair.title,
            "unit": self.unit,
            "against": self.pair.against,
            "lower_is_better": self.unit in LOWER_IS_BETTER,
            "product": self.product,
            "bare": self.bare,
            "ratio": median(ratios) if ratios else None,
            "ratio_min": min(ratios, default=None),
            "ratio_max": max(ratios, default=None),
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which subjects and figures are wanted; empty means all."""

    subjects: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    def subject(self, name: str) -> bool:
        """Tell whether something of the subject is wanted."""
        everything = not self.subjects and not self.keys
        return everything or name in self.subjects or any(key.split(".")[0] == name for key in self.keys)

    def pair(self, name: str, pair: Beside) -> bool:
        """Tell whether this figure of the subject is wanted."""
        everything = not self.subjects and not self.keys
        return everything or name in self.subjects or pair.key in self.keys


def run(subject: Subject, place: Place, size: Size, wanted: Wanted, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Set a subject up, run its rounds and yield its figures contest by contest."""
    tell("setting up")
    for contest in subject.contests(place, size):
        pairs = [pair for pair in contest.pairs if wanted.pair(subject.name, pair)]
        rounds = [
            _turns(contest, pairs, number, tell)
            for number in range(min(size.rounds, contest.rounds or size.rounds) if pairs else 0)
        ]
        for pair in pairs:
            for unit in pair.units:
                figure = Figure(subject.name, place.name if subject.databases else "", pair, unit)
                figure.product = [numbers[pair.side][unit] for numbers in rounds]
                figure.bare = [numbers[pair.against][unit] for numbers in rounds if pair.against is not None]
                yield figure


def _turns(
    contest: Contest, pairs: Sequence[Beside], number: int, tell: Callable[[str], None]
) -> Mapping[str, Numbers]:
    """Run each side once; who begins changes from round to round."""
    needed = {side for pair in pairs for side in (pair.side, pair.against)}
    sides = [side for side in contest.sides if side in needed]
    first = number % len(sides)
    found = {}
    for side in sides[first:] + sides[:first]:
        tell(f"round {number + 1}: {pairs[0].title}: {side}")
        found[side] = contest.sides[side]()
    return found

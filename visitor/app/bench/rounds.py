"""Rounds: product and bare program take turns, so that a slow minute of the machine meets both."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

Numbers = Mapping[str, float]
"""Unit to value; one run may give several."""
Run = Callable[[], Numbers]

RATE: Final = "per second"
LOWER_IS_BETTER: Final = frozenset({"p50 ms", "p99 ms", "ms", "seconds", "MB"})


@dataclass(frozen=True, slots=True)
class Contest:
    """The same work done by the product and by a bare program."""

    title: str
    product: Run
    bare: Run
    bare_title: str
    """What the bare program does."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    """Length of one run under load."""
    badges: int
    events: int
    visits: int
    """Purged in one round."""


FULL: Final = Size(rounds=5, seconds=3.0, badges=100_000, events=1_000_000, visits=500)
QUICK: Final = Size(rounds=2, seconds=0.7, badges=10_000, events=50_000, visits=60)


@dataclass(frozen=True, slots=True)
class Bench:
    """One subject: how it is set up, and its contests."""

    name: str
    title: str
    prepare: Callable[[Size], AbstractContextManager[Sequence[Contest]]]


@dataclass(slots=True)
class Figure:
    """One measured number over all rounds, beside the bare program's."""

    bench: str
    title: str
    unit: str
    bare_title: str
    product: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Product to bare program, round by round."""
        return [mine / theirs for mine, theirs in zip(self.product, self.bare, strict=True) if theirs]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios) if self.ratios else float("nan")

    def as_json(self) -> dict[str, object]:
        """Return everything that was measured."""
        return {
            "bench": self.bench,
            "title": self.title,
            "unit": self.unit,
            "bare_title": self.bare_title,
            "lower_is_better": self.unit in LOWER_IS_BETTER,
            "product": self.product,
            "bare": self.bare,
            "ratio": self.ratio,
            "ratio_min": min(self.ratios, default=float("nan")),
            "ratio_max": max(self.ratios, default=float("nan")),
        }


def run(bench: Bench, size: Size, tell: Callable[[str], None]) -> list[Figure]:
    """Set a bench up, run its rounds and return its figures."""
    figures: dict[tuple[str, str], Figure] = {}
    tell("setting up")
    with bench.prepare(size) as contests:
        for number in range(size.rounds):
            for contest in contests:
                tell(f"round {number + 1} of {size.rounds}: {contest.title}")
                _turn(bench, contest, figures, product_first=number % 2 == 0)
    return list(figures.values())


def _turn(bench: Bench, contest: Contest, figures: dict[tuple[str, str], Figure], *, product_first: bool) -> None:
    """Run both once; who begins changes from round to round."""
    if product_first:
        mine = contest.product()
        theirs = contest.bare()
    else:
        theirs = contest.bare()
        mine = contest.product()
    for unit in mine:
        key = (contest.title, unit)
        figure = figures.setdefault(key, Figure(bench.name, contest.title, unit, contest.bare_title))
        figure.product.append(mine[unit])
        figure.bare.append(theirs[unit])

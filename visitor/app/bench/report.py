"""Showing figures: as lines, as JSON, and as the page docs/performance.md."""

import json
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Final

from visitor.app.bench import scratch
from visitor.app.bench.catalogue import NOTES, TITLES
from visitor.app.bench.rounds import LOWER_IS_BETTER, RATE, Figure, Size

_THREE_DIGITS: Final = 100
_INTRODUCTION: Final = """\
Written by `visitor bench --write-docs`. Every figure stands beside what a bare program does at the same work, measured
in the same run: product and bare program take turns. Middle of the rounds, smallest and largest in brackets. Absolute
figures differ from machine to machine and hour to hour; look at the ratios.
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    system: str
    cores: int
    python: str
    sqlite: str

    @staticmethod
    def here() -> "Machine":
        """Return this machine."""
        return Machine(
            f"{platform.system()} {platform.machine()}",
            scratch.cores(),
            platform.python_version(),
            sqlite3.sqlite_version,
        )

    def __str__(self) -> str:
        return f"{self.system}, {self.cores} cores, Python {self.python}, SQLite {self.sqlite}"


def number(value: float) -> str:
    """Return a value with as many digits as it deserves: `3,412`, `41.2`, `0.28`."""
    if value >= _THREE_DIGITS:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def span(values: Sequence[float]) -> str:
    """Return the middle of the rounds with the smallest and largest: `41.2 (38.0 to 44.1)`."""
    return f"{number(median(values))} ({number(min(values))} to {number(max(values))})"


def lines(figure: Figure) -> list[str]:
    """Return a figure as lines for a terminal."""
    unit = "" if figure.unit == RATE else f", {figure.unit}"
    ratios = figure.ratios
    better = "lower is better" if figure.unit in LOWER_IS_BETTER else "higher is better"
    return [
        f"{figure.title}{unit or ', per second'}",
        f"    product  {span(figure.product)}",
        f"    bare     {span(figure.bare)}   {figure.bare_title}",
        f"    ratio    {figure.ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}), {better}",
    ]


def as_json(figures: Sequence[Figure], size: Size, on: date) -> str:
    """Return everything that was measured."""
    machine = Machine.here()
    content = {
        "measured_on": on.isoformat(),
        "machine": {name: getattr(machine, name) for name in Machine.__slots__},
        "rounds": size.rounds,
        "figures": [figure.as_json() for figure in figures],
    }
    return json.dumps(content, indent=2) + "\n"


def page(figures: Sequence[Figure], size: Size, on: date) -> str:
    """Return the page for the documentation."""
    where = f"Measured on {on.isoformat()}: {Machine.here()}, {size.rounds} rounds. The load shares its cores.\n"
    parts = ["# Performance\n", _INTRODUCTION, where]
    for name, title in TITLES.items():
        of_bench = [figure for figure in figures if figure.bench == name]
        if of_bench:
            parts.append(_section(title, NOTES.get(name, ""), of_bench))
    return "\n".join(parts)


def write_page(path: Path, figures: Sequence[Figure], size: Size, on: date) -> None:
    """Write the page for the documentation."""
    path.write_text(page(figures, size, on), encoding="utf-8")


def _section(title: str, note: str, figures: Sequence[Figure]) -> str:
    rows = [
        "| what | unit | product | bare program | ratio |",
        "|---|---|---|---|---|",
    ]
    for figure in figures:
        ratios = figure.ratios
        ratio = f"**{figure.ratio:.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"
        bare = f"{span(figure.bare)}: {figure.bare_title}"
        rows.append(f"| {figure.title} | {figure.unit} | {span(figure.product)} | {bare} | {ratio} |")
    return "\n".join([f"## {title}\n", *([note + "\n"] if note else []), *rows, ""])

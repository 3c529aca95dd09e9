"""Showing figures: as lines, as JSON, and as the page docs/performance.md."""

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

from visitor.app.bench import scratch
from visitor.app.bench.catalogue import NOTES, TITLES
from visitor.app.bench.rounds import LOWER_IS_BETTER, Figure, Size
from visitor.app.bench.rush_report import RUSH, SOAK, Rush
from visitor.app.bench.rush_report import section as rush_section
from visitor.app.bench.targets import Judgement, Reading, judged

BARE_TO_PEER: Final = 20
_THREE_DIGITS: Final = 100
_FIRST_DIGIT: Final = 0.1
LIBRARIES: Final = ("flask", "sqlalchemy", "granian", "psycopg", "pillow", "qrcode", "opencv-python", "zxing-cpp")
_INTRODUCTION: Final = """\
Written by `visitor bench --write-docs`. Every figure stands beside what a bare program does at the same work, measured
in the same run on the same database: product and bare program take turns, and who begins changes from round to round.
Middle of the rounds, smallest and largest in brackets; of ratios, the middle of the rounds' own ratios. Absolute
figures differ from machine to machine and hour to hour; look at the ratios.

Server, worker, database and load share the cores; the load is a process of its own. SQLite runs with `synchronous=FULL`
and `secure_delete=ON`, PostgreSQL with `fsync` and `synchronous_commit` on.
"""
_TARGETS: Final = """\
What the product is to reach. *Must* and *stretch* are ratios unless the row says otherwise. Rows that compare with
another product state this product's own figure: that product was not on this machine, so nothing is claimed of the
ratio.
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    system: str
    processor: str
    cores: int
    python: str
    databases: tuple[str, ...] = ()

    @staticmethod
    def here(databases: Sequence[str] = ()) -> "Machine":
        """Return this machine."""
        system = f"{platform.system()} {platform.release()} {platform.machine()}"
        return Machine(system, _processor(), scratch.cores(), platform.python_version(), tuple(databases))

    def __str__(self) -> str:
        parts = (self.system, self.processor, f"{self.cores} cores", f"Python {self.python}", *self.databases)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that one run came to."""

    figures: Sequence[Figure]
    size: Size
    on: date
    databases: tuple[str, ...]
    rushes: Sequence[Rush] = ()


def number(value: float) -> str:
    """Return a value with as many digits as it deserves: `3,412`, `41.2`, `0.28`, `0.042`."""
    if value >= _THREE_DIGITS:
        return f"{value:,.0f}"
    if value >= 1:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= _FIRST_DIGIT or value == 0 else f"{value:.3f}"


def span(values: Sequence[float]) -> str:
    """Return the middle of the rounds with the smallest and largest: `41.2 (38.0 to 44.1)`."""
    if len(values) == 1:
        return f"{number(values[0])} (one round)"
    return f"{number(median(values))} ({number(min(values))} to {number(max(values))})"


def lines(figure: Figure) -> list[str]:
    """Return a figure as lines for a terminal."""
    better = "lower is better" if figure.unit in LOWER_IS_BETTER else "higher is better"
    where = f" on {figure.database}" if figure.database else ""
    shown = [f"{figure.pair.title}{where}, {figure.unit}", f"    product  {span(figure.product)}"]
    if figure.ratios:
        shown.append(f"    bare     {span(figure.bare)}   {figure.pair.against}")
        shown.append(f"    ratio    {span(figure.ratios)}, {better}")
    return shown


def as_json(measured: Measured) -> str:
    """Return everything that was measured."""
    machine = Machine.here(measured.databases)
    content = {
        "measured_on": measured.on.isoformat(),
        "machine": {name: getattr(machine, name) for name in Machine.__slots__},
        "libraries": {name: version(name) for name in LIBRARIES},
        "rounds": measured.size.rounds,
        "figures": [figure.as_json() for figure in measured.figures],
        "targets": [judgement.as_json() for judgement in judged(measured.figures)],
        "rushes": [rush.as_json() for rush in measured.rushes],
    }
    return json.dumps(content, indent=2) + "\n"


def page(measured: Measured) -> str:
    """Return the page for the documentation."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    where = f"Measured on {measured.on.isoformat()}: {Machine.here(measured.databases)}; {libraries}. "
    where += f"{measured.size.rounds} rounds, {number(measured.size.seconds)} s under load each.\n"
    parts = ["# Performance\n", _INTRODUCTION, where]
    judgements = judged(measured.figures)
    if judgements:
        parts.append(_targets(judgements))
    for name, title in TITLES.items():
        of_subject = [figure for figure in measured.figures if figure.subject == name]
        if of_subject:
            parts.append(_section(title, NOTES.get(name, ""), of_subject))
    for title, clerks in ((RUSH, False), (SOAK, True)):
        rushes = [rush for rush in measured.rushes if (rush.crowd.clerks > 0) == clerks]
        if rushes:
            parts.append(rush_section(title, rushes))
    return "\n".join(parts)


def write_page(path: Path, measured: Measured) -> None:
    """Write the page for the documentation."""
    path.write_text(page(measured), encoding="utf-8")


def _targets(judgements: Sequence[Judgement]) -> str:
    rows = ["| id | measure | database | must | stretch | measured | reached |", "|---|---|---|---|---|---|---|"]
    rows += [_target(judgement) for judgement in judgements]
    return "\n".join(["## Targets\n", _TARGETS, *_arithmetic(judgements), *rows, ""])


def _arithmetic(judgements: Sequence[Judgement]) -> Iterator[str]:
    """Say what the figure beside bare Flask would come to, and that this is no measurement."""
    for judgement in judgements:
        if judgement.target.id == "D2" and judgement.database == "PostgreSQL":
            middle = median(judgement.measured)
            yield (
                f"Arithmetic, not a measurement: were bare Flask {BARE_TO_PEER} times as fast as pretix, as is stated "
                f"of another run, D2's {number(middle)} on PostgreSQL would make D1 {number(BARE_TO_PEER * middle)}.\n"
            )


def _target(judgement: Judgement) -> str:
    target = judgement.target
    upward = target.stretch >= target.must
    sign = "≥" if upward else "≤"
    than = f" × {target.peer}'s" if target.peer else ""
    than = than or ("" if target.reading is Reading.VALUE else " ×")
    unit = f" {target.unit}" if target.reading is Reading.VALUE else ""
    return (
        f"| {target.id} | {target.what} | {judgement.database or '–'} | {sign} {target.must:.3g}{than} "
        f"| {sign} {target.stretch:.3g}{than} | {span(judgement.measured)}{unit} | {judgement.reached.value} |"
    )


def _section(title: str, note: str, figures: Sequence[Figure]) -> str:
    rows = ["| what | database | rounds | unit | product | bare program | ratio |", "|---|---|---|---|---|---|---|"]
    for figure in figures:
        bare = f"{span(figure.bare)}: {figure.pair.against}" if figure.ratios else "–"
        ratio = _bold(span(figure.ratios)) if figure.ratios else "–"
        where = figure.database or "–"
        told = (figure.pair.title, where, str(len(figure.product)), figure.unit, span(figure.product), bare, ratio)
        rows.append(f"| {' | '.join(told)} |")
    return "\n".join([f"## {title}\n", *([note + "\n"] if note else []), *rows, ""])


def _bold(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"**{first}** {rest}".rstrip()


def _processor() -> str:
    """Return the processor's name where the system tells it."""
    try:
        lines_of = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines_of if line.startswith("model name")), "")

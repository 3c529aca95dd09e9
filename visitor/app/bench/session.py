"""One run of the bench: what is wished for, place by place and subject by subject, kept as it goes."""

import json
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from visitor.app.bench import places, report, rush, rush_report, targets
from visitor.app.bench.catalogue import FULL, QUICK, SQLITE_ENTRIES, SQLITE_EVENTS, SQLITE_EXPIRED, TITLES, subjects
from visitor.app.bench.places import NoServer, Place, Sqlite
from visitor.app.bench.rounds import Figure, Size, Wanted, run
from visitor.app.bench.rush_report import Rush

RUSH: Final = "rush"
SOAK: Final = "soak"
SOAK_MINUTES: Final = 60.0
ALONE_MINUTES: Final = 10.0
BESIDE_MINUTES: Final = 2.5
QUICK_MINUTES: Final = 0.15


class Unknown(ValueError):
    """There is no subject and no target of that name."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is measured otherwise than usual."""

    scale: int | None = None
    """The log grows to 10 to this power."""
    mass: int | None = None
    """So many visits are erased at once."""
    minutes: float | None = None
    """So long the rush or the soak takes."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be measured."""

    wanted: Wanted
    size: Size
    scale: int | None
    rush_minutes: float | None
    """None: no rush."""
    soak_minutes: float | None
    """None: no soak; it is measured only when it is asked for."""
    quick: bool

    @staticmethod
    def of(names: frozenset[str], scope: "Scope", *, quick: bool, rush: bool) -> "Wishes":
        """Read names of subjects and targets.

        Raises:
            Unknown: there is none of that name.
        """
        known = {*TITLES, RUSH, SOAK}
        keys = {key for name in names for key in targets.keys(name.upper())}
        unknown = sorted(name for name in names if name not in known and not targets.keys(name.upper()))
        if unknown:
            every = sorted({target.id for target in targets.TARGETS})
            raise Unknown(f"There is no bench {unknown[0]}. There are: {', '.join([*known, *every])}.")
        chosen = {name for name in names if name in known} | ({RUSH} if rush else set())
        usual = QUICK_MINUTES if quick else ALONE_MINUTES if chosen == {RUSH} else BESIDE_MINUTES
        size = QUICK if quick else FULL
        with_rush = RUSH in chosen or not (chosen or keys)
        return Wishes(
            Wanted(frozenset(chosen), frozenset(keys)),
            size if scope.mass is None else replace(size, mass=scope.mass),
            scope.scale,
            (scope.minutes or usual) if with_rush else None,
            (scope.minutes or SOAK_MINUTES) if SOAK in chosen else None,
            quick,
        )

    def size_on(self, place: Place) -> Size:
        """Return how much is measured there."""
        size = self.size
        if place.embedded:
            few = tuple(many for many in size.events if many <= SQLITE_EVENTS)
            size = replace(
                size,
                events=few,
                expired=min(size.expired, SQLITE_EXPIRED),
                entries=min(size.entries, SQLITE_ENTRIES),
            )
        if self.scale is not None:
            size = replace(size, events=tuple(10**power for power in range(min(5, self.scale), self.scale + 1)))
        return size


@dataclass(slots=True)
class Session:
    """What was measured so far."""

    wishes: Wishes
    on: date
    json_file: Path | None
    say: Callable[..., object]
    figures: list[Figure] = field(default_factory=list)
    rushes: list[Rush] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def load(self, files: Sequence[Path]) -> None:
        """Take figures of earlier runs over."""
        for file in files:
            content = json.loads(file.read_text(encoding="utf-8"))
            self.figures += [Figure.from_json(one) for one in content["figures"]]
            self.rushes += [Rush.from_json(one) for one in content["rushes"]]
            self.versions += [name for name in content["machine"]["databases"] if name not in self.versions]

    def run(self, databases: Sequence[str], server_url: str | None, *, named: bool) -> None:
        """Measure on each database; where PostgreSQL is not installed and nobody asked for it, say so and go on."""
        self.say(f"{report.Machine.here()}; {self.wishes.size.rounds} rounds")
        alike = True
        for name in databases:
            try:
                with _opened(name, server_url) as place:
                    self._on(place, alike=alike)
                    alike = False
            except NoServer as missing:
                self.say(str(missing))
                if named:
                    self.faults.append(str(missing))

    def measured(self) -> report.Measured:
        """Return everything."""
        return report.Measured(self.figures, self.wishes.size, self.on, tuple(self.versions), self.rushes)

    def _on(self, place: Place, *, alike: bool) -> None:
        """Measure on one database; what no database takes part in only if `alike`."""
        if place.version() not in self.versions:
            self.versions.append(place.version())
        for subject in subjects():
            if self.wishes.wanted.subject(subject.name) and (subject.databases or alike):
                where = f" on {place.name}" if subject.databases else ""
                with self._step(f"{subject.title}{where}"):
                    size = self.wishes.size_on(place)
                    self._keep(run(subject, place, size, self.wishes.wanted, self._tell))
        if self.wishes.rush_minutes is not None:
            with self._step(f"The Monday rush on {place.name}"):
                crowd = rush.crowd(self.wishes.rush_minutes, small=self.wishes.quick)
                self._keep_rush(rush.run(place, crowd, self._tell))
        if self.wishes.soak_minutes is not None:
            with self._step(f"{rush_report.SOAK} on {place.name}"):
                self._keep_rush(rush.run(place, rush.soak(self.wishes.soak_minutes), self._tell))

    def _keep_rush(self, happened: Rush) -> None:
        self.rushes.append(happened)
        self.say("\n".join(rush_report.lines(happened)))
        self.faults += happened.faults

    def _keep(self, found: Iterator[Figure]) -> None:
        for figure in found:
            self.figures.append(figure)
            self.say("\n".join(report.lines(figure)))

    def _step(self, title: str) -> "_Step":
        return _Step(self, title)

    def _tell(self, what: str) -> None:
        self.say(f"  {what} ...", err=True)

    def write(self) -> None:
        """Keep what there is, so that a run that is cut off is not lost."""
        if self.json_file is not None:
            self.json_file.write_text(report.as_json(self.measured()), encoding="utf-8")


class _Step(AbstractContextManager[None]):
    """One subject on one database: told, timed, kept; what breaks does not take the rest along."""

    def __init__(self, session: Session, title: str) -> None:
        self._session, self._title = session, title
        self._began = time.perf_counter()

    def __enter__(self) -> None:
        self._session.say(f"\n{self._title}")

    def __exit__(self, _kind: object, fault: BaseException | None, _trace: object) -> bool:
        if isinstance(fault, Exception):
            self._session.faults.append(f"{self._title}: {fault}")
            self._session.say("".join(traceback.format_exception(fault)), err=True)
        self._session.say(f"  took {time.perf_counter() - self._began:.0f} s", err=True)
        self._session.write()
        return isinstance(fault, Exception)


def _opened(name: str, server_url: str | None) -> AbstractContextManager[Place]:
    return nullcontext(Sqlite()) if name == "sqlite" else places.postgresql(server_url)

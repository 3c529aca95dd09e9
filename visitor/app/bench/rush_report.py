"""What a rush came to, and how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import linear_regression, mean
from typing import Any, Final

RUSH: Final = "The Monday rush"
SOAK: Final = "All day long"
FLAT: Final = 1.25
"""Memory of the last third to that of the first; caches fill in the first minutes."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who takes part in a rush."""

    sites: int
    kiosks: int
    sign_ins: int
    """Of all kiosks together."""
    doors: int
    scans_each_second: float
    """Of all doors together."""
    desks: int
    due_visits: int
    """Erased meanwhile."""
    seconds: float
    clerks: int = 0
    """Who go from page to page and print badges."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long one kind of request took, from when it was due, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float

    @staticmethod
    def of(milliseconds: Sequence[float]) -> "Times":
        """Sum up."""
        ordered = sorted(milliseconds)

        def at(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

        return Times(len(ordered), at(0.5), at(0.95), at(0.99), ordered[-1])


@dataclass(frozen=True, slots=True)
class Rush:
    """One rush on one database."""

    database: str
    crowd: Crowd
    times: Mapping[str, Times]
    megabytes: Sequence[float]
    """Of server and worker, second by second."""
    faults: Sequence[str] = field(default_factory=list)
    """What was lost, happened twice or was refused; empty is what it must be."""
    serving: Sequence[float] = ()
    """Of the process that answers requests, second by second."""

    @property
    def growth(self) -> float:
        """Memory of the last third to that of the first."""
        third = max(1, len(self.megabytes) // 3)
        return mean(self.megabytes[-third:]) / mean(self.megabytes[:third])

    @property
    def slope(self) -> float:
        """By how many MB the process that answers requests grew in an hour, by the line through the last half."""
        half = self.serving[len(self.serving) // 2 :]
        return linear_regression(range(len(half)), half).slope * 3600 if len(half) > 1 else 0.0

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> "Rush":
        """Read what `as_json` wrote."""
        times = {kind: Times(**one) for kind, one in given["times"].items()}
        return Rush(
            given["database"],
            Crowd(**given["crowd"]),
            times,
            given["megabytes"],
            given["faults"],
            given.get("serving", ()),
        )

    def as_json(self) -> dict[str, object]:
        """Return everything."""
        return asdict(self) | {"memory_growth": self.growth, "memory_slope": self.slope}


def lines(rush: Rush) -> list[str]:
    """Return a rush as lines for a terminal."""
    shown = [f"{describe(rush.crowd)} On {rush.database}:"]
    shown += [
        f"    {kind:14} {times.count:>6}   p50 {times.p50:6.0f} ms   p95 {times.p95:6.0f} ms   p99 {times.p99:6.0f} ms"
        for kind, times in rush.times.items()
    ]
    shown.append(f"    memory {rush.megabytes[-1]:.0f} MB, last third to first {_growth(rush)}")
    if rush.serving:
        shown.append(f"    the process that answers: {_answering(rush)}")
    shown += [f"    FAULT: {fault}" for fault in rush.faults] or ["    nothing lost, nothing twice, ledger verified"]
    return shown


def section(title: str, rushes: Sequence[Rush]) -> str:
    """Return a section of the page."""
    parts = [
        f"## {title}\n",
        describe(rushes[0].crowd) + " Times count from when a request was due, so queues are in them. The board of a "
        "desk is fetched anew whenever something changed at its site.\n",
        "| request | database | count | p50 ms | p95 ms | p99 ms | longest ms |",
        "|---|---|---|---|---|---|---|",
    ]
    parts += [
        f"| {kind} | {rush.database} | {times.count:,} | {times.p50:,.0f} | {times.p95:,.0f} | {times.p99:,.0f} "
        f"| {times.longest:,.0f} |"
        for rush in rushes
        for kind, times in rush.times.items()
    ]
    parts += ["", "| checked afterwards | " + " | ".join(rush.database for rush in rushes) + " |"]
    parts.append("|---|" + "---|" * len(rushes))
    faults = " | ".join("<br>".join(rush.faults) or "none" for rush in rushes)
    parts.append(f"| errors; sign-ins or scans lost or stored twice; faults of the ledger | {faults} |")
    memory = " | ".join(f"{rush.megabytes[-1]:.0f} MB, {_growth(rush)}" for rush in rushes)
    parts.append(f"| memory (PSS) of server and worker at the end, last third to first | {memory} |")
    answering = " | ".join(_answering(rush) if rush.serving else "–" for rush in rushes)
    parts.append(f"| of that, the process that answers requests: at first, most, at the end; growth | {answering} |")
    return "\n".join([*parts, ""])


def describe(crowd: Crowd) -> str:
    """Say in a sentence who takes part."""
    clerks = f" {crowd.clerks} clerks go from page to page and print badges." if crowd.clerks else ""
    return (
        f"{crowd.kiosks} kiosks at {crowd.sites} sites sign {crowd.sign_ins} visitors in with photos within "
        f"{crowd.seconds / 60:.1f} minutes, while {crowd.doors} doors scan {crowd.scans_each_second:.0f} badges a "
        f"second, {crowd.desks} desks watch live and a purge erases {crowd.due_visits:,} visits."
        f"{clerks}"
    )


def _growth(rush: Rush) -> str:
    """Say whether memory stayed as it was."""
    return f"{rush.growth:.2f}: {'flat' if rush.growth <= FLAT else 'it grew'}"


def _answering(rush: Rush) -> str:
    """Say how large the process that answers requests was, and whether it grew."""
    first, most, last = rush.serving[0], max(rush.serving), rush.serving[-1]
    return f"{first:.0f}, {most:.0f}, {last:.0f} MB; {rush.slope:+.0f} MB an hour over the last half"

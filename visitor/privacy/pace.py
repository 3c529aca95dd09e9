"""How many rows one transaction takes: doors on SQLite wait for it, so it follows how fast the last one was."""

from dataclasses import dataclass
from typing import Final

from visitor.core.work import Runtime

AIM_SECONDS: Final = 0.01
"""So long, about, the write lock is held on SQLite."""


@dataclass(slots=True)
class Pace:
    """The size of the next batch."""

    least: int
    """Each batch waits for the disk, however small it is."""
    most: int
    rows: int

    @classmethod
    def of(cls, runtime: Runtime, least: int, most: int) -> "Pace":
        """Begin small on SQLite; on PostgreSQL, where nobody waits, each batch is as large as may be."""
        least = most if not runtime.embedded else min(least, most)
        return cls(least, most, least)

    def took(self, rows: int, seconds: float) -> None:
        """Learn from a batch; it grows to twice its size at most, as one fast batch may be chance."""
        fitting = int(rows * AIM_SECONDS / max(seconds, AIM_SECONDS / 2))
        self.rows = max(self.least, min(self.most, fitting))

"""What this process has done since it began, for whoever watches it. Counts only: no ids, no names."""

import threading
from collections import Counter
from collections.abc import Mapping

Kind = tuple[str, str]
"""What happened and how it ended: ("scan", "expired")."""


class Tally:
    """Counts what committed; safe for many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._counts: Counter[Kind] = Counter()

    def add(self, counted: Mapping[Kind, int]) -> None:
        """Add the counts of one transaction, once it has committed."""
        with self._guard:
            self._counts.update(counted)

    def counts(self) -> dict[Kind, int]:
        """Return all counts."""
        with self._guard:
            return dict(self._counts)

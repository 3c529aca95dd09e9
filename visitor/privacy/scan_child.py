"""The byte scan, run as a program of its own: looks for many byte strings in many files.

It must never run inside a process that has a SQLite database open: closing any file handle of a database drops all
locks that the process holds on it (POSIX), and the next process to come and go then deletes the log under its hands.

Reads from standard input, as JSON: `paths`, and `probes` in base64. Writes to standard output, as JSON: `probes`, and
`files` with path, size in bytes and number of hits each.
"""

import json
import sys
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

_BLOCK: Final = 1 << 20
PREFIX: Final = 8
"""Every probe is at least so long; shorter ones are left out."""


class Finder:
    """Finds many byte strings in one pass: places by their first two bytes, then a comparison of whole ones."""

    def __init__(self, probes: Iterable[bytes]) -> None:
        self._by_prefix: dict[bytes, list[bytes]] = {}
        for probe in {probe for probe in probes if len(probe) >= PREFIX}:
            self._by_prefix.setdefault(probe[:PREFIX], []).append(probe)
        same_start = self._by_prefix.values()
        self.probes = sum(len(same) for same in same_start)
        self._longest = max((len(probe) for same in same_start for probe in same), default=1)
        self._begins = np.zeros(1 << 16, dtype=bool)
        for prefix in self._by_prefix:
            self._begins[prefix[0] | prefix[1] << 8] = True

    def count(self, path: Path) -> int:
        """Return how often a probe stands in the file."""
        found, kept = 0, b""
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                text = kept + block
                found += self._count_in(text, len(kept))
                kept = text[max(0, len(text) - self._longest + 1) :]
        return found

    def _count_in(self, text: bytes, kept: int) -> int:
        """Count probes that end behind the kept bytes, so that none is counted twice."""
        octets = np.frombuffer(text, dtype=np.uint8).astype(np.uint16)
        places = np.flatnonzero(self._begins[octets[:-1] | octets[1:] << 8]).tolist()
        return sum(
            text.startswith(probe, place) and place + len(probe) > kept
            for place in places
            for probe in self._by_prefix.get(text[place : place + PREFIX], ())
        )


def main() -> None:
    """Scan what standard input names."""
    wanted = json.load(sys.stdin)
    finder = Finder(b64decode(probe) for probe in wanted["probes"])
    paths = [path for path in map(Path, wanted["paths"]) if path.is_file()]
    files = [(str(path), path.stat().st_size, finder.count(path)) for path in paths]
    json.dump({"probes": finder.probes, "files": files}, sys.stdout)


if __name__ == "__main__":
    main()

"""A worker process of these tests: `python -m tests.many.hands <settings file> <diary>`.

It writes a line into the diary for each job it has done, and stays in the job named `hold` until it is killed.
"""

import os
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from visitor.app.runtime import open_runtime
from visitor.app.working import Worker
from visitor.core.jobs import Tasks
from visitor.core.settings import load_settings
from visitor.core.work import Runtime
from visitor.ledger import tasks as ledger

JOB_LEASE: Final = timedelta(seconds=6)


class Diary:
    """A file that several processes add lines to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, *words: object) -> None:
        """Add one line, whole and at the end."""
        with self._path.open("ab", buffering=0) as file:
            file.write((" ".join(map(str, words)) + "\n").encode())

    def lines(self, word: str) -> list[list[str]]:
        """Return the words of the lines that begin with `word`."""
        if not self._path.exists():
            return []
        found = [line.split() for line in self._path.read_text().splitlines()]
        return [line for line in found if line[0] == word]


def tasks(diary: Diary) -> Tasks:
    """Return what these workers can do."""

    def mark(_runtime: Runtime, payload: Mapping[str, Any]) -> None:
        diary.write("done", payload["number"], os.getpid())

    def hold(_runtime: Runtime, _payload: Mapping[str, Any]) -> None:
        first = not diary.lines("held")
        diary.write("held", os.getpid())
        if first:
            threading.Event().wait()

    def turn(_runtime: Runtime, _payload: Mapping[str, Any]) -> None:
        diary.write("turn", os.getpid())

    known = Tasks()
    known.add("mark", mark)
    known.add("hold", hold)
    known.every("turn", timedelta(seconds=1), turn)
    known.every("ledger.sequence", timedelta(seconds=1), ledger.sequence_entries)
    return known


if __name__ == "__main__":
    book = Diary(Path(sys.argv[2]))
    Worker(open_runtime(load_settings(Path(sys.argv[1]))), tasks(book), job_lease=JOB_LEASE).start()
    book.write("ready", os.getpid())
    threading.Event().wait()

"""Leaving no copy of deleted rows in a SQLite database, without writing it anew.

`secure_delete=ON` overwrites what is freed. When SQLite arranges the cells of a page anew, though, it leaves old copies
in the gap between the list of cells and the cells. There, and nowhere else, copies of deleted rows were found. Here the
gaps are overwritten in the file, a few pages at a time, and writers wait for no more than that: VACUUM would keep them
out while it writes the whole database.

Whether a page has something in its gap is found while others write. What is erased from a gap cannot come back: no
writer is at work and the write-ahead log is wholly in the file; then the log is emptied, after which every connection
reads its pages anew. What others see of a page is the same before, meanwhile and afterwards.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

CHILD: Final = Path(__file__).with_name("gaps_child.py")
PAGES_AT_ONCE: Final = 128
"""While writers wait."""
TRIES: Final = 8
WAIT_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 0.002
READERS_MILLISECONDS: Final = 10
"""So long a log that is read is waited for, while writers wait too."""
LONGEST_SECONDS: Final = 600
Alone = Callable[[], AbstractContextManager[object]]


class GapsKept(RuntimeError):
    """The file could not be cleaned; a gap may hold copies of deleted rows."""


def erase(engine: Engine, alone: Alone = nullcontext) -> bool:
    """Erase the gaps of all pages and empty the write-ahead log.

    Args:
        engine: of a SQLite database.
        alone: keeps this process's writers in a queue meanwhile; entered for each few pages.

    Returns:
        False when a reader was in the way each time, and copies may remain until the next time.

    Raises:
        GapsKept: the file is damaged or of a kind that must not be written to.
    """
    place = engine.url.database
    assert place is not None, "in a file"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {READERS_MILLISECONDS}")
            # What was deleted just now is in the file before it is looked at.
            return _again(partial(_moved, connection)) and _erase(connection, engine, place, alone)
        finally:
            connection.invalidate()  # who empties a log keeps its own pages, gaps and all


def _erase(connection: Connection, engine: Engine, place: str, alone: Alone) -> bool:
    with _looking(place) as child:
        found = _told(child)
        _moved(connection)  # so that little is left to move while writers wait
        for first in range(0, found, PAGES_AT_ONCE) or (0,):
            if not _again(partial(_portion, connection, engine, partial(_ask, child, first), alone)):
                return False
            time.sleep(PAUSE_SECONDS)
        assert child.stdin is not None
        child.stdin.close()
        if child.wait(LONGEST_SECONDS) != 0:
            raise GapsKept
    return True


def _portion(connection: Connection, engine: Engine, ask: Callable[[], None], alone: Alone) -> bool:
    """Erase the gaps of some pages, and empty the log; False: it must be done again, as nothing or a part was done."""
    with alone():
        with engine.begin():  # holds SQLite's own write lock, and writes nothing
            if not _moved(connection):
                return False
            ask()
        return _emptied(connection)


def _ask(child: "subprocess.Popen[str]", first: int) -> None:
    assert child.stdin is not None
    child.stdin.write(f"{first} {first + PAGES_AT_ONCE}\n")
    child.stdin.flush()
    _told(child)


def _again(act: Callable[[], bool]) -> bool:
    for number in range(TRIES):
        if act():
            return True
        time.sleep(WAIT_SECONDS * (number + 1))
    return False


def _moved(connection: Connection) -> bool:
    """Move the log into the file, and wait for nobody; return whether all of it is there."""
    _busy, pages, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
    return int(pages) == int(moved)


def _emptied(connection: Connection) -> bool:
    busy, _pages, _moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return int(busy) == 0


def _looking(place: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-I", str(CHILD), place]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603  our own program


def _told(child: "subprocess.Popen[str]") -> int:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise GapsKept
    return int(line)

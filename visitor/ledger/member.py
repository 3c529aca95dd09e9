"""A process that checks parts of logs for another one: `python -m visitor.ledger.member FD`.

It reads, and nothing else: it has the database and the public keys. It ends when the pipe at FD does.
"""

import gc
import sqlite3
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from visitor.ledger import parts, rows
from visitor.ledger.rows import Source
from visitor.ledger.wishes import Database, Fault, Look


def main() -> None:
    """Do what is wished until the pipe ends."""
    gc.disable()  # among rows there is no garbage to find; what a part leaves behind is looked for after it
    with Connection(int(sys.argv[1])) as pipe, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        source: Source | None = None
        while True:
            wish = pipe.recv()
            try:
                if isinstance(wish, Database):
                    source = _open(wish)
                pipe.send(_answer(source, wish))
            except (OSError, EOFError):
                raise
            except Exception as fault:  # noqa: BLE001  whatever it is, the other process must hear of it
                pipe.send(Fault(type(fault).__name__))


def _answer(source: Source | None, wish: object) -> object:
    """Return the answer to a wish.

    Raises:
        ValueError: there is no such wish, or no database yet.
    """
    if source is not None and isinstance(wish, parts.Part):
        report = parts.check(source, wish)
        gc.collect()
        return report
    if source is not None and isinstance(wish, Look):
        _look(source, wish.snapshot)
        return rows.heads(source)
    if source is not None and isinstance(wish, Database):
        return True
    raise ValueError("no such wish")


def _open(database: Database) -> Source:
    if database.embedded:
        lite = sqlite3.connect(**database.arguments, isolation_level=None)
        lite.execute("PRAGMA query_only = ON")
        return Source(lite, embedded=True)
    import psycopg  # noqa: PLC0415  takes a fifth of a second to import, and SQLite does without

    return Source(psycopg.connect(**database.arguments, autocommit=True), embedded=False)


def _look(source: Source, snapshot: str | None) -> None:
    """Begin a transaction in place of the one before."""
    if source.embedded:
        if source.driver.in_transaction:
            source.driver.execute("ROLLBACK")
        source.driver.execute("BEGIN")
        return
    source.driver.execute("ROLLBACK")
    source.driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    source.driver.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")


if __name__ == "__main__":
    main()

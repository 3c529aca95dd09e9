"""Gaps of pages, where SQLite leaves copies of deleted rows although it overwrites what it frees."""

import random
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from visitor.core import gaps
from visitor.core.db import SQLITE_PRAGMAS, open_engine
from visitor.core.settings import DatabaseSettings

ROWS = 6_000
pytestmark = pytest.mark.sqlite_only(reason="only SQLite's files can be read byte by byte")


class House:
    """A database of tokens, some of which are deleted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        url = f"sqlite:///{path}"
        self.engine = open_engine(url, DatabaseSettings(url=url, keyring_url="sqlite:///keys.db"))
        chance = random.Random(7)  # the same rows each time
        self.tokens = [chance.randbytes(16) for _ in range(ROWS)]
        with self.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE token (word BLOB PRIMARY KEY, place INTEGER) WITHOUT ROWID")
            connection.exec_driver_sql("CREATE INDEX by_place ON token (place, word)")
            rows = [(token, chance.randrange(100)) for token in self.tokens]
            connection.exec_driver_sql("INSERT INTO token VALUES (?, ?)", rows)
        self.gone = self.tokens[::3]
        self.delete(self.gone)

    def delete(self, tokens: list[bytes]) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM token WHERE word = ?", [(token,) for token in tokens])

    def found(self) -> int:
        """Count deleted tokens of which the files hold a copy."""
        content = b"".join(file.read_bytes() for file in self.path.parent.glob(self.path.name + "*"))
        return sum(token in content for token in self.gone)

    def kept(self) -> set[bytes]:
        with self.engine.connect() as connection:
            return set(connection.exec_driver_sql("SELECT word FROM token").scalars())

    def sound(self) -> bool:
        with self.engine.connect() as connection:
            return connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]


@pytest.fixture
def house(tmp_path: Path) -> Generator[House]:
    made = House(tmp_path / "house.db")
    yield made
    made.engine.dispose()


def test_overwriting_what_is_freed_leaves_copies_and_erasing_gaps_leaves_none(house: House) -> None:
    with house.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert house.found() > 0

    assert gaps.erase(house.engine)

    assert house.found() == 0
    assert house.kept() == set(house.tokens) - set(house.gone)
    assert house.sound()


def test_connections_that_have_read_pages_do_not_bring_their_gaps_back(house: House) -> None:
    house.kept()
    assert gaps.erase(house.engine)

    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE token SET place = 100 - place")
    house.delete(house.tokens[1::50])

    assert house.found() == 0
    assert house.sound()


def test_no_statement_rewrites_the_file_and_writers_are_let_in_after_each_few_pages(house: House) -> None:
    held: list[str] = []
    holds: list[int] = []

    @contextmanager
    def alone() -> Generator[None]:
        before = len(said)
        yield
        held.extend(said[before:])
        holds.append(len(said) - before)

    said: list[str] = []
    sa.event.listen(house.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    copy = house.path.read_bytes()
    pages = len(copy) // 4096

    assert gaps.erase(house.engine, alone)

    # Two looks at the log in each hold, the write lock before them; nothing else is done while writers wait.
    assert set(held) == {"BEGIN IMMEDIATE", "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)"}
    assert len(holds) <= pages // gaps.PAGES_AT_ONCE + 1
    assert max(holds) == 3
    assert not [statement for statement in said if "VACUUM" in statement]


def test_pages_are_taken_in_portions(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "PAGES_AT_ONCE", 3)
    entered: list[None] = []

    @contextmanager
    def alone() -> Generator[None]:
        entered.append(None)
        yield

    assert gaps.erase(house.engine, alone)

    assert len(entered) > 3
    assert house.found() == 0
    assert house.sound()


def test_reader_in_the_way_is_told_and_nothing_breaks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "WAIT_SECONDS", 0.0)
    reader = sqlite3.connect(house.path, isolation_level=None)
    reader.execute("BEGIN")
    seen = reader.execute("SELECT count(*) FROM token").fetchone()
    house.delete(house.tokens[1:30:3])

    assert not gaps.erase(house.engine)
    assert reader.execute("SELECT count(*) FROM token").fetchone() == seen
    reader.close()

    assert gaps.erase(house.engine)
    assert house.found() == 0
    assert house.sound()


def test_file_whose_pages_cannot_be_told_apart_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    made = sqlite3.connect(path, isolation_level=None)
    made.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in SQLITE_PRAGMAS:
        made.execute(pragma)
    made.execute("CREATE TABLE word (word TEXT)")
    made.close()
    before = path.read_bytes()
    engine = open_engine(
        f"sqlite:///{path}", DatabaseSettings(url=f"sqlite:///{path}", keyring_url="sqlite:///keys.db")
    )

    with pytest.raises(gaps.GapsKept):
        gaps.erase(engine)

    engine.dispose()
    assert path.read_bytes() == before

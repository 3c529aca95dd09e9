"""Whatever SQLite may hold goes to PostgreSQL and comes back the same, row for row."""

import json
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from tests import samples
from tests.real.postgres import PostgresCluster
from visitor.app import moving, moving_rows
from visitor.core import migrations
from visitor.core.db import Choice, Id, Instant, open_engine

pytestmark = pytest.mark.real
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
"""PostgreSQL keeps no NUL in a text, and no form lets one in."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
).filter(lambda content: isinstance(content, list | dict))
"""What JSON columns hold; SQLite would keep a lone number as one."""
LONG = st.integers(-(2**63), 2**63 - 1)
INSTANTS = st.integers(-2_208_988_800_000_000, 7_258_118_399_999_999)
"""1900 to 2199, each microsecond."""


@pytest.fixture(scope="module")
def engines(
    cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Engine, Engine]]:
    folder: Path = tmp_path_factory.mktemp("rows")
    urls = [f"sqlite:///{folder / 'a.db'}", cluster.create_database("moving_rows"), f"sqlite:///{folder / 'b.db'}"]
    made = [open_engine(url, samples.database_settings(url)) for url in urls]
    for engine in made:
        migrations.upgrade(engine)
    yield made[0], made[1], made[2]
    for engine in made:
        engine.dispose()


KINDS: tuple[tuple[type[Any], st.SearchStrategy[Any]], ...] = (
    (Id, st.binary(min_size=16, max_size=16)),
    (Instant, INSTANTS),
    (sa.Boolean, st.sampled_from([0, 1])),
    (sa.JSON, JSON.map(json.dumps)),
    (sa.Date, st.dates().map(str)),
    (sa.LargeBinary, st.binary(max_size=60)),
    (sa.String, TEXT),
    (sa.Integer, LONG | st.integers(0, 5)),
)


def values(column: sa.Column[Any], parents: dict[str, list[Any]]) -> st.SearchStrategy[Any]:
    """Values of a column in the common form."""
    found: st.SearchStrategy[Any] = next((made for kind, made in KINDS if isinstance(column.type, kind)), st.nothing())
    if isinstance(column.type, Choice):
        found = st.sampled_from([member.value for member in column.type.kind])
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).target_fullname
        found = st.sampled_from(parents[target]) if parents.get(target) else st.nothing()
    return found | st.none() if column.nullable else found


def filled(connection: sa.Connection, draw: Callable[[st.SearchStrategy[Any]], Any]) -> int:
    """Insert rows into every table of a SQLite database; rows that its rules refuse are left out."""
    parents: dict[str, list[Any]] = {}
    total = 0
    for table in moving.tables():
        columns = [values(column, parents) for column in table.columns]
        if any(column.is_empty for column in columns):
            continue
        for row in draw(st.lists(st.tuples(*columns), max_size=2)):
            try:
                moving_rows.write(connection, table, [row])
            except sqlite3.IntegrityError:
                continue
            total += 1
            for column, value in zip(table.columns, row, strict=True):
                parents.setdefault(f"{table.name}.{column.name}", []).append(value)
    return total


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_rows_are_the_same_after_there_and_back(engines: tuple[Engine, Engine, Engine], data: st.DataObject) -> None:
    with engines[0].connect() as first, engines[1].connect() as second, engines[2].connect() as third:
        for connection in (first, second, third):
            connection.execute(sa.text("SELECT 1"))
        total = filled(first, data.draw)
        seen = 0
        for table in moving.tables():
            here = list(moving_rows.read(first, table))
            moving_rows.write(second, table, here)
            moving_rows.write(third, table, moving_rows.read(second, table))
            back = list(moving_rows.read(third, table))
            assert sorted(map(repr, back)) == sorted(map(repr, here))
            assert moving_rows.added(moving_rows.read(second, table)) == moving_rows.added(here)
            seen += len(here)
        assert seen == total
        for connection in (first, second, third):
            connection.rollback()


PICTURES = sa.Table("picture", sa.MetaData(), sa.Column("id", sa.Integer()), sa.Column("sealed", sa.LargeBinary()))


@pytest.mark.parametrize("end", [0, 1], ids=["sqlite", "postgresql"])
def test_memory_is_bounded_where_rows_are_large(engines: tuple[Engine, Engine, Engine], end: int) -> None:
    size = moving_rows.BATCH_BYTES // 10
    with engines[end].connect() as connection:
        PICTURES.create(connection)
        moving_rows.write(connection, PICTURES, ((number, bytes(size)) for number in range(60)))
        tracemalloc.start()
        added = moving_rows.added(moving_rows.read(connection, PICTURES))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        connection.rollback()

    assert added.rows == 60
    assert peak < 4 * moving_rows.BATCH_BYTES < 60 * size


def test_sum_knows_order_from_content() -> None:
    one, other = (b"a", 1, None), (b"b", 2, "x")

    assert moving_rows.added([one, other]) == moving_rows.added([other, one])
    assert moving_rows.added([one, one]) != moving_rows.added([one])
    assert moving_rows.added([(b"a", 1, "")]) != moving_rows.added([one])

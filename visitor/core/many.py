"""Naming many rows in one statement."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from visitor.core.work import Work

Column = sa.SQLColumnExpression[Any]


def among(work: Work, column: Column, ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of `ids`."""
    return among_on(work.runtime.engine, column, ids)


def among_on(engine: sa.Engine, column: Column, ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    """Return the same for a database by itself.

    They are one parameter: with five hundred, writing and reading the statement takes longer than finding the rows.
    """
    if engine.dialect.name == "sqlite":
        joined = sa.literal(b"".join([row_id.bytes for row_id in ids]), sa.LargeBinary())
        place = sa.func.json_each(sa.literal(_places(len(ids)))).table_valued("value").c.value
        return column.in_(sa.select(sa.func.substr(joined, place, sa.literal_column("16"))))
    return column == sa.any_(listed(ids))


def listed(ids: Collection[UUID]) -> sa.ColumnElement[Any]:
    """Return ids as one value of PostgreSQL; the driver would write down one after another.

    The text has no type of its own: one that were a VARCHAR is read as ids again for each row of a table.
    """
    text = "{" + ",".join([row_id.hex for row_id in ids]) + "}"
    return sa.cast(sa.literal(text, sa.types.NullType()), sa.ARRAY(sa.Uuid()))


@lru_cache(maxsize=16)
def _places(count: int) -> str:
    """Return where each of so many ids begins, as JSON."""
    return str(list(range(1, 16 * count, 16)))

"""Naming many rows in one statement."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

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
        joined = sa.literal(_joined(ids), sa.LargeBinary())
        return column.in_(_parted(joined, sa.literal(_places(len(ids)))))
    return column == sa.any_(listed(ids))


def among_given(dialect: Dialect, column: Column, name: str) -> sa.ColumnElement[bool]:
    """Return the same for a statement that is put together once; `many_given` returns the values of its places."""
    if dialect.name == "sqlite":
        joined = sa.bindparam(name, type_=sa.LargeBinary())
        return column.in_(_parted(joined, sa.bindparam(_places_of(name), type_=sa.Text())))
    text = sa.bindparam(name, type_=sa.types.NullType())
    return column == sa.any_(sa.cast(text, sa.ARRAY(sa.Uuid())))


def many_given(dialect: Dialect, name: str, ids: Collection[UUID]) -> dict[str, object]:
    """Return the values for `among_given`."""
    if dialect.name == "sqlite":
        return {name: _joined(ids), _places_of(name): _places(len(ids))}
    return {name: _list(ids)}


def listed(ids: Collection[UUID]) -> sa.ColumnElement[Any]:
    """Return ids as one value of PostgreSQL; the driver would write down one after another.

    The text has no type of its own: one that were a VARCHAR is read as ids again for each row of a table.
    """
    return sa.cast(sa.literal(_list(ids), sa.types.NullType()), sa.ARRAY(sa.Uuid()))


def _list(ids: Collection[UUID]) -> str:
    return "{" + ",".join([row_id.hex for row_id in ids]) + "}"


def _joined(ids: Collection[UUID]) -> bytes:
    return b"".join([row_id.bytes for row_id in ids])


def _parted(joined: sa.ColumnElement[bytes], places: sa.ColumnElement[str]) -> sa.Select[bytes]:
    """Return the ids in what `_joined` returns, on SQLite."""
    place = sa.func.json_each(places).table_valued("value").c.value
    return sa.select(sa.func.substr(joined, place, sa.literal_column("16")))


def _places_of(name: str) -> str:
    return f"{name}_places"


@lru_cache(maxsize=16)
def _places(count: int) -> str:
    """Return where each of so many ids begins, as JSON."""
    return str(list(range(1, 16 * count, 16)))

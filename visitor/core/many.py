"""Naming many rows in one statement."""

from collections.abc import Collection
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

    On PostgreSQL they are one parameter: with five hundred, writing and reading the statement takes longer than finding
    the rows.
    """
    if engine.dialect.name == "sqlite":
        return column.in_(list(ids))
    return column == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid())))

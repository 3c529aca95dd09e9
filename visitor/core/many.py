"""Naming many rows in one statement."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from visitor.core.work import Work


def among(work: Work, column: orm.InstrumentedAttribute[Any], ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of `ids`.

    On PostgreSQL they are one parameter: with five hundred, writing and reading the statement takes longer than finding
    the rows.
    """
    if work.runtime.embedded:
        return column.in_(list(ids))
    return column == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid())))

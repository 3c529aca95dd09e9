"""Lists in the order that their address asks for: `?sort=name&order=desc`, of columns that are named in the code."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlencode

import sqlalchemy as sa

Columns: TypeAlias = Mapping[str, sa.ColumnElement[Any] | sa.orm.InstrumentedAttribute[Any]]
"""What may be sorted by, and what it is in the database; `Any` as columns hold texts, instants and numbers."""
PLACES = frozenset({"sort", "order", "after", "older"})
"""Parts of an address that another order does not keep: a page's place has no meaning in it."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column a list is sorted."""

    by: str
    descending: bool = False
    kept: Mapping[str, str] = field(default_factory=dict)
    """The filters of the address."""

    def aria(self, column: str) -> str:
        """Return what the column's head says (WAI-ARIA 1.2, aria-sort)."""
        if column != self.by:
            return "none"
        return "descending" if self.descending else "ascending"

    def href(self, column: str) -> str:
        """Return the address of the list in that column's order, or the other way round if it has it already."""
        turned = column == self.by and not self.descending
        return "?" + urlencode({**self.kept, "sort": column, "order": "desc" if turned else "asc"})

    def next_href(self, **place: str) -> str:
        """Return the address of another page of the same list."""
        return "?" + urlencode({**self.kept, "sort": self.by, "order": "desc" if self.descending else "asc", **place})

    def order(self, columns: Columns, *ties: sa.ColumnElement[Any] | sa.orm.InstrumentedAttribute[Any]) -> list[Any]:
        """Return what to order by; `ties` make the order whole. `Any` is SQLAlchemy's type of a sorted column."""
        keys = [columns[self.by], *ties]
        return [sa.desc(key) if self.descending else sa.asc(key) for key in keys]

    def beyond(self, row: object, columns: Columns, tie: sa.orm.InstrumentedAttribute[Any]) -> sa.ColumnElement[bool]:
        """Return what holds for the rows after `row` in this order; `Any` as in `Columns`."""
        keys = [columns[self.by], tie]
        # Each value with its column's type: ids and instants are stored in other shapes than Python's.
        place = sa.tuple_(*(sa.literal(getattr(row, str(key.key)), key.type) for key in keys))
        return sa.tuple_(*keys) < place if self.descending else sa.tuple_(*keys) > place


def asked_sort(asked: Mapping[str, str], columns: Collection[str], first: str, *, descending: bool = False) -> Sort:
    """Return the order that an address asks for; a column that is not among `columns` leaves the list as it is."""
    kept = {name: value for name, value in asked.items() if name not in PLACES and value}
    wanted = asked.get("sort", "")
    if wanted not in columns:
        return Sort(first, descending, kept)
    return Sort(wanted, asked.get("order") == "desc", kept)

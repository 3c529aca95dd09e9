"""Orders of lists, as addresses ask for them."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from visitor.core.sorting import Columns, Sort, asked_sort

COLUMNS: Columns = {"name": sa.column("name"), "site": sa.column("site")}


@given(st.text(), st.text())
def test_only_named_columns_are_sorted_by(by: str, order: str) -> None:
    found = asked_sort({"sort": by, "order": order}, COLUMNS, "name")
    assert found.by == (by if by in COLUMNS else "name")
    assert all(str(key).split()[0] in COLUMNS for key in found.order(COLUMNS))


def test_second_click_turns_the_order_round() -> None:
    once = asked_sort({"sort": "site", "order": "asc", "words": "x y", "after": "z"}, COLUMNS, "name")
    assert (once.aria("site"), once.aria("name")) == ("ascending", "none")
    assert once.href("site") == "?words=x+y&sort=site&order=desc"
    assert once.href("name") == "?words=x+y&sort=name&order=asc"
    assert once.next_href(after="q") == "?words=x+y&sort=site&order=asc&after=q"


@pytest.mark.parametrize(("descending", "way"), [(True, "DESC"), (False, "ASC")])
def test_ties_are_broken_the_same_way(descending: bool, way: str) -> None:
    keys = Sort("name", descending).order(COLUMNS, sa.column("id"))
    assert [str(key) for key in keys] == [f"name {way}", f"id {way}"]

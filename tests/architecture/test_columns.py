"""Every column says what kind of data it holds, and sealed classes stand in the locked room alone."""

import importlib
from pathlib import Path

import pytest
import sqlalchemy as sa

import visitor
from visitor.core.classes import SEALED, DataClass
from visitor.core.db import Model

PACKAGE = Path(visitor.__file__).parent
for path in sorted(PACKAGE.glob("*/models.py")):
    importlib.import_module(f"visitor.{path.parent.name}.models")

COLUMNS = [column for table in Model.metadata.sorted_tables for column in table.columns]
ROOMS = {str(mapper.local_table): mapper.class_.__module__.split(".")[1] for mapper in Model.registry.mappers}
STAFF_ROOMS = {"accounts", "visits", "sites"}
"""Where names and addresses of people who work here may stand: accounts, hosts, privacy officers."""


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_column_declares_its_class(column: "sa.Column[object]") -> None:
    assert isinstance(column.info.get("holds"), DataClass)


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_sealed_classes_stand_in_the_locked_room_alone(column: "sa.Column[object]") -> None:
    if column.info["holds"] in SEALED:
        assert ROOMS[column.table.name] == "people"


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_names_of_staff_stand_where_staff_is_kept(column: "sa.Column[object]") -> None:
    if column.info["holds"] is DataClass.STAFF:
        assert ROOMS[column.table.name] in STAFF_ROOMS


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_column_whose_name_says_secret_is_marked_so(column: "sa.Column[object]") -> None:
    if column.name.endswith(("token_hash", "password_hash", "code_hash", "key_hash", "wrapped_key")):
        assert column.info["holds"] is DataClass.SECRET


def test_relations_are_never_loaded_behind_the_back() -> None:
    lazy = [
        f"{mapper.class_.__name__}.{relation.key}"
        for mapper in Model.registry.mappers
        for relation in mapper.relationships
        if relation.lazy not in {"raise", "raise_on_sql", "noload", "write_only"}
    ]

    assert lazy == []

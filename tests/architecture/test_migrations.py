"""Migrations: numbered, one line of history, equal to the models, and both ways."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

import visitor
from tests import samples
from visitor.core import migrations
from visitor.core.db import Model, open_engine

for path in sorted(Path(visitor.__file__).parent.glob("*/models.py")):
    importlib.import_module(f"visitor.{path.parent.name}.models")

SCRIPTS = ScriptDirectory.from_config(migrations.migration_config())


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'visitor.db'}"
    opened = open_engine(url, samples.database_settings(url))
    yield opened
    opened.dispose()


def tables(engine: Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def test_migrations_are_numbered_without_a_gap_in_one_line() -> None:
    walked = [script.revision for script in SCRIPTS.walk_revisions()][::-1]

    assert walked == [f"{number:04}" for number in range(1, len(walked) + 1)]
    assert len(SCRIPTS.get_heads()) == 1


def test_names_of_the_files_begin_with_their_number() -> None:
    for script in SCRIPTS.walk_revisions():
        assert re.fullmatch(rf"{script.revision}_[a-z0-9_]+\.py", Path(script.path).name)


def test_migrations_import_nothing_of_the_product() -> None:
    for script in SCRIPTS.walk_revisions():
        assert not re.search(r"^\s*(from|import) visitor", Path(script.path).read_text(), re.MULTILINE)


def test_migrated_tables_are_those_of_the_models(engine: Engine) -> None:
    migrations.upgrade(engine)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Model.metadata)

    assert differences == []


def test_indexes_and_checks_are_those_of_the_models(engine: Engine) -> None:
    migrations.upgrade(engine)
    found = sa.inspect(engine)

    for table in Model.metadata.sorted_tables:
        have = {check["name"] for check in found.get_check_constraints(table.name)}
        want = {str(one.name) for one in table.constraints if isinstance(one, sa.CheckConstraint)}
        assert want == have, table.name


def test_every_migration_goes_up_down_and_up_again(engine: Engine) -> None:
    numbers = [script.revision for script in SCRIPTS.walk_revisions()][::-1]
    for number in numbers:
        migrations.upgrade(engine, number)
    whole = tables(engine)

    for number in [*numbers[:-1][::-1], "base"]:
        migrations.downgrade(engine, number)
        assert migrations.current(engine) == (None if number == "base" else number)
    assert tables(engine) == set()

    migrations.upgrade(engine)
    assert tables(engine) == whole == {table.name for table in Model.metadata.sorted_tables}


def test_failed_migration_leaves_nothing_behind(engine: Engine) -> None:
    with engine.begin() as connection:
        last = Model.metadata.sorted_tables[-1].name
        connection.execute(sa.text(f"CREATE TABLE {last} (id INTEGER)"))

    with pytest.raises(sa.exc.OperationalError):
        migrations.upgrade(engine)

    assert tables(engine) == {last}

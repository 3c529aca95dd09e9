"""Backup and restore of a real PostgreSQL, by its own programs."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import factories, samples
from tests.conftest import MONDAY
from tests.privacy.visitors import whole_visit
from tests.real import postgres
from visitor.app.backup import backup, read_manifest
from visitor.app.restore import Choices, restore
from visitor.app.runtime import open_runtime
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.db import open_engine
from visitor.core.errors import SetupFault
from visitor.core.permissions import Purpose
from visitor.core.settings import Settings, load_settings
from visitor.core.work import Runtime
from visitor.people import queries as people
from visitor.privacy import months, operations, purge
from visitor.visits.models import Visit

pytestmark = pytest.mark.real


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with postgres.cluster(tmp_path) as cluster:
        cluster.create_database("visitor_keys")
        yield load_settings(samples.write_settings(tmp_path, database_url=cluster.create_database("visitor")))


def test_a_dump_is_put_back_and_the_erased_stay_away(settings: Settings, tmp_path: Path) -> None:
    clock = FixedClock(MONDAY)
    runtime = open_runtime(settings, clock=clock, check_tables=False)
    migrations.upgrade(runtime.engine)
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        old = whole_visit(work, site, left_at=work.now - timedelta(days=40))
        fresh = whole_visit(work, site, left_at=work.now)
        for one in (old, fresh):
            operations.recompute_due(work, one.visit.id)
    made = backup(runtime, tmp_path / "backups", keyring_target=tmp_path / "elsewhere")
    assert read_manifest(made.folder).database == "postgresql"
    clock.move(timedelta(minutes=5))
    assert purge.run_purge(runtime).refusal is None
    months.make_ahead(runtime)
    tell(runtime, "CREATE TABLE of_somebody_else (id integer)")
    runtime.close()

    with pytest.raises(SetupFault, match="--replace"):
        restore(settings, made.folder, clock=clock)
    with pytest.raises(SetupFault, match=r"does not know: of_somebody_else\..*nothing was changed"):
        restore(settings, made.folder, Choices(replace=True), clock=clock)
    untouched = open_runtime(settings, clock=clock)
    tell(untouched, "DROP TABLE of_somebody_else")
    untouched.close()
    done = restore(settings, made.folder, Choices(replace=True), clock=clock)

    assert done.replay.erased > 0
    again = open_runtime(settings, clock=clock)
    with again.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(Visit.id)).all() == [fresh.visit.id]
    again.close()


def tell(runtime: Runtime, statement: str) -> None:
    with runtime.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_keyring_is_put_back_beside_nobody_elses_tables(settings: Settings, tmp_path: Path) -> None:
    clock = FixedClock(MONDAY)
    runtime = open_runtime(settings, clock=clock, check_tables=False)
    migrations.upgrade(runtime.engine)
    with runtime.transaction(SYSTEM) as work:
        visit = whole_visit(work, factories.site(work), left_at=work.now).visit
    made = backup(runtime, tmp_path / "backups", keyring_target=tmp_path / "elsewhere")
    runtime.close()
    choices = Choices(replace=True, keyring=made.keyring_folder)
    keyring = open_engine(settings.database.keyring_url, settings.database)
    with keyring.begin() as connection:
        connection.execute(sa.text('CREATE TABLE "Of somebody else" (id integer)'))

    with pytest.raises(SetupFault, match='"Of somebody else"'):
        restore(settings, made.folder, choices, clock=clock)
    with keyring.begin() as connection:
        connection.execute(sa.text('DROP TABLE "Of somebody else"'))
    keyring.dispose()
    restore(settings, made.folder, choices, clock=clock)

    again = open_runtime(settings, clock=clock)
    with again.transaction(SYSTEM) as work:
        assert list(people.contacts(work, [visit.id], Purpose.SECURITY_REVIEW)) == [visit.id]
    again.close()

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
from visitor.core.errors import SetupFault
from visitor.core.settings import Settings, load_settings
from visitor.privacy import operations, purge
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
    with runtime.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE of_a_newer_version (id integer)"))
    runtime.close()

    with pytest.raises(SetupFault, match="--replace"):
        restore(settings, made.folder, clock=clock)
    done = restore(settings, made.folder, Choices(replace=True), clock=clock)

    assert done.replay.erased > 0
    again = open_runtime(settings, clock=clock)
    with again.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(Visit.id)).all() == [fresh.visit.id]
        assert not sa.inspect(work.session.connection()).has_table("of_a_newer_version")
    again.close()

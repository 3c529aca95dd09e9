"""A standby needs PostgreSQL."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from tests import samples
from tests.real.programs import free_port
from visitor.app import health
from visitor.app.runtime import open_runtime
from visitor.core.db import open_engine
from visitor.core.errors import SetupFault
from visitor.core.replica import Replica
from visitor.core.settings import Settings, load_settings

STANDBY = "postgresql+psycopg://visitor@standby.example.org/visitor"


@pytest.mark.sqlite_only(reason="a database that has no standby")
def test_standby_of_sqlite_is_refused_in_one_sentence(settings: Settings, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("\n[keys]", f'replica_url = "{STANDBY}"\n\n[keys]'))

    with pytest.raises(SetupFault, match="SQLite has no standby"):
        open_runtime(load_settings(config))


def test_primary_that_does_not_answer_is_not_the_standbys_fault() -> None:
    nobody = f"postgresql+psycopg://visitor@127.0.0.1:{free_port()}/visitor"
    limits = samples.database_settings(nobody)
    replica = Replica(open_engine(nobody, limits), nobody, limits)

    with pytest.raises(OperationalError):
        health.replica_lag(replica)

    assert not replica.resting
    replica.close()

"""A standby needs PostgreSQL."""

from pathlib import Path

import pytest

from visitor.app.runtime import open_runtime
from visitor.core.errors import SetupFault
from visitor.core.settings import Settings, load_settings

STANDBY = "postgresql+psycopg://visitor@standby.example.org/visitor"


@pytest.mark.sqlite_only(reason="a database that has no standby")
def test_standby_of_sqlite_is_refused_in_one_sentence(settings: Settings, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("\n[keys]", f'replica_url = "{STANDBY}"\n\n[keys]'))

    with pytest.raises(SetupFault, match="SQLite has no standby"):
        open_runtime(load_settings(config))

"""An installation on PostgreSQL that several processes open, and the processes themselves."""

import contextlib
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import samples
from tests.real.postgres import PostgresCluster
from tests.real.programs import answers, free_port, running, wait_until
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core import migrations
from visitor.core.db import open_engine
from visitor.core.settings import load_settings

ROOT = Path(__file__).parents[2]
MIGRATED = "migrated"


@dataclass(frozen=True, slots=True)
class Place:
    """One installation; every process of it reads a settings file of its own."""

    folder: Path
    config: Path
    database_url: str

    def open(self) -> OpenRuntime:
        """Open it in this process."""
        return open_runtime(load_settings(self.config))

    @contextlib.contextmanager
    def serving(self, more: str = "") -> Iterator[int]:
        """Serve with the real command; yields the port."""
        port = free_port()
        config = self.folder / f"server-{port}.toml"
        text = self.config.read_text().replace("localhost:8443", f"localhost:{port}")
        config.write_text(text.replace("port = 8443", f"port = {port}\n{more}"))
        with self._running("serve", config) as process:
            wait_until(lambda: answers(port), "the server", process)
            yield port

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Work with the real command."""
        with self._running("worker", self.config):
            yield

    @contextlib.contextmanager
    def _running(self, command: str, config: Path) -> Iterator[subprocess.Popen[bytes]]:
        arguments = [sys.executable, "-m", "visitor.cli", "--config", str(config), command]
        with running(arguments, self.folder / f"{command}-{uuid.uuid4().hex[:6]}.log") as process:
            yield process


def migrate(cluster: PostgresCluster) -> None:
    """Make the database that others are copied from."""
    url = cluster.create_database(MIGRATED)
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()


def found(cluster: PostgresCluster, folder: Path, *, pool_size: int = 20, lock_seconds: float = 30.0) -> Place:
    """Make an installation, where a lock that is soon free is waited for on a slow machine, too."""
    name = f"m{uuid.uuid4().hex}"
    cluster.create_database(samples.keyring_name(name))
    url = cluster.create_database(name, template=MIGRATED)
    config = samples.write_settings(folder, database_url=url)
    limits = f"lock_timeout_seconds = {lock_seconds}\npool_size = {pool_size}\n\n[keys]"
    config.write_text(config.read_text().replace("\n[keys]", limits))
    return Place(folder, config, url)

"""One PostgreSQL for these tests; each installation has databases of its own in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.many import places
from tests.many.places import Place
from tests.real import postgres
from tests.real.postgres import PostgresCluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres.cluster() as started:
        places.migrate(started)
        yield started


@pytest.fixture
def place(cluster: PostgresCluster, tmp_path: Path) -> Place:
    return places.found(cluster, tmp_path)

"""Purges on PostgreSQL that are killed anywhere, run twice at once, or find the lease of a dead one."""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests import factories, samples
from tests.conftest import MONDAY
from tests.many import places
from tests.many.places import ROOT
from tests.privacy.test_crashes import VISITS, check_afterwards, check_between, killed_after, opened
from tests.privacy.visitors import whole_visit
from tests.real.postgres import PostgresCluster
from tests.real.programs import wait_until
from visitor.core.actors import SYSTEM
from visitor.core.models import Lease
from visitor.core.work import Runtime
from visitor.privacy import operations, purge, replay
from visitor.privacy.journal import Act
from visitor.privacy.purge import LEASE_SPAN, Refusal

pytestmark = pytest.mark.real
SEEDS = range(8)
TEMPLATE = "purge_template"


@pytest.fixture(scope="module")
def filled(cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation in which twelve visits are due; its two databases are copied for each test."""
    folder = tmp_path_factory.mktemp("filled")
    cluster.create_database(samples.keyring_name(TEMPLATE))
    url = cluster.create_database(TEMPLATE, template=places.MIGRATED)
    samples.write_settings(folder, database_url=url)
    runtime = opened(folder, MONDAY)
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        for _ in range(VISITS):
            whole = whole_visit(work, site, left_at=work.now - timedelta(days=40))
            operations.recompute_due(work, whole.visit.id)
        whole_visit(work, site, left_at=work.now)
    runtime.close()
    return folder


@pytest.fixture
def house(cluster: PostgresCluster, filled: Path, tmp_path: Path) -> Iterator[Path]:
    name = f"p{uuid4().hex}"
    cluster.create_database(name, template=TEMPLATE)
    cluster.create_database(samples.keyring_name(name), template=samples.keyring_name(TEMPLATE))
    folder = Path(shutil.copytree(filled, tmp_path / "house"))
    config = folder / "config.toml"
    config.write_text(re.sub(rf"\b{TEMPLATE}", name, config.read_text()))
    yield folder
    for one in (name, samples.keyring_name(name)):
        cluster.drop_database(one)


@pytest.mark.parametrize("seed", SEEDS)
def test_purge_killed_anywhere_is_finished_by_the_next(house: Path, seed: int) -> None:
    chance = random.Random(seed)
    at = MONDAY
    for _ in range(2):
        at += timedelta(minutes=3)
        if killed_after(house, at, chance.uniform(0.0, 1.2), chance.choice([1, 2, 5, 500])):
            break
    runtime = opened(house, at + timedelta(minutes=3))
    check_between(runtime)

    assert purge.run_purge(runtime).refusal is None

    check_afterwards(runtime, searched=False)
    runtime.close()


def test_two_processes_at_once_erase_each_row_once(house: Path) -> None:
    command = [sys.executable, "-m", "tests.privacy.purge_child", str(house / "config.toml"), MONDAY.isoformat(), "1"]
    children = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {child.communicate(timeout=120)[0].splitlines()[-1] for child in children}

    assert "done" in answers
    assert answers <= {"done", "busy"}
    runtime = opened(house, MONDAY + timedelta(minutes=3))
    batches = [entry for entry in replay.journal_of(runtime).entries() if entry.act is Act.ERASE]
    visits = [visit_id for entry in batches for visit_id in entry.rows.get("visit", ())]
    assert len(visits) == len(set(visits)) == VISITS
    check_afterwards(runtime, searched=False)
    runtime.close()


def test_lease_of_a_killed_purge_keeps_the_next_out_until_it_is_over(house: Path) -> None:
    runtime = opened(house, MONDAY + timedelta(seconds=5))
    command = [sys.executable, "-m", "tests.privacy.purge_child", str(house / "config.toml"), MONDAY.isoformat(), "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        wait_until(lambda: holds_lease(runtime), "the lease of the first")
        child.kill()

    assert purge.run_purge(runtime).refusal is Refusal.BUSY
    runtime.close()

    later = opened(house, MONDAY + LEASE_SPAN + timedelta(seconds=1))
    assert purge.run_purge(later).refusal is None
    check_afterwards(later, searched=False)
    later.close()


def holds_lease(runtime: Runtime) -> bool:
    with runtime.reading(SYSTEM) as work:
        return work.session.get(Lease, purge.LEASE_NAME) is not None

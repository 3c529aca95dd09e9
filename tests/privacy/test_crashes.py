"""A purge that is killed anywhere: the next one finishes it, and the journal names exactly what went."""

import random
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import factories, samples
from tests.conftest import MONDAY
from tests.privacy.visitors import whole_visit
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.settings import load_settings
from visitor.core.work import Runtime
from visitor.ledger import queries as ledger
from visitor.ledger.audit import Verdict
from visitor.ledger.operations import checkpoint
from visitor.people import operations as people_operations
from visitor.people import queries as people
from visitor.people.models import PersonalRecord
from visitor.privacy import erasing, operations, planning, purge, replay
from visitor.privacy.journal import Act
from visitor.privacy.models import PurgeItem, PurgeRun, PurgeState
from visitor.visits.models import Visit

ROOT = Path(__file__).parents[2]
VISITS = 12
SEEDS = range(24)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installation in which twelve visits are due; tests copy it."""
    folder = tmp_path_factory.mktemp("filled")
    config = samples.write_settings(folder, database_url=f"sqlite:///{folder / 'visitor.db'}")
    config.write_text(config.read_text().replace(f"sqlite:///{folder}/", "sqlite:///"))
    runtime = opened(folder, MONDAY, check_tables=False)
    migrations.upgrade(runtime.engine)
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        for _ in range(VISITS):
            whole = whole_visit(work, site, left_at=work.now - timedelta(days=40))
            operations.recompute_due(work, whole.visit.id)
        whole_visit(work, site, left_at=work.now)
    runtime.close()
    return folder


def opened(folder: Path, at: datetime, *, check_tables: bool = True) -> OpenRuntime:
    return open_runtime(load_settings(folder / "config.toml"), clock=FixedClock(at), check_tables=check_tables)


def killed_after(folder: Path, at: datetime, seconds: float, batch_size: int) -> bool:
    """Start a purge, kill it so many seconds after it began; return whether it had ended by itself."""
    arguments = [sys.executable, "-m", "tests.privacy.purge_child", str(folder / "config.toml"), at.isoformat()]
    with subprocess.Popen(
        [*arguments, str(batch_size)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return False
        assert child.stdout.readline() == b"done\n"
        return True


@pytest.mark.parametrize("seed", SEEDS)
def test_a_purge_killed_anywhere_is_finished_by_the_next(filled: Path, tmp_path: Path, seed: int) -> None:
    folder = Path(shutil.copytree(filled, tmp_path / "house"))
    chance = random.Random(seed)
    at = MONDAY
    for _ in range(2):
        at += timedelta(minutes=3)
        if killed_after(folder, at, chance.uniform(0.0, 1.2), chance.choice([1, 2, 5, 500])):
            break
    runtime = opened(folder, at + timedelta(minutes=3))
    check_between(runtime)

    outcome = purge.run_purge(runtime)

    assert outcome.refusal is None
    check_afterwards(runtime)
    runtime.close()


FREEZING = """
import sys
from tests.privacy import purge_child
from visitor.privacy import planning
planning.ITEMS_AT_ONCE, planning.PAUSE_SECONDS = 5, 60
purge_child.main()
"""
"""A purge that stops for a minute when it has written five items of its plan."""


def test_a_purge_killed_while_it_writes_its_plan_leaves_nothing_that_is_carried_out(
    filled: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(filled, tmp_path / "house"))
    command = [sys.executable, "-c", FREEZING, str(folder / "config.toml"), MONDAY.isoformat(), "500"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        runtime = opened(folder, MONDAY + timedelta(minutes=3))
        try:
            wait_for_items(runtime, 5)
        finally:
            child.kill()
    with runtime.reading(SYSTEM) as work:
        cut_off = work.session.scalars(sa.select(PurgeRun)).one()
        assert planning.unfinished(work) is None
    assert cut_off.plan_hash is None

    assert purge.run_purge(runtime).refusal is None

    check_afterwards(runtime)
    with runtime.reading(SYSTEM) as work:
        assert work.session.get_one(PurgeRun, cut_off.id).state is PurgeState.FAILED
    runtime.close()


def wait_for_items(runtime: Runtime, count: int) -> None:
    end = time.monotonic() + 60
    found = 0
    while found != count:
        assert time.monotonic() < end, found
        time.sleep(0.05)
        with runtime.reading(SYSTEM) as work:
            found = work.session.scalar(sa.select(sa.func.count()).select_from(PurgeItem)) or 0


def check_between(runtime: Runtime) -> None:
    """No row went without a line."""
    journal = replay.journal_of(runtime)
    named = {row_id for entry in journal.entries() if entry.act is Act.ERASE for row_id in entry.rows.get("visit", ())}
    with runtime.reading(SYSTEM) as work:
        left = set(work.session.scalars(sa.select(Visit.id)))
    assert len(left | named) == VISITS + 1
    assert len(left) + len(named - left) == VISITS + 1


def check_afterwards(runtime: Runtime, *, searched: bool = True) -> None:
    """Everything due is gone, what is named is gone, nothing else is, and both databases fit each other."""
    journal = replay.journal_of(runtime)
    assert journal.open_batches() == []
    erased = replay.erased_rows(journal.entries())
    assert len(erased["visit"]) == VISITS
    with runtime.reading(SYSTEM) as work:
        for kind, ids in erased.items():
            assert erasing.present_rows(work, kind, ids) == set(), kind
        assert len(work.session.scalars(sa.select(Visit.id)).all()) == 1
        records = set(work.session.scalars(sa.select(PersonalRecord.id)))
        assert len(records) == 3
        assert people.orphans(work).record_ids == frozenset()
        done = work.session.scalars(sa.select(PurgeRun).where(PurgeRun.state == PurgeState.DONE)).all()
        assert done
        assert not searched or all((run.certificate or {})["scan"]["hits"] == 0 for run in done)
        assert any(run.erased + run.skipped >= run.planned > 0 for run in done)
        assert work.session.scalar(sa.text("SELECT count(*) FROM purge_item")) == 0
    with runtime.transaction(SYSTEM) as work:
        # A process killed while it sealed its markers leaves their keys; the nightly sweep takes them.
        people_operations.sweep_orphans(work)
        assert people.orphans(work).key_ids == frozenset()
        checkpoint(work)
    with runtime.reading(SYSTEM) as work:
        assert ledger.verify(work).verdict is Verdict.GOOD


def test_two_processes_at_once_erase_each_row_once(filled: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(filled, tmp_path / "house"))
    command = [sys.executable, "-m", "tests.privacy.purge_child", str(folder / "config.toml"), MONDAY.isoformat(), "1"]
    children = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = sorted(child.communicate(timeout=120)[0].splitlines()[-1] for child in children)

    assert "done" in answers
    assert set(answers) <= {"done", "busy"}
    runtime = opened(folder, MONDAY + timedelta(minutes=3))
    batches = [entry for entry in replay.journal_of(runtime).entries() if entry.act is Act.ERASE]
    visits = [visit_id for entry in batches for visit_id in entry.rows.get("visit", ())]
    assert len(visits) == len(set(visits)) == VISITS
    check_afterwards(runtime)
    runtime.close()

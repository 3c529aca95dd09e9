"""`visitor purge`, `visitor backup` and `visitor restore`, as an administrator calls them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from tests import factories, samples
from tests.privacy.visitors import whole_visit
from visitor.app.runtime import open_runtime
from visitor.cli import main
from visitor.core.actors import SYSTEM
from visitor.core.settings import load_settings
from visitor.privacy import operations
from visitor.privacy.models import PurgeRun
from visitor.visits.models import Visit

pytestmark = pytest.mark.sqlite_only(reason="an installation on SQLite")


@pytest.fixture
def config(tmp_path: Path, template: Callable[[Path], str]) -> Path:
    return samples.write_settings(tmp_path, database_url=template(tmp_path))


def put_visits(config: Path, count: int) -> None:
    runtime = open_runtime(load_settings(config))
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        for _ in range(count):
            whole = whole_visit(work, site, left_at=work.now - timedelta(days=40))
            operations.recompute_due(work, whole.visit.id)
    runtime.close()


def left(config: Path) -> tuple[int, int]:
    """Return the number of visits and of purges."""
    runtime = open_runtime(load_settings(config))
    with runtime.reading(SYSTEM) as work:
        visits = len(work.session.scalars(sa.select(Visit.id)).all())
        purges = len(work.session.scalars(sa.select(PurgeRun.id)).all())
    runtime.close()
    return visits, purges


def call(config: Path, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--config", str(config), *arguments], input=answer)


@pytest.mark.parametrize("command", ["purge", "backup", "restore"])
def test_help_has_an_example(config: Path, command: str) -> None:
    answer = call(config, command, "--help")

    assert answer.exit_code == 0
    assert "Example" in answer.output


def test_a_dry_run_tells_and_erases_nothing(config: Path) -> None:
    put_visits(config, 2)

    answer = call(config, "purge", "--dry-run")

    assert answer.exit_code == 0, answer.output
    assert "contact" in answer.output
    assert left(config) == (2, 0)


def test_a_purge_asks_first_and_no_means_no(config: Path) -> None:
    put_visits(config, 2)

    assert call(config, "purge", answer="n\n").exit_code == 1
    assert left(config) == (2, 0)


def test_a_purge_erases_and_says_what_it_did(config: Path) -> None:
    put_visits(config, 2)

    answer = call(config, "purge", "--yes")

    assert answer.exit_code == 0, answer.output
    assert "Erased 10" in answer.output
    assert "0 found" in answer.output
    assert left(config) == (0, 1)


def test_a_purge_far_larger_than_usual_is_left_to_a_second_person(config: Path) -> None:
    put_visits(config, 25)

    answer = call(config, "purge", "--yes")

    assert answer.exit_code == 1
    assert "officer" in answer.output
    assert left(config) == (25, 1)


def test_a_backup_is_put_back_without_the_erased(config: Path, tmp_path: Path) -> None:
    put_visits(config, 2)
    made = call(config, "backup", str(tmp_path / "backups"), "--keyring", str(tmp_path / "elsewhere"))
    assert made.exit_code == 0, made.output
    call(config, "purge", "--yes")
    folder = next((tmp_path / "backups").iterdir())

    refused = call(config, "restore", str(folder))
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    answer = call(config, "restore", str(folder), "--replace")

    assert answer.exit_code == 0, answer.output
    assert "had come back" in answer.output
    assert left(config)[0] == 0


def test_wrong_use_ends_with_two(config: Path) -> None:
    assert call(config, "restore").exit_code == 2
    assert call(config, "purge", "--sometimes").exit_code == 2

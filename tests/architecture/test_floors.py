"""The floors hold, and each contract is shown to break when it is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]
BREAKS = {
    "Floors": ("visitor/sites/queries.py", "import visitor.reception"),
    "The web stays at the edge": ("visitor/visits/queries.py", "import flask"),
    "Record keys": ("visitor/visits/operations.py", "import visitor.core.keyring"),
    "Rules are pure": ("visitor/visits/policy.py", "import sqlalchemy"),
}
"""Beginning of a contract's name to a file and a line that breaks it."""


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and the contracts, to be broken."""
    for package in ("visitor", "kiosk"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_all_contracts_are_kept() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in done.stdout


def test_every_contract_has_a_break_that_shows_it() -> None:
    assert len(BREAKS) == len(CONTRACTS)
    for name in CONTRACTS:
        assert [start for start in BREAKS if name.startswith(start)], name


@pytest.mark.parametrize("start", BREAKS)
def test_contract_breaks_when_it_is_broken(copy: Path, start: str) -> None:
    path, line = BREAKS[start]
    with (copy / path).open("a") as file:
        file.write(f"\n{line}\n")

    done = lint(copy)

    assert done.returncode == 1, done.stderr
    broken = [row for row in done.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(start) for row in broken), done.stdout


def test_new_room_must_be_given_a_floor(copy: Path) -> None:
    (copy / "visitor" / "cellar").mkdir()
    (copy / "visitor" / "cellar" / "__init__.py").write_text('"""A room nobody gave a floor."""\n')

    done = lint(copy)

    assert done.returncode == 1
    assert "cellar" in done.stdout

"""An installation made by the command line itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from visitor.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run `visitor` in this process."""

    def ran(*arguments: str, config: Path | None = None, typed: str | None = None) -> Result:
        named = ["--config", str(config)] if config is not None else []
        return CliRunner().invoke(main, [*named, *arguments], input=typed, env={"VISITOR_CONFIG": None})

    return ran


@pytest.fixture
def installed(tmp_path: Path, run: Run) -> Path:
    """The settings file of a fresh installation."""
    made = run("init", str(tmp_path / "house"))
    assert made.exit_code == 0, made.output
    return tmp_path / "house" / "config.toml"

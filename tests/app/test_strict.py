"""On CI a skipped test fails the run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest

def test_runs() -> None:
    assert True

@pytest.mark.skip(reason="a program is missing")
def test_is_skipped() -> None:
    assert True
"""


@pytest.mark.parametrize(("strict", "code"), [("1", 1), ("0", 0)])
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_skipped_test_fails_the_run_only_where_everything_must_run(
    tmp_path: Path, strict: str, code: int, workers: str
) -> None:
    (tmp_path / "test_some.py").write_text(SUITE)
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"VISITOR_TESTS_STRICT": strict}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.strict", "-n", workers, "-c", os.devnull]

    run = subprocess.run([*command, str(tmp_path)], env=environment, capture_output=True, text=True, check=False)

    assert run.returncode == code, run.stdout
    assert ("every test must run" in run.stdout) == bool(code)

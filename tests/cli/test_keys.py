"""Another master key, and what is left when the command is killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from visitor.app.exclusive import only_process
from visitor.app.runtime import open_runtime
from visitor.core import keyring
from visitor.core.errors import SetupFault
from visitor.core.keyring import Keyring
from visitor.core.settings import load_settings

MANY = 20_000


def named(config: Path, key: str) -> None:
    config.write_text(config.read_text().replace('master_key_file = "master.key"', f'master_key_file = "{key}"'))


def keys_of(config: Path) -> tuple[Keyring, list[bytes]]:
    runtime = open_runtime(load_settings(config))
    keyring = runtime.resources.get(Keyring)
    held = sorted(keyring.open(keyring.key_ids()).values())
    runtime.close()
    return keyring, held


def filled(config: Path, count: int) -> None:
    runtime = open_runtime(load_settings(config))
    runtime.resources.get(Keyring).make(count)
    runtime.close()


def test_new_key_opens_everything_and_the_old_one_nothing(installed: Path, run: Run) -> None:
    filled(installed, 10)
    before = keys_of(installed)[1]

    done = run("--config", str(installed), "keys", "rotate", "--to", str(installed.parent / "new.key"))

    assert done.exit_code == 0, done.output
    assert (installed.parent / "new.key").stat().st_mode & 0o077 == 0
    with pytest.raises(SetupFault, match="does not fit"):
        open_runtime(load_settings(installed))
    named(installed, "new.key")
    assert keys_of(installed)[1] == before


def test_keys_pass_through_memory_some_at_a_time(installed: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "REWRAPPED", 3)
    filled(installed, 10)
    before = keys_of(installed)[1]

    done = run("--config", str(installed), "keys", "rotate", "--to", str(installed.parent / "new.key"))

    named(installed, "new.key")
    assert keys_of(installed)[1] == before
    assert len(before) == 10
    assert "16 keys are under" in done.output  # six with names


def test_command_that_is_repeated_changes_nothing(installed: Path, run: Run) -> None:
    command = ("--config", str(installed), "keys", "rotate", "--to", str(installed.parent / "new.key"))
    assert run(*command).exit_code == 0

    again = run(*command)

    assert (again.exit_code, "already" in again.output) == (0, True), again.output


def test_key_in_use_is_wrong_use(installed: Path, run: Run) -> None:
    assert (
        run("--config", str(installed), "keys", "rotate", "--to", str(installed.parent / "master.key")).exit_code == 2
    )


def test_file_that_holds_no_key_is_refused(installed: Path, run: Run) -> None:
    (installed.parent / "mine.txt").write_text("a text of mine")

    done = run("--config", str(installed), "keys", "rotate", "--to", str(installed.parent / "mine.txt"))

    assert (done.exit_code, "is not 32 bytes" in done.output) == (1, True), done.output
    assert (installed.parent / "mine.txt").read_text() == "a text of mine"


def test_running_server_keeps_its_key(installed: Path, run: Run) -> None:
    with only_process(load_settings(installed)):
        done = run("--config", str(installed), "keys", "rotate", "--to", str(installed.parent / "new.key"))

    assert done.exit_code == 1
    assert not (installed.parent / "new.key").exists()
    keys_of(installed)


@pytest.mark.parametrize("after_seconds", [0.0, 0.2, 0.5])
def test_killed_anywhere_one_key_fits_and_the_next_run_finishes(
    installed: Path, run: Run, after_seconds: float
) -> None:
    filled(installed, MANY)
    before = keys_of(installed)[1]
    target = installed.parent / "new.key"
    arguments = ["--config", str(installed), "keys", "rotate", "--to", str(target)]
    with subprocess.Popen([sys.executable, "-m", "visitor.cli", *arguments], stdout=subprocess.DEVNULL) as process:
        while not target.exists() and process.poll() is None:
            pass
        try:
            process.wait(after_seconds)
        except subprocess.TimeoutExpired:
            process.kill()

    assert run(*arguments).exit_code == 0
    named(installed, "new.key")
    assert keys_of(installed)[1] == before

"""Commands: codes 0, 1 and 2, one sentence for each fault, an example in every help."""

import re
import zipfile
from pathlib import Path

import click
import pytest

import visitor.cli
from tests import factories
from tests.cli.conftest import Run
from visitor.app.runtime import open_runtime
from visitor.cli import main
from visitor.core.actors import SYSTEM
from visitor.core.settings import load_settings
from visitor.sites.models import CameraKind

CONTEXT = click.Context(main)
PASSWORD = re.compile(r"(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}")


def commands() -> list[list[str]]:
    found: list[list[str]] = []
    for name in main.list_commands(CONTEXT):
        command = main.get_command(CONTEXT, name)
        if isinstance(command, click.Group):
            found += [[name, sub] for sub in command.commands]
        else:
            found.append([name])
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(run: Run, words: list[str]) -> None:
    result = run(*words, "--help")

    assert result.exit_code == 0
    assert f"visitor {' '.join(words)}" in result.output.split("Example:")[1].replace("--config", "").replace(
        " /srv/visitor/config.toml ", ""
    )


def test_every_module_with_a_command_is_listed() -> None:
    texts = {path.stem: path.read_text() for path in Path(visitor.cli.__file__).parent.glob("*.py")}
    holding = {name for name, text in texts.items() if re.search(r"^(?:def command\(|command = )", text, re.MULTILINE)}

    assert holding == {"importing" if name == "import" else name for name in main.list_commands(CONTEXT)}


@pytest.mark.parametrize(
    "arguments", [["bogus"], ["db"], ["db", "sideways"], ["account", "add"], ["init", "--port", "0"]]
)
def test_wrong_use_is_code_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["check"], ["db", "status"], ["serve"], ["account", "reset", "kim"]])
def test_missing_settings_are_one_sentence_and_code_1(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    result = run(*arguments, config=tmp_path / "nowhere.toml")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "`visitor init` makes one" in result.stderr


def test_missing_master_key_is_one_sentence_and_nothing_is_made(run: Run, installed: Path) -> None:
    (installed.parent / "master.key").unlink()

    result = run("check", config=installed)

    assert result.exit_code == 1
    assert "master key" in result.stderr
    assert not (installed.parent / "master.key").exists()


def test_unknown_setting_is_named(run: Run, installed: Path) -> None:
    installed.write_text(installed.read_text() + "\n[server2]\n")

    result = run("check", config=installed)

    assert result.exit_code == 1
    assert "`server2`" in result.stderr


def test_database_can_be_taken_back_and_brought_forward(run: Run, installed: Path) -> None:
    assert run("db", "status", config=installed).exit_code == 0

    assert run("db", "downgrade", "base", config=installed, typed="n\n").exit_code == 1
    assert run("db", "status", config=installed).exit_code == 0
    assert run("db", "downgrade", "base", config=installed, typed="y\n").exit_code == 0
    assert run("db", "status", config=installed).exit_code == 1
    refused = run("account", "add", "kim", config=installed)
    assert refused.exit_code == 1
    assert "visitor db upgrade" in refused.stderr
    assert run("db", "upgrade", config=installed).exit_code == 0
    assert run("account", "add", "kim", config=installed).exit_code == 0


def test_added_account_gets_a_one_time_password(run: Run, installed: Path) -> None:
    result = run("account", "add", "Kim", "--role", "security", config=installed)

    assert PASSWORD.search(result.output)
    again = run("account", "add", "KIM", config=installed)
    assert again.exit_code == 1
    assert "already signs in" in again.stderr


def test_forgotten_password_is_replaced(run: Run, installed: Path) -> None:
    result = run("account", "reset", "ADMIN", config=installed)

    assert result.exit_code == 0
    assert PASSWORD.search(result.output)
    assert run("account", "reset", "nobody", config=installed).exit_code == 1


def test_kiosk_is_paired_with_a_code(run: Run, installed: Path) -> None:
    assert run("kiosk", "pair", "--site", "1", config=installed).exit_code == 1
    runtime = open_runtime(load_settings(installed))
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
    runtime.close()

    result = run("kiosk", "pair", "--site", str(site.number), "--name", "Front desk", config=installed)

    assert result.exit_code == 0, result.output
    assert "/kiosk/ on the device" in result.output


def test_ledger_is_verified_and_exported_with_its_program(run: Run, installed: Path, tmp_path: Path) -> None:
    assert run("ledger", "verify", config=installed).exit_code == 0

    target = tmp_path / "ledger.zip"
    assert run("ledger", "export", str(target), config=installed).exit_code == 0

    assert "verify.py" in zipfile.ZipFile(target).namelist()
    assert run("ledger", "export", str(target), config=installed).exit_code == 1


def test_check_says_all_is_well_on_a_fresh_installation(run: Run, installed: Path) -> None:
    result = run("check", config=installed)

    assert result.exit_code == 0, result.output
    assert "All is well." in result.output


def test_check_names_what_is_wrong_and_ends_with_code_1(run: Run, installed: Path) -> None:
    runtime = open_runtime(load_settings(installed))
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        factories.camera(work, site, name="Quay camera", kind=CameraKind.HTTP_SNAPSHOT)
    runtime.close()
    (installed.parent / "master.key").chmod(0o644)
    mail = '[mail]\nhost = "127.0.0.1"\nport = 9\nsender = "reception@example.org"\n'
    installed.write_text(installed.read_text() + mail)

    result = run("check", config=installed)

    assert result.exit_code == 1
    wrong = [line for line in result.output.splitlines() if line.startswith("WRONG")]
    assert len(wrong) == 3
    assert any("chmod 600" in line for line in wrong)
    assert any("mail server" in line for line in wrong)
    assert any("Quay camera" in line for line in wrong)
    assert "3 things to put right." in result.output


def test_worker_beside_sqlite_is_refused(run: Run, installed: Path) -> None:
    result = run("worker", config=installed)

    assert result.exit_code == 1
    assert "inside `visitor serve`" in result.stderr

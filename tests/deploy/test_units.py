"""The systemd units: sound, tight, and their commands do what they should."""

import getpass
import os
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import units
from tests.deploy.units import FOLDER, PROGRAM, Unit
from tests.real import postgres
from tests.real.postgres import PostgresCluster
from tests.real.programs import free_port, program, running, wait_until
from visitor.core.settings import PurgeSettings, load_settings

ROOT = Path(__file__).parents[2]
CREDENTIAL = "visitor-master-key"
VISITOR = Path(sys.executable).parent / "visitor"


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres.cluster() as started:
        yield started


@pytest.mark.real
def test_systemd_finds_no_fault_in_any_unit(tmp_path: Path) -> None:
    analyze = program("systemd-analyze", "systemd")
    for path in [*units.services(), FOLDER / "visitor-backup.timer"]:
        (tmp_path / path.name).write_text(path.read_text().replace(PROGRAM, str(VISITOR)))

    done = subprocess.run(
        [analyze, "verify", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.real
@pytest.mark.parametrize("path", units.services(), ids=lambda path: path.name)
def test_units_leave_little_open(path: Path) -> None:
    """systemd's own measure: 0 is nothing, 10 everything; the threshold counts in tenths."""
    analyze = program("systemd-analyze", "systemd")
    command = [analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", units.services(), ids=lambda path: path.name)
def test_every_unit_has_the_key_as_a_credential_and_may_write_where_it_must(path: Path) -> None:
    unit = Unit(path)

    assert unit.one("Service", "LoadCredential") == f"{CREDENTIAL}:/etc/visitor/master.key"
    assert unit.one("Service", "StateDirectory").split() == ["visitor", "visitor-journal"]
    assert unit.one("Service", "ExecStart").startswith(f"{PROGRAM} --config /etc/visitor/config.toml ")


@pytest.mark.parametrize("name", ["visitor.service", "visitor-worker.service"])
def test_servers_and_workers_come_back_however_long_the_database_was_away(name: str) -> None:
    unit = Unit(FOLDER / name)

    assert unit.one("Service", "Restart") == "on-failure"
    assert unit.one("Unit", "StartLimitIntervalSec") == "0"


def test_backup_may_write_where_it_writes_and_comes_before_the_purge() -> None:
    unit, timer = Unit(FOLDER / "visitor-backup.service"), Unit(FOLDER / "visitor-backup.timer")
    targets = [word for word in shlex.split(unit.one("Service", "ExecStart")) if word.startswith("/var/backups")]

    assert unit.one("Service", "ReadWritePaths").split() == targets
    hour = int(timer.one("Timer", "OnCalendar").split()[1].split(":")[0])
    assert hour < PurgeSettings().hour
    assert unit.one("Service", "LogNamespace") == "visitor"
    assert units.journald()["Journal"]["MaxRetentionSec"] == "14day"


def test_scripts_are_programs_that_the_shell_understands() -> None:
    for script in (FOLDER / "setup", FOLDER / "visitor-command", FOLDER.parent / "container" / "setup"):
        assert os.access(script, os.X_OK)
        subprocess.run(["sh", "-n", str(script)], check=True)


class Laid:
    """An installation that the setup script has laid out below a folder, and commands on it as systemd runs them."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.config = top / "etc" / "visitor" / "config.toml"

    def set_up(self, *options: str) -> "subprocess.CompletedProcess[str]":
        places = {"SETTINGS": "etc/visitor", "STATE": "state", "JOURNAL": "journal", "BACKUPS": "var/backups"}
        environment = os.environ | {name: str(self.top / place) for name, place in places.items()}
        environment |= {"VISITOR": str(VISITOR), "OWNER": getpass.getuser()}
        command = [str(FOLDER / "setup"), "--public-url", "http://localhost:8443", *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def environment(self) -> dict[str, str]:
        """What LoadCredential= gives a service."""
        folder = self.top / "credentials"
        folder.mkdir(exist_ok=True)
        shutil.copy(self.config.parent / "master.key", folder / CREDENTIAL)
        return os.environ | {"CREDENTIALS_DIRECTORY": str(folder)}

    def command(self, unit: str) -> list[str]:
        """The unit's own command, with its places below the folder."""
        words = shlex.split(Unit(FOLDER / unit).one("Service", "ExecStart"))
        assert words[0] == PROGRAM
        return [str(VISITOR), *(f"{self.top}{word}" if word.startswith("/") else word for word in words[1:])]


@pytest.fixture
def laid(tmp_path: Path) -> Laid:
    return Laid(tmp_path)


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.real
def test_setup_founds_an_installation_that_the_units_commands_serve(laid: Laid, cluster: PostgresCluster) -> None:
    urls = [cluster.create_database(name) for name in ("house", "house_keys")]
    done = laid.set_up("--postgresql", *urls)
    assert done.returncode == 0, done.stderr
    assert laid.config.stat().st_mode & 0o777 == 0o640
    assert not (laid.top / "state" / "master.key").exists()
    port = free_port()
    laid.config.write_text(laid.config.read_text().replace("port = 8443", f"port = {port}", 1))

    with (
        running(laid.command("visitor.service"), laid.top / "server.log", env=laid.environment()) as server,
        running(laid.command("visitor-worker.service"), laid.top / "worker.log", env=laid.environment()),
    ):
        wait_until(lambda: ready(port), "the server", server)
        wait_until(lambda: b"at work" in (laid.top / "worker.log").read_bytes(), "the worker")
        backup = subprocess.run(
            laid.command("visitor-backup.service"), env=laid.environment(), capture_output=True, text=True, check=False
        )

    assert backup.returncode == 0, backup.stderr
    assert len(list((laid.top / "var/backups/visitor").iterdir())) == 1
    assert len(list((laid.top / "var/backups/visitor-keyring").iterdir())) == 1


@pytest.mark.real
def test_setup_on_sqlite_puts_the_databases_beside_the_state_and_repeats_nothing(laid: Laid) -> None:
    done = laid.set_up()
    assert done.returncode == 0, done.stderr

    settings = load_settings(laid.config)
    assert settings.database.url == f"sqlite:///{laid.top}/state/visitor.db"
    assert settings.keys.master_key_credential == CREDENTIAL
    assert settings.directories.erasure_journal == laid.top / "journal" / "erased.log"
    checked = subprocess.run(
        [str(VISITOR), "--config", str(laid.config), "db", "status"],
        env=laid.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    key = (laid.config.parent / "master.key").read_bytes()
    again = laid.set_up()
    assert again.returncode == 1
    assert "nothing was changed" in again.stderr
    assert (laid.config.parent / "master.key").read_bytes() == key


@pytest.mark.real
def test_databases_that_hold_something_or_do_not_answer_are_refused(laid: Laid, cluster: PostgresCluster) -> None:
    urls = [cluster.create_database(name) for name in ("first", "first_keys")]
    assert laid.set_up("--postgresql", *urls).returncode == 0

    for pair, code, sentence in (
        (urls, 1, "holds tables already"),
        ([cluster.url("absent"), urls[1]], 1, "does not answer"),
        ([urls[0], urls[0]], 1, "a database of its own"),
        (["nonsense", urls[1]], 2, "is not a database URL"),
    ):
        second = Laid(laid.top / sentence.split()[0])
        refused = second.set_up("--postgresql", *pair)
        assert refused.returncode == code
        assert sentence in refused.stderr
        assert not second.config.exists()

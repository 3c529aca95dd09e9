"""An installation that is carried from SQLite to PostgreSQL and back is the same, row for row; or nothing happened."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from tests import samples
from tests.access import scenes
from tests.logbook.scenes import named_scan
from tests.many.places import ROOT
from tests.real.postgres import PostgresCluster
from tests.real.programs import free_port, wait_until
from visitor.access.models import AccessEvent
from visitor.app import moved, moving, moving_ends, moving_rows
from visitor.app.exclusive import only_process
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.cli import main
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.db import open_engine, reading
from visitor.core.partitions import Month
from visitor.core.permissions import Purpose
from visitor.core.settings import load_settings
from visitor.ledger import queries as ledger
from visitor.ledger.audit import Verdict
from visitor.ledger.models import LedgerEntry
from visitor.people import queries as people
from visitor.visits.models import Visit

pytestmark = pytest.mark.real
MANY = 60_000


@dataclass(frozen=True, slots=True)
class Move:
    """An installation on SQLite, and two empty databases on PostgreSQL."""

    config: Path
    database: str
    keyring: str

    def open(self) -> OpenRuntime:
        return open_runtime(load_settings(self.config))

    def settled(self, url: str, keyring_url: str) -> Path:
        """Write the settings that the command names."""
        text = re.sub(r"(?m)^url = .*$", f'url = "{url}"', self.config.read_text())
        path = self.config.with_name("moved.toml")
        path.write_text(re.sub(r"(?m)^keyring_url = .*$", f'keyring_url = "{keyring_url}"', text))
        return path


@pytest.fixture
def move(cluster: PostgresCluster, tmp_path: Path) -> Move:
    name = f"c{abs(hash(tmp_path)):x}"
    url = f"sqlite:///{tmp_path / 'visitor.db'}"
    engine = open_engine(url, samples.database_settings(url))
    migrations.upgrade(engine)
    engine.dispose()
    config = samples.write_settings(tmp_path, database_url=url)
    made = Move(config, cluster.create_database(name), cluster.create_database(samples.keyring_name(name)))
    runtime = made.open()
    with runtime.transaction(SYSTEM) as work:
        door = scenes.door(work)
        for words in ("Ada Lovelace", "Zoë Ångström", "山田 太郎"):
            named_scan(work, door, words)
    runtime.close()
    return made


def copied(config: Path, to: str, keyring_to: str | None = None) -> Result:
    keyring = [] if keyring_to is None else ["--keyring-to", keyring_to]
    return CliRunner().invoke(main, ["--config", str(config), "db", "copy", "--to", to, *keyring])


def sums(url: str) -> dict[str, moving_rows.Sum]:
    engine = open_engine(url, samples.database_settings(url))
    with reading(engine) as connection:
        found = {table.name: moving_rows.added(moving_rows.read(connection, table)) for table in moving.tables()}
    engine.dispose()
    del found["lease"]  # the old place says there where the house went; `copy` itself has compared the table
    return found


def refused_start(config: Path, command: str) -> str:
    """Start a server or worker that is to be refused; return what it says."""
    config.write_text(config.read_text().replace("port = 8443", f"port = {free_port()}"))
    arguments = [sys.executable, "-m", "visitor.cli", "--config", str(config), command]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    return done.stderr


def rows_in(url: str) -> int:
    engine = open_engine(url, samples.database_settings(url))
    try:
        with engine.connect() as connection:
            return sum(
                connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
                for name in sa.inspect(connection).get_table_names()
                if name != "alembic_version"
            )
    finally:
        engine.dispose()


def test_there_and_back_again_every_row_is_the_same_and_the_house_goes_on(move: Move, tmp_path: Path) -> None:
    there = copied(move.config, move.database, move.keyring)
    assert there.exit_code == 0, there.output
    assert sums(move.database) == sums(load_settings(move.config).database.url)
    assert f'url = "{move.database.split("?")[0]}' in there.output

    config = move.settled(move.database, move.keyring)
    runtime = open_runtime(load_settings(config))
    with runtime.transaction(SYSTEM) as work:
        ids = list(work.session.scalars(sa.select(Visit.id)))
        names = {contact.name for contact in people.contacts(work, ids, Purpose.SECURITY_REVIEW).values()}
        door = scenes.door(work)
        scenes.scan(work, door)
    with runtime.reading(SYSTEM) as work:
        assert ledger.verify(work).verdict is Verdict.GOOD
    runtime.close()
    assert names == {"Ada Lovelace", "Zoë Ångström", "山田 太郎"}

    back, keys = f"sqlite:///{tmp_path / 'back.db'}", f"sqlite:///{tmp_path / 'back-keys.db'}"
    again = copied(config, back, keys)
    assert again.exit_code == 0, again.output
    assert sums(back) == sums(move.database)
    assert (tmp_path / "back.db").stat().st_mode & 0o077 == 0
    runtime = open_runtime(load_settings(move.settled(back, keys)))
    with runtime.reading(SYSTEM) as work:
        assert ledger.verify(work).verdict is Verdict.GOOD
    runtime.close()


def test_nothing_starts_on_what_stayed_behind_until_it_is_reopened(move: Move, tmp_path: Path) -> None:
    assert copied(move.config, move.database, move.keyring).exit_code == 0
    assert f"was carried to {move.database.split('?')[0]}" in refused_start(move.config, "serve")
    new = move.settled(move.database, move.keyring)
    engine = open_engine(move.database, samples.database_settings(move.database))
    moved.refuse_moved(engine)  # the new place is open
    engine.dispose()

    back = [f"sqlite:///{tmp_path / name}" for name in ("back.db", "back-keys.db")]
    assert copied(new, *back).exit_code == 0
    assert "was carried to sqlite" in refused_start(new, "worker")
    wrong = CliRunner().invoke(main, ["--config", str(new), "check"]).output
    assert "was carried to sqlite" in wrong
    for said in ("start here again", "was not carried away"):
        assert said in CliRunner().invoke(main, ["--config", str(new), "db", "reopen"]).output
    moved.refuse_moved(engine)
    engine.dispose()


def test_nothing_starts_on_postgresql_while_it_is_copied(move: Move) -> None:
    assert copied(move.config, move.database, move.keyring).exit_code == 0
    config = move.settled(move.database, move.keyring)
    settings = load_settings(config).database

    with moving_ends.standing_still(settings.url, settings, ["visit"]):
        for command in ("serve", "worker"):
            assert "A copy of this installation is being made" in refused_start(config, command)

    engine = open_engine(settings.url, settings)
    moved.refuse_moved(engine)
    engine.dispose()


def test_copy_that_fails_leaves_the_house_open(move: Move) -> None:
    engine = open_engine(move.database, samples.database_settings(move.database))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE payroll (name text)")
    engine.dispose()

    assert copied(move.config, move.database).exit_code == 1

    runtime = move.open()
    moved.refuse_moved(runtime.engine)
    runtime.close()


def test_address_may_come_from_a_file_and_a_password_in_an_argument_is_warned_of(move: Move, tmp_path: Path) -> None:
    secret, target = (url.replace("postgres@", "postgres:verysecret@") for url in (move.keyring, move.database))
    (tmp_path / "target").write_text(f"{target}\n")

    warned = copied(move.config, f"sqlite:///{tmp_path / 'mine.db'}", secret)
    quiet = copied(move.config, f"@{tmp_path / 'target'}")

    assert warned.exit_code == quiet.exit_code == 0, warned.output + quiet.output
    assert "the password in --keyring-to can be read in the list of processes" in warned.stderr
    assert quiet.stderr == ""
    assert "verysecret" not in warned.output + quiet.output
    absent = copied(move.config, f"@{tmp_path / 'absent'}")
    assert (absent.exit_code, "cannot be read" in absent.output) == (1, True), absent.output


def test_keyring_may_stay_where_it_is(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "TELL_EVERY", 2)
    done = copied(move.config, move.database)

    assert (done.exit_code, "keyring_url" in done.output) == (0, False), done.output
    assert "  access_event: 2 so far\n  access_event: 3, the same on both sides\n" in done.output
    assert "3 records were opened on both" in done.output


def test_target_that_holds_rows_is_refused(move: Move) -> None:
    assert copied(move.config, move.database, move.keyring).exit_code == 0
    before = sums(move.database)

    again = copied(move.config, move.database, move.keyring)

    assert (again.exit_code, "holds rows" in again.output) == (1, True), again.output
    assert sums(move.database) == before


def test_target_of_another_version_is_refused(move: Move) -> None:
    engine = open_engine(move.database, samples.database_settings(move.database))
    migrations.upgrade(engine, "0001")
    engine.dispose()

    done = copied(move.config, move.database)

    assert (done.exit_code, "is at migration 0001" in done.output) == (1, True), done.output


def test_target_with_tables_of_others_is_refused(move: Move) -> None:
    engine = open_engine(move.database, samples.database_settings(move.database))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE payroll (name text)")
    engine.dispose()

    assert "is at migration none" in copied(move.config, move.database).output


def test_keyring_of_another_installation_is_not_written_over(move: Move, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    open_runtime(
        load_settings(samples.write_settings(other, database_url=f"sqlite:///{other / 'v.db'}")), check_tables=False
    ).close()
    before = (other / "keys.db").read_bytes()

    done = copied(move.config, move.database, f"sqlite:///{other / 'keys.db'}")

    assert (done.exit_code, "is not empty" in done.output) == (1, True), done.output
    assert (other / "keys.db").read_bytes() == before
    assert rows_in(move.database) == 0


def test_file_that_exists_is_refused(move: Move, tmp_path: Path) -> None:
    (tmp_path / "mine.db").write_bytes(b"mine")

    assert copied(move.config, f"sqlite:///{tmp_path / 'mine.db'}").exit_code == 1
    assert (tmp_path / "mine.db").read_bytes() == b"mine"


@pytest.mark.parametrize("to", ["nonsense", "mysql://host/visitor", "the same"])
def test_place_that_is_none_is_wrong_use(move: Move, to: str) -> None:
    url = load_settings(move.config).database.url if to == "the same" else to

    assert copied(move.config, url).exit_code == 2


def test_nothing_is_copied_while_a_server_runs(move: Move) -> None:
    with only_process(load_settings(move.config)):
        done = copied(move.config, move.database)

    assert (done.exit_code, "Another process" in done.output) == (1, True)


def test_nothing_is_copied_from_postgresql_while_others_are_connected(move: Move, tmp_path: Path) -> None:
    assert copied(move.config, move.database, move.keyring).exit_code == 0
    config = move.settled(move.database, move.keyring)
    server = open_runtime(load_settings(config))
    with server.reading(SYSTEM) as work:
        work.session.execute(sa.select(1))

    done = copied(config, f"sqlite:///{tmp_path / 'back.db'}")
    server.close()

    assert (done.exit_code, "other connection" in done.output) == (1, True), done.output
    assert not (tmp_path / "back.db").exists()


def test_row_that_arrives_changed_is_found_and_nothing_is_kept(move: Move) -> None:
    engine = open_engine(move.database, samples.database_settings(move.database))
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.arrived_at := NEW.arrived_at + interval '1 microsecond'; RETURN NEW; END $$"
        )
        connection.exec_driver_sql("CREATE TRIGGER spoil BEFORE INSERT ON visit FOR EACH ROW EXECUTE FUNCTION spoil()")
    engine.dispose()

    done = copied(move.config, move.database)

    assert (done.exit_code, "visit differs after the copy" in done.output) == (1, True), done.output
    assert rows_in(move.database) == 0


@pytest.mark.parametrize("to_sqlite", [False, True])
def test_copy_that_is_killed_leaves_nothing_and_is_begun_again(move: Move, tmp_path: Path, to_sqlite: bool) -> None:
    fill(move)
    to, keyring = move.database, move.keyring
    if to_sqlite:
        to, keyring = f"sqlite:///{tmp_path / 'new.db'}", f"sqlite:///{tmp_path / 'new-keys.db'}"
    arguments = ["db", "copy", "--to", to, "--keyring-to", keyring]
    command = [sys.executable, "-u", "-m", "visitor.cli", "--config", str(move.config), *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("  access_point:"):
                process.kill()
                break
    assert process.returncode == -9
    if to_sqlite:
        assert not (tmp_path / "new.db").exists()
    else:
        wait_until(lambda: rows_in(to) == 0, "the end of the killed transaction")

    done = copied(move.config, to, keyring)

    assert done.exit_code == 0, done.output
    assert sums(to)["ledger_entry"].rows > MANY
    assert not list(tmp_path.glob("*.part*"))


def test_months_of_the_past_lie_in_partitions_of_their_own(move: Move) -> None:
    runtime = move.open()
    with runtime.transaction(SYSTEM) as work:
        earlier = work.now - timedelta(days=100)
        work.session.execute(sa.update(AccessEvent).values(scanned_at=earlier))
    runtime.close()

    assert copied(move.config, move.database).exit_code == 0

    engine = open_engine(move.database, samples.database_settings(move.database))
    with engine.connect() as connection:
        held = set(connection.scalars(sa.text("SELECT DISTINCT tableoid::regclass::text FROM access_event")))
    engine.dispose()
    assert held == {Month.of(earlier).within("access_event")}


def fill(move: Move) -> None:
    """Make the copy long enough to be killed in its midst."""
    runtime = move.open()
    with runtime.transaction(SYSTEM) as work:
        one = work.session.scalars(sa.select(LedgerEntry).limit(1)).one()
        values = {column.name: getattr(one, column.name) for column in LedgerEntry.__table__.columns}
        rows: Iterator[dict[str, object]] = (values | {"id": work.new_id(), "seq": None} for _ in range(MANY))
        work.session.execute(sa.insert(LedgerEntry), list(rows))
    runtime.close()

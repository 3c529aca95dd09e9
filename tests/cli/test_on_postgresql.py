"""Databases of PostgreSQL as administrators hand them over: what does not fit is said in one sentence."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests import samples
from tests.cli.conftest import Run
from tests.real import postgres
from tests.real.postgres import PostgresCluster
from visitor.app import moving_ends
from visitor.core import migrations
from visitor.core.db import open_engine
from visitor.core.errors import SetupFault

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with postgres.cluster() as started:
        yield started


@pytest.fixture
def urls(cluster: PostgresCluster, tmp_path: Path) -> tuple[str, str]:
    name = f"d{abs(hash(tmp_path)):x}"
    return cluster.create_database(name), cluster.create_database(samples.keyring_name(name))


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string()


def run_sql(url: str, *statements: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def founded(run: Run, folder: Path, urls: tuple[str, str]) -> Path:
    made = run("init", str(folder), "--postgresql", *urls)
    assert made.exit_code == 0, made.output
    return folder / "config.toml"


def test_database_that_the_role_may_make_no_tables_in_is_refused_with_the_statement_that_mends_it(
    run: Run, urls: tuple[str, str], tmp_path: Path
) -> None:
    run_sql(urls[0], "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    theirs = make_url(urls[0]).set(username="stranger").render_as_string()

    refused = run("init", str(tmp_path / "house"), "--postgresql", theirs, urls[1])

    assert refused.exit_code == 1
    assert f"ALTER DATABASE {make_url(urls[0]).database} OWNER TO stranger" in refused.stderr
    assert not (tmp_path / "house").exists()
    run_sql(urls[0], f"ALTER DATABASE {make_url(urls[0]).database} OWNER TO stranger")
    founded(run, tmp_path / "house", (theirs, urls[1]))


@pytest.mark.parametrize("wrong", [0, 1])
def test_database_that_cannot_hold_every_script_is_refused(
    run: Run, urls: tuple[str, str], tmp_path: Path, wrong: int
) -> None:
    name = make_url(urls[wrong]).database
    run_sql(
        make_url(urls[0]).set(database="postgres").render_as_string(),
        f"DROP DATABASE {name}",
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
    )

    refused = run("init", str(tmp_path / "house"), "--postgresql", *urls)

    assert refused.exit_code == 1
    assert "SQL_ASCII" in refused.stderr
    assert "ENCODING 'UTF8'" in refused.stderr
    assert not (tmp_path / "house").exists()


def test_one_database_by_two_addresses_is_no_keyring_of_its_own(
    run: Run, urls: tuple[str, str], tmp_path: Path
) -> None:
    again = f"{urls[0]}&application_name=other"

    refused = run("init", str(tmp_path / "house"), "--postgresql", urls[0], again)

    assert refused.exit_code == 1
    assert "database of its own" in refused.stderr
    config = founded(run, tmp_path / "house", urls)
    config.write_text(config.read_text().replace(urls[1], again))
    checked = run("check", config=config)
    assert checked.exit_code == 1
    assert "database of its own" in checked.stderr


def test_password_in_the_query_is_not_shown(run: Run, urls: tuple[str, str], tmp_path: Path) -> None:
    founded(run, tmp_path / "house", urls)

    refused = run("init", str(tmp_path / "other"), "--postgresql", f"{urls[0]}&password=verysecret", urls[1])

    assert refused.exit_code == 1
    assert "holds tables" in refused.stderr
    assert "verysecret" not in refused.output


def test_database_of_a_newer_version_is_left_alone_and_the_way_back_is_named(
    run: Run, urls: tuple[str, str], tmp_path: Path
) -> None:
    config = founded(run, tmp_path / "house", urls)
    run_sql(urls[0], "UPDATE alembic_version SET version_num = '9999'")

    for words in (["db", "upgrade"], ["db", "downgrade", "--yes", "0001"], ["check"], ["worker"]):
        refused = run(*words, config=config)

        assert refused.exit_code == 1, words
        assert f"`visitor db downgrade {migrations.newest()}`" in refused.stderr, words


@pytest.mark.parametrize("target", ["9998", "nonsense"])
def test_migration_that_there_is_not_is_no_way_back(
    run: Run, urls: tuple[str, str], tmp_path: Path, target: str
) -> None:
    config = founded(run, tmp_path / "house", urls)

    refused = run("db", "downgrade", "--yes", target, config=config)

    assert refused.exit_code == 1
    assert f"{target} is none of them" in refused.stderr
    assert run("db", "status", config=config).exit_code == 0


def test_of_two_upgrades_at_once_one_is_done_and_no_one_ends_in_the_middle(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    config = samples.write_settings(tmp_path, database_url=urls[0])
    command = [sys.executable, "-m", "visitor.cli", "--config", str(config), "db", "upgrade"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]

    said = [process.communicate(timeout=60)[1] for process in both]

    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 1])
    assert not any("Traceback" in text for text in said)
    assert codes == [0, 0] or any("Another program is changing" in text for text in said)
    engine = open_engine(urls[0], samples.database_settings(urls[0]))
    assert migrations.current(engine) == migrations.newest()
    with engine.connect() as connection:
        assert sa.inspect(connection).has_table("ledger_entry")
    engine.dispose()


def test_key_is_not_replaced_while_anybody_uses_the_keyring_and_the_message_names_them(
    run: Run, urls: tuple[str, str], tmp_path: Path
) -> None:
    config = founded(run, tmp_path / "house", urls)
    rotate = ["keys", "rotate", "--to", str(tmp_path / "new.key")]
    with psycopg.connect(plain(urls[1]), application_name="backup of keys"):
        refused = run(*rotate, config=config)

    assert refused.exit_code == 1
    assert "1 other connection is open to the database (backup of keys)" in refused.stderr
    assert run(*rotate, config=config).exit_code == 0  # whoever has just gone is not in the way


def test_somebody_who_comes_during_a_transaction_is_seen_in_it(urls: tuple[str, str]) -> None:
    engine = open_engine(urls[0], samples.database_settings(urls[0]))
    with engine.begin() as connection:
        moving_ends.refuse_others(connection)
        with psycopg.connect(plain(urls[0])), pytest.raises(SetupFault, match="1 other connection"):
            moving_ends.refuse_others(connection)
    engine.dispose()


def test_servers_of_another_role_are_seen_too(urls: tuple[str, str]) -> None:
    run_sql(urls[0], "DROP ROLE IF EXISTS mover", "CREATE ROLE mover LOGIN")
    engine = open_engine(make_url(urls[0]).set(username="mover").render_as_string(), samples.database_settings(urls[0]))
    with engine.connect() as connection:
        moving_ends.refuse_others(connection)
        with psycopg.connect(plain(urls[0])), pytest.raises(SetupFault, match="1 other connection"):
            moving_ends.refuse_others(connection)
    engine.dispose()


VERSIONS = [("14.9", "install postgresql-client-"), ("99.1", "pg_dump for backups is installed (PostgreSQL 99)")]


@pytest.mark.parametrize(("version", "said"), VERSIONS)
def test_check_tells_whether_this_machine_can_make_backups(
    run: Run, urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, said: str
) -> None:
    config = founded(run, tmp_path / "house", urls)
    (tmp_path / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version} (Debian {version}-1)'\n")
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    checked = run("check", config=config)

    assert said in checked.output
    assert "No worker is at work just now; it begins with `visitor worker`." in checked.output

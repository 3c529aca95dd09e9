"""PostgreSQL's own programs: what they are told, and by which way."""

import os
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from visitor.app.backup import postgres_program, run_postgres
from visitor.core.errors import SetupFault

PROGRAM = """#!{python}
import json, os, sys
from pathlib import Path
Path({said!r}).write_text(json.dumps([sys.argv[1:], os.environ.get("PGPASSWORD")]))
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a program in the place of `pg_dump` writes what it was told."""
    program, said = tmp_path / "pg_dump", tmp_path / "said.json"
    program.write_text(PROGRAM.format(python=sys.executable, said=str(said)))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://visitor:secret%2Fword@db.example.org:5433/visitor",
        "postgresql+psycopg://visitor@db.example.org:5433/visitor?password=secret/word",
    ],
)
def test_password_is_in_no_list_of_processes(said: Path, url: str) -> None:
    run_postgres("pg_dump", make_url(url), ["--file=x"])

    told = said.read_text()
    assert told.count("secret") == 1
    assert '"--dbname=postgresql://visitor@db.example.org:5433/visitor"' in told
    assert told.endswith(', "secret/word"]')


def test_without_a_password_the_program_asks_nobody_and_looks_where_it_always_does(said: Path) -> None:
    run_postgres("pg_dump", make_url("postgresql+psycopg:///visitor?host=/run/postgresql"), [])

    assert said.read_text() == '[["--no-password", "--dbname=postgresql:///visitor?host=%2Frun%2Fpostgresql"], null]'


def test_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SetupFault, match="pg_nothing is not installed"):
        postgres_program("pg_nothing")

"""A purge inside the serving process leaves the database's locks alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import factories
from visitor.core.actors import SYSTEM
from visitor.core.settings import Settings
from visitor.core.work import Runtime
from visitor.ledger.operations import audit
from visitor.privacy.purge import run_purge

VISIT = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('select * from site').fetchall(); c.close()"


@pytest.mark.sqlite_only("POSIX locks on the database's files")
def test_another_process_may_come_and_go_after_a_purge(runtime: Runtime, settings: Settings) -> None:
    with runtime.transaction(SYSTEM) as work:
        site_id = factories.site(work).id
    assert run_purge(runtime).refusal is None
    with runtime.transaction(SYSTEM) as work:
        audit(work, "site.mode", site_id=site_id)
    database = Path(settings.database.url.removeprefix("sqlite:///"))
    log = database.with_name(f"{database.name}-wal")
    before = log.stat().st_ino

    subprocess.run([sys.executable, "-c", VISIT, str(database)], check=True)

    assert log.stat().st_ino == before, "the visitor believed to be alone and removed the server's log"
    with runtime.transaction(SYSTEM) as work:
        audit(work, "site.mode", site_id=site_id)
        assert work.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"

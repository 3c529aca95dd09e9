"""What a purge leaves behind: the journal, the ledger, and no byte of what went."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import MONDAY
from tests.privacy.house import OFFICER, certificate_of, hold_on, put_visits, visits_left
from tests.privacy.visitors import PHOTO
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime
from visitor.ledger import queries as ledger
from visitor.ledger.audit import Verdict
from visitor.ledger.models import LedgerEntry
from visitor.ledger.operations import checkpoint
from visitor.people.models import PersonalRecord, PersonToken
from visitor.privacy import erasing, operations, purge, replay, scrubbing
from visitor.privacy.journal import Act, Entry
from visitor.sites.models import Site


def test_every_row_that_went_stands_in_the_journal_and_nothing_else(runtime: Runtime, site: Site) -> None:
    wholes = put_visits(runtime, site, 4, 40)
    put_visits(runtime, site, 1, 0.2)

    purge.run_purge(runtime)

    erased = replay.erased_rows(replay.journal_of(runtime).entries())
    assert erased["visit"] == {whole.visit.id for whole in wholes}
    assert erased["access_event"] == {whole.event_id for whole in wholes}
    assert {whole.contact_id for whole in wholes} <= erased["record"]
    assert erased["person"] == {whole.person_id for whole in wholes}
    with runtime.reading(SYSTEM) as work:
        for kind, ids in erased.items():
            assert erasing.present_rows(work, kind, ids) == set()
    assert replay.journal_of(runtime).open_batches() == []


def test_a_line_without_its_erasure_is_taken_back_by_the_next_purge(runtime: Runtime, site: Site) -> None:
    """The process died between the line and the commit; a hold placed afterwards must keep the row."""
    whole = put_visits(runtime, site, 1, 40)[0]
    journal = replay.journal_of(runtime)
    with runtime.reading(SYSTEM) as work:
        key_id = work.session.get_one(PersonalRecord, whole.contact_id).key_id
    rows = {"record": (whole.contact_id,), "key": (key_id,)}
    journal.append(Entry(Act.ERASE, 0, MONDAY, rows, "due", {"contact": 1}))
    with runtime.transaction(OFFICER) as work:
        operations.place_hold(work, hold_on(whole.visit))

    outcome = purge.run_purge(runtime)

    assert outcome.settled == 1
    erased = replay.erased_rows(journal.entries())
    assert whole.contact_id not in erased["record"]
    assert key_id not in erased["key"]
    replay.replay_journal(runtime)
    assert whole.visit.id in visits_left(runtime)


def test_the_ledger_proves_good_after_a_purge(runtime: Runtime, site: Site, clock: FixedClock) -> None:
    put_visits(runtime, site, 4, 40)
    purge.run_purge(runtime)
    clock.move(timedelta(days=400))
    purge.run_purge(runtime)

    with runtime.transaction(SYSTEM) as work:
        checkpoint(work)
    with runtime.reading(SYSTEM) as work:
        report = ledger.verify(work)
        old = sa.select(LedgerEntry.id).where(LedgerEntry.at < work.now - timedelta(days=366))
        bodies = work.session.scalars(old.where(LedgerEntry.body.is_not(None), LedgerEntry.kind < 0x30)).all()
    assert report.verdict is Verdict.GOOD, [finding.text for log in report.logs for finding in log.findings]
    assert sum(log.missing for log in report.logs) > 4
    assert bodies == []


@pytest.mark.sqlite_only(reason="only SQLite's files can be read byte by byte")
def test_no_byte_of_what_was_erased_is_in_any_file(runtime: Runtime, site: Site, tmp_path: Path) -> None:
    wholes = put_visits(runtime, site, 5, 40)
    with runtime.reading(SYSTEM) as work:
        records = work.session.execute(sa.select(PersonalRecord.sealed, PersonalRecord.key_id)).all()
        tokens = set(work.session.scalars(sa.select(PersonToken.token)))
    keyring = sqlite3.connect(tmp_path / "keys.db")
    wrapped = [row[0] for row in keyring.execute("SELECT wrapped_key FROM record_key")]
    keyring.close()
    assert len(wrapped) == len(records)

    outcome = purge.run_purge(runtime)

    assert certificate_of(runtime, outcome)["scan"]["hits"] == 0  # type: ignore[index]  # JSON
    secrets = {
        "name": [whole.name.encode() for whole in wholes],
        "e-mail": [b"@visitor.example"],
        "photo": [PHOTO[:40], PHOTO[4000:4040]],
        "ciphertext": [row.sealed[:32] for row in records] + [row.sealed[-32:] for row in records],
        "key id": [row.key_id.bytes for row in records],
        "wrapped key": wrapped,
        "token": list(tokens),
    }
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for what, pieces in secrets.items():
            assert not [piece for piece in pieces if piece in content], (path.name, what)


@pytest.mark.sqlite_only(reason="only SQLite's files can be read byte by byte")
def test_before_the_purge_the_ciphertext_is_there_so_the_scan_can_find_something(
    runtime: Runtime, site: Site, tmp_path: Path
) -> None:
    put_visits(runtime, site, 1, 40)
    with runtime.reading(SYSTEM) as work:
        sealed = work.session.scalars(sa.select(PersonalRecord.sealed)).all()

    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert all(piece[:32] in content for piece in sealed)


@pytest.mark.sqlite_only(reason="PostgreSQL's files are its own")
def test_reader_in_the_way_at_the_keyring_leaves_the_database_scrubbed(
    runtime: Runtime, site: Site, tmp_path: Path
) -> None:
    put_visits(runtime, site, 5, 2)
    with closing(sqlite3.connect(tmp_path / "keys.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM record_key").fetchone()
        put_visits(runtime, site, 5, 2)
        told = scrubbing.scrub(runtime)

    assert not told.log_emptied
    assert (tmp_path / "visitor.db-wal").stat().st_size == 0

"""Backups: consistent while the house works, readable back, and never a way for somebody erased to return."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import factories
from tests.privacy.visitors import PHOTO, Whole, whole_visit
from visitor.app.backup import MANIFEST, Made, backup, read_manifest
from visitor.app.exclusive import only_process
from visitor.app.restore import Choices, Restored, restore
from visitor.app.runtime import RESTORE_MARKER, OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.errors import SetupFault
from visitor.core.permissions import Purpose
from visitor.core.settings import Settings
from visitor.core.work import Runtime
from visitor.people import queries as people
from visitor.people.models import PersonalRecord
from visitor.privacy import operations, purge
from visitor.visits.models import Visit

pytestmark = pytest.mark.sqlite_only(reason="files of SQLite; test_backup_postgres has the other")


@pytest.fixture
def whole(runtime: Runtime) -> Whole:
    with runtime.transaction(SYSTEM) as work:
        made = whole_visit(work, factories.site(work), left_at=work.now - timedelta(hours=1))
        operations.recompute_due(work, made.visit.id)
        return made


@pytest.fixture
def house(runtime: OpenRuntime, settings: Settings, clock: FixedClock) -> "House":
    return House(runtime, settings, clock)


REPLACE = Choices(replace=True)


class House:
    """The installation, closed and put back as an administrator would."""

    def __init__(self, runtime: OpenRuntime, settings: Settings, clock: FixedClock) -> None:
        self.runtime, self.settings, self.clock = runtime, settings, clock

    def put_back(self, folder: Path, choices: Choices = REPLACE) -> Restored:
        self.runtime.close()
        return restore(self.settings, folder, choices, clock=self.clock)

    def reopened(self) -> OpenRuntime:
        return open_runtime(self.settings, clock=self.clock)


def erase_everything(house: House) -> None:
    house.clock.move(timedelta(days=60))
    assert purge.run_purge(house.runtime).refusal is None


def name_of(runtime: Runtime, whole: Whole) -> str | None:
    with runtime.transaction(SYSTEM) as work:
        contact = people.contacts(work, [whole.visit.id], Purpose.SUBJECT_REQUEST).get(whole.visit.id)
    return contact.name if contact else None


def visits_in(runtime: Runtime) -> int:
    with runtime.reading(SYSTEM) as work:
        return len(work.session.scalars(sa.select(Visit.id)).all())


def test_a_restored_backup_reads_as_before(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups")

    house.put_back(made.folder)

    again = house.reopened()
    assert name_of(again, whole) == whole.name
    again.close()


def test_somebody_erased_after_the_backup_does_not_return(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups")
    erase_everything(house)

    done = house.put_back(made.folder)

    assert done.replay.erased > 0
    assert done.replay.chain_checked
    again = house.reopened()
    assert visits_in(again) == 0
    assert name_of(again, whole) is None
    with again.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(PersonalRecord.id)).all() == []
    again.close()


def test_even_an_old_keyring_brings_nobody_back(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups", keyring_target=tmp_path / "keys-elsewhere")
    erase_everything(house)

    done = house.put_back(made.folder, Choices(replace=True, keyring=made.keyring_folder))

    assert done.replay.keys > 0
    again = house.reopened()
    with again.reading(SYSTEM) as work:
        assert people.orphans(work).key_ids == frozenset()
    assert visits_in(again) == 0
    again.close()


def test_an_old_backup_without_its_keyring_is_unreadable(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups")
    erase_everything(house)

    with closing(sqlite3.connect(made.folder / "database.sqlite")) as copied:
        key_ids = [row[0] for row in copied.execute("SELECT key_id FROM personal_record WHERE visit_id IS NOT NULL")]
    with closing(sqlite3.connect(tmp_path / "keys.db")) as keyring:
        left = {row[0] for row in keyring.execute("SELECT key_id FROM record_key")}

    assert len(key_ids) == 3
    assert not left & set(key_ids)


def test_no_name_and_no_picture_is_in_any_file_of_a_backup(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups", keyring_target=tmp_path / "keys-elsewhere")

    files = [path for folder in (made.folder, made.keyring_folder) if folder for path in folder.iterdir()]

    assert len(files) == 4
    for path in files:
        content = path.read_bytes()
        assert whole.name.encode() not in content
        assert b"visitor.example" not in content
        assert PHOTO[:30] not in content
        assert path.stat().st_mode & 0o077 == 0


def test_a_restored_house_holds_no_byte_of_the_erased(house: House, whole: Whole, tmp_path: Path) -> None:
    with house.runtime.reading(SYSTEM) as work:
        sealed = work.session.scalars(sa.select(PersonalRecord.sealed)).all()
    made = backup(house.runtime, tmp_path / "backups")
    erase_everything(house)

    house.put_back(made.folder)

    for name in ("visitor.db", "visitor.db-wal", "keys.db", "keys.db-wal"):
        path = tmp_path / name
        content = path.read_bytes() if path.exists() else b""
        assert not [piece for piece in sealed if piece[:32] in content or piece[-32:] in content], name


def test_while_a_restore_is_unfinished_nothing_opens_the_house(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups")
    journal = house.settings.directories.erasure_journal
    erase_everything(house)
    kept = journal.read_bytes()
    journal.write_bytes(kept.replace(b'"record"', b'"recorD"', 1))

    with pytest.raises(SetupFault, match="journal"):
        house.put_back(made.folder)
    assert (house.settings.directories.data / RESTORE_MARKER).exists()
    with pytest.raises(SetupFault, match="restore"):
        house.reopened()

    journal.write_bytes(kept)
    house.put_back(made.folder, Choices())
    again = house.reopened()
    assert visits_in(again) == 0
    again.close()


def test_a_lost_journal_is_not_passed_over_in_silence(house: House, whole: Whole, tmp_path: Path) -> None:
    erase_everything(house)
    made = backup(house.runtime, tmp_path / "backups")
    house.settings.directories.erasure_journal.unlink()

    with pytest.raises(SetupFault, match="journal"):
        house.put_back(made.folder)

    assert house.put_back(made.folder, Choices(journal_lost=True)).replay.erased == 0


@pytest.mark.parametrize("harm", ["change", "cut", "remove", "manifest"])
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    house: House, whole: Whole, tmp_path: Path, harm: str
) -> None:
    made = backup(house.runtime, tmp_path / "backups")
    copied = made.folder / "database.sqlite"
    if harm == "change":
        content = bytearray(copied.read_bytes())
        content[5000] ^= 1
        copied.write_bytes(content)
    elif harm == "cut":
        copied.write_bytes(copied.read_bytes()[:-4096])
    elif harm == "remove":
        copied.unlink()
    else:
        (made.folder / MANIFEST).write_text("{}")

    with pytest.raises(SetupFault):
        house.put_back(made.folder)

    again = house.reopened()
    assert name_of(again, whole) == whole.name
    again.close()


def test_a_house_that_holds_visits_is_not_written_over_unasked(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups")

    with pytest.raises(SetupFault, match="--replace"):
        house.put_back(made.folder, Choices())


def test_a_running_server_or_an_open_database_refuses_a_restore(house: House, whole: Whole, tmp_path: Path) -> None:
    made = backup(house.runtime, tmp_path / "backups")
    lock = only_process(house.settings)
    with pytest.raises(SetupFault, match="serves"):
        house.put_back(made.folder)
    lock.close()

    with closing(sqlite3.connect(tmp_path / "visitor.db")) as other:
        other.execute("SELECT count(*) FROM visit").fetchone()
        with pytest.raises(SetupFault, match="in use"):
            house.put_back(made.folder)


def test_a_backup_during_sign_ins_is_one_state_of_the_database(house: House, tmp_path: Path) -> None:
    runtime = house.runtime
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
    stop, made = threading.Event(), list[Made]()

    def sign_in() -> None:
        for _ in range(200):
            if stop.is_set():
                return
            with runtime.transaction(SYSTEM) as work:
                whole_visit(work, site, left_at=work.now)

    thread = threading.Thread(target=sign_in)
    thread.start()
    for _ in range(3):
        house.clock.move(timedelta(seconds=1))
        made.append(backup(runtime, tmp_path / "backups"))
    stop.set()
    thread.join(60)

    for one in made:
        read_manifest(one.folder)
        with closing(sqlite3.connect(one.folder / "database.sqlite")) as copied:
            visits = copied.execute("SELECT count(*) FROM visit").fetchone()[0]
            assert copied.execute("SELECT count(*) FROM badge").fetchone()[0] == visits
            assert copied.execute("SELECT count(*) FROM personal_record").fetchone()[0] == 3 * visits
            assert copied.execute("PRAGMA foreign_key_check").fetchall() == []


def test_copies_of_the_keyring_live_two_weeks(house: House, tmp_path: Path) -> None:
    elsewhere = tmp_path / "keys-elsewhere"
    first = backup(house.runtime, tmp_path / "backups", keyring_target=elsewhere)
    house.clock.move(timedelta(days=13))
    second = backup(house.runtime, tmp_path / "backups", keyring_target=elsewhere)
    house.clock.move(timedelta(days=2))

    third = backup(house.runtime, tmp_path / "backups", keyring_target=elsewhere)

    assert third.dropped == 1
    assert set(elsewhere.iterdir()) == {second.keyring_folder, third.keyring_folder}
    assert first.folder.exists()


@pytest.mark.parametrize("place", ["backups", "backups/keys", "."])
def test_the_keyring_is_never_put_beside_the_backup(house: House, tmp_path: Path, place: str) -> None:
    with pytest.raises(SetupFault, match="another folder"):
        backup(house.runtime, tmp_path / "backups", keyring_target=tmp_path / place)


def test_a_folder_that_cannot_be_written_is_named(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(SetupFault, match="cannot be written"):
        backup(house.runtime, tmp_path / "file" / "backups")

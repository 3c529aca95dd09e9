"""Putting a backup back: nothing that was erased since may be there when the server starts.

A marker file stands in the data directory from before the first change until the erasure journal has been replayed;
while it stands nothing opens the installation.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from visitor.app import keyring_copies, making_room
from visitor.app.backup import Manifest, is_sqlite, read_manifest, run_postgres, sqlite_path
from visitor.app.exclusive import only_process
from visitor.app.making_room import OF_THE_DATABASE, OF_THE_KEYRING
from visitor.app.runtime import RESTORE_MARKER, open_runtime
from visitor.core import migrations
from visitor.core.clock import Clock
from visitor.core.db import open_engine, truncate_log
from visitor.core.errors import SetupFault
from visitor.core.settings import Settings
from visitor.privacy import replay, scrubbing
from visitor.privacy.replay import Replay

_SIDE_FILES: Final = ("-wal", "-shm", "-journal")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody decided on the command line."""

    replace: bool = False
    """Put the backup in the place of an installation that holds visits."""
    journal_lost: bool = False
    """Go on without the erasure journal, or with another one: what was erased since the backup comes back."""
    keyring: Path | None = None
    """A copy of the keyring, where the keyring itself was lost."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to."""

    manifest: Manifest
    replay: Replay


def restore(
    settings: Settings,
    folder: Path,
    choices: Choices = Choices(),
    *,
    clock: Clock | None = None,
    say: Say = lambda _line: None,
) -> Restored:
    """Put a backup back and erase again what had been erased. After a crash, the same call finishes it.

    Raises:
        SetupFault: the backup is damaged, the server runs, the installation is not empty, the database holds tables of
            somebody else's, or the journal is missing.
    """
    manifest = read_manifest(folder)
    if manifest.kind != "database":
        raise SetupFault(f"{folder} is a copy of the keyring. Name the backup of the database; give this by --keyring.")
    _require_same_kind(settings, manifest)
    if choices.keyring is not None:
        keyring_copies.refuse_unfit(settings, choices.keyring)
    lock = only_process(settings)
    try:
        _refuse_full(settings, choices)
        if not is_sqlite(settings.database.url):
            making_room.refuse_foreign(settings, settings.database.url, OF_THE_DATABASE)
        if choices.keyring is not None and not is_sqlite(settings.database.keyring_url):
            making_room.refuse_foreign(settings, settings.database.keyring_url, OF_THE_KEYRING)
        marker = settings.directories.data / RESTORE_MARKER
        _set_marker(marker)
        say("Putting the database back …")
        _put_back(settings, settings.database.url, folder, OF_THE_DATABASE)
        if choices.keyring is not None:
            say("Putting the keyring back …")
            _put_back(settings, settings.database.keyring_url, choices.keyring, OF_THE_KEYRING)
        done = _erase_again(settings, manifest, choices, clock, say)
        marker.unlink()
    finally:
        lock.close()
    return Restored(manifest, done)


def _require_same_kind(settings: Settings, manifest: Manifest) -> None:
    here = "sqlite" if is_sqlite(settings.database.url) else "postgresql"
    if here != manifest.database:
        raise SetupFault(f"The backup is of {manifest.database}, but database.url names {here}.")


def _refuse_full(settings: Settings, choices: Choices) -> None:
    """Refuse to write over visits, unless asked to or unless an earlier try was cut off."""
    if choices.replace or (settings.directories.data / RESTORE_MARKER).exists():
        return
    url = settings.database.url
    if is_sqlite(url) and not sqlite_path(url).exists():
        return
    engine = open_engine(url, settings.database)
    try:
        tables = set(sa.inspect(engine).get_table_names())
        with engine.connect() as connection:
            rows = [name for name in ("site", "visit") if name in tables and _has_rows(connection, name)]
    finally:
        engine.dispose()
    if rows:
        raise SetupFault(
            "This installation holds sites or visits, and a restore would write over them. "
            "Make a backup of it, then add --replace."
        )


def _has_rows(connection: sa.Connection, table: str) -> bool:
    return connection.scalar(sa.select(sa.literal(1)).select_from(sa.table(table)).limit(1)) is not None


def _set_marker(marker: Path) -> None:
    with marker.open("w") as file:
        file.write("restore\n")
        file.flush()
        os.fsync(file.fileno())


def _put_back(settings: Settings, url: str, folder: Path, own: frozenset[str]) -> None:
    manifest = read_manifest(folder)
    copied = folder / manifest.files[0].name
    if not is_sqlite(url):
        making_room.drop_own(settings, url, own)
        arguments = ["--no-owner", "--exit-on-error", "--single-transaction", str(copied)]
        run_postgres("pg_restore", make_url(url), arguments)
        return
    path = sqlite_path(url)
    _refuse_open(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".restored")
    shutil.copyfile(copied, fresh)
    fresh.chmod(0o600)
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    for ending in _SIDE_FILES:
        path.with_name(path.name + ending).unlink(missing_ok=True)
    fresh.replace(path)


def _refuse_open(path: Path) -> None:
    """Refuse while another process has the database open: leaving the log mode needs every lock."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.DatabaseError as fault:
            if "locked" in str(fault):
                raise SetupFault(f"{path} is in use. Stop the server and other commands first.") from None


def _erase_again(settings: Settings, manifest: Manifest, choices: Choices, clock: Clock | None, say: Say) -> Replay:
    engine = open_engine(settings.database.url, settings.database)
    try:
        if migrations.current(engine) != migrations.newest():
            say("Bringing the database to this version …")
            migrations.upgrade(engine)
    finally:
        engine.dispose()
    runtime = open_runtime(settings, clock=clock, check_tables=False)
    try:
        journal = replay.journal_of(runtime)
        expected = manifest.journal_mac
        if expected is not None and journal.mac_of(manifest.journal_lines - 1) != expected and not choices.journal_lost:
            raise SetupFault(
                f"The erasure journal {settings.directories.erasure_journal} is not the one of this installation, or "
                "lines are missing. Put it back: without it visitors who were erased come back. "
                "If it is lost for good, add --journal-lost and write down that you did."
            )
        say("Erasing again what was erased after the backup …")
        done = replay.replay_journal(runtime)
        scrubbing.scrub(runtime)
        truncate_log(runtime.engine)
    finally:
        runtime.close()
    return done

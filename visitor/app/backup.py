"""Backups of a running installation, with a manifest of hashes.

A backup holds the main database alone. The keyring goes elsewhere, into a folder with a short rotation of its own: a
backup without the keyring is unreadable for people's data, and what was erased stays erased. A backup names its place
in the erasure journal; `visitor.app.restore` replays the journal before it lets the server start.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.engine import URL, make_url

from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.errors import SetupFault
from visitor.core.work import Runtime
from visitor.ledger.operations import audit, checkpoint
from visitor.privacy.journal import sync_folder
from visitor.privacy.replay import journal_of

MANIFEST: Final = "manifest.json"
KEYRING_ROTATION: Final = timedelta(days=14)
"""Copies of the keyring older than this are deleted: a destroyed key must not live on in them."""
SQLITE_FILE: Final = "database.sqlite"
POSTGRES_FILE: Final = "database.dump"

Say = Callable[[str], None]


class BackedFile(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    size_bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["visitor-backup/1"] = "visitor-backup/1"
    kind: Literal["database", "keyring"]
    made_at: datetime
    product: str
    migration: str
    database: Literal["sqlite", "postgresql"]
    files: tuple[BackedFile, ...]
    journal_lines: int
    """So many lines had the erasure journal; it must have them still when this is put back."""
    journal_mac: str | None
    """Of the last of them: tells this installation's journal from another's."""
    checkpoints: tuple[str, ...]
    """Signed sizes and roots of both logs; kept elsewhere they show a log that was rolled back."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup wrote."""

    folder: Path
    keyring_folder: Path | None
    size_bytes: int
    dropped: int
    """Old copies of the keyring that were deleted."""


def backup(
    runtime: Runtime, target: Path, *, keyring_target: Path | None = None, say: Say = lambda _line: None
) -> Made:
    """Write a consistent copy while the installation runs; return where it is.

    Raises:
        SetupFault: the folder cannot be used, or a needed program is missing.
    """
    if keyring_target is not None and _inside(keyring_target, target):
        raise SetupFault("Keep the keyring's copies in another folder, best on another disk: together they open all.")
    with runtime.transaction(SYSTEM) as work:
        notes = tuple(checkpoint(work))
        audit(work, "backup.made", detail="with_keyring" if keyring_target else "database")
        now = work.now
    journal = journal_of(runtime)
    lines = journal.lines()
    # The place in the journal is taken before the copy: replaying a line too many does no harm.
    common = {"migration": migrations.newest(), "journal_lines": lines, "checkpoints": notes, "made_at": now}
    common |= {"journal_mac": journal.mac_of(lines - 1)}
    say("Copying the database …")
    folder = _copy(target, "visitor", runtime.settings.database.url, common | {"kind": "database"})
    keyring_folder, dropped = None, 0
    if keyring_target is not None:
        say("Copying the keyring …")
        keyring_url = runtime.settings.database.keyring_url
        keyring_folder = _copy(keyring_target, "keyring", keyring_url, common | {"kind": "keyring"})
        dropped = _rotate(keyring_target, now)
    size = sum(path.stat().st_size for path in folder.iterdir())
    return Made(folder, keyring_folder, size, dropped)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup whose files are as they were written.

    Raises:
        SetupFault: it is no backup, or a file is missing or was changed.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise SetupFault(f"{folder} is not a backup: {MANIFEST} is missing or damaged.") from None
    for file in manifest.files:
        copied = folder / file.name
        if not copied.is_file() or copied.stat().st_size != file.size_bytes or sha256(copied) != file.sha256:
            raise SetupFault(f"The backup is damaged: {copied} is not what was written. Take another backup.")
    return manifest


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sqlite_path(url: str) -> Path:
    """Return the file of a SQLite database."""
    return Path(make_url(url).database or "")


def is_sqlite(url: str) -> bool:
    """Tell whether the database is SQLite."""
    return make_url(url).get_backend_name() == "sqlite"


def _inside(one: Path, other: Path) -> bool:
    first, second = one.resolve(), other.resolve()
    return first == second or second in first.parents or first in second.parents


def _copy(target: Path, prefix: str, url: str, facts: dict[str, object]) -> Path:
    """Write one copy into a new folder of `target`; it gets its name when it is complete."""
    made_at = facts["made_at"]
    assert isinstance(made_at, datetime)
    folder = target / f"{prefix}-{made_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    work_folder = target / f".{folder.name}.part"
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(work_folder, ignore_errors=True)
        work_folder.mkdir(mode=0o700)
    except OSError as fault:
        raise SetupFault(f"The folder {target} cannot be written: {fault.strerror}.") from None
    copied = _copy_sqlite(url, work_folder) if is_sqlite(url) else dump_postgres(make_url(url), work_folder)
    file = BackedFile(name=copied.name, size_bytes=copied.stat().st_size, sha256=sha256(copied))
    database = "sqlite" if is_sqlite(url) else "postgresql"
    manifest = Manifest.model_validate(facts | {"product": version("visitor"), "database": database, "files": (file,)})
    _write(work_folder / MANIFEST, manifest.model_dump_json(indent=1).encode() + b"\n")
    work_folder.rename(folder)
    sync_folder(target)
    return folder


def _copy_sqlite(url: str, folder: Path) -> Path:
    """Copy by SQLite's own online backup, in one step: one state of the database, and no writer waits for it."""
    copied = folder / SQLITE_FILE
    os.close(os.open(copied, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(sqlite_path(url))) as source, closing(sqlite3.connect(copied)) as target:
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE")
        answer = target.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        raise SetupFault(f"The copy of the database is not sound ({answer}). Look at the disk, then try again.")
    _sync(copied)
    return copied


def dump_postgres(url: URL, folder: Path) -> Path:
    """Dump a PostgreSQL database with its own program.

    Raises:
        SetupFault: the program is missing or failed.
    """
    copied = folder / POSTGRES_FILE
    run_postgres("pg_dump", url, ["--format=custom", "--no-owner", f"--file={copied}"])
    copied.chmod(0o600)
    _sync(copied)
    return copied


def run_postgres(program: str, url: URL, arguments: list[str]) -> None:
    """Run one of PostgreSQL's programs on a database; the password goes by the environment, never by arguments.

    Raises:
        SetupFault: the program is missing or failed.
    """
    path = postgres_program(program)
    plain, password = _without_password(url)
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(  # noqa: S603  our own arguments; no shell
        [path, "--no-password", f"--dbname={plain}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SetupFault(f"{program} failed: {reason}")


def _without_password(url: URL) -> tuple[str, str | None]:
    """Return the address as libpq's programs take it, and the password, which may stand in its query too."""
    query = dict(url.query)
    password = url.password or query.pop("password", None)
    # `URL.set(password=None)` would leave it where it is.
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return plain.render_as_string(hide_password=False), str(password) if password else None


def postgres_program(program: str) -> str:
    """Return the path of one of PostgreSQL's programs, the newest one.

    Raises:
        SetupFault: it is not installed.
    """
    found = shutil.which(program)
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parts[-3]))
    if found is None and not newest:
        raise SetupFault(f"{program} is not installed here; install PostgreSQL's client programs and try again.")
    return found or str(newest[-1])


def postgres_version(program: str) -> int:
    """Return the major version of one of PostgreSQL's programs.

    Raises:
        SetupFault: it is not installed, or does not run.
    """
    path = postgres_program(program)
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  as above
    found = re.search(r"\) (\d+)", done.stdout)
    if done.returncode or found is None:
        raise SetupFault(f"{path} does not run. Install PostgreSQL's client programs again.")
    return int(found[1])


def _rotate(target: Path, now: datetime) -> int:
    """Delete copies of the keyring that are too old; return how many."""
    dropped = 0
    for folder in sorted(target.glob("keyring-*")):
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
            old = manifest["kind"] == "keyring" and datetime.fromisoformat(manifest["made_at"]) < now - KEYRING_ROTATION
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if old:
            shutil.rmtree(folder)
            dropped += 1
    return dropped


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())

"""Opening and closing what one process holds."""

from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from visitor.badges.token import BadgeSigner, BadgeVerifier
from visitor.core import databases, migrations
from visitor.core.clock import Clock, SystemClock
from visitor.core.db import open_engine, reading
from visitor.core.errors import SetupFault
from visitor.core.keyring import Keyring, is_new, load_master_key
from visitor.core.neighbours import neighbours
from visitor.core.replica import Replica
from visitor.core.settings import Settings
from visitor.core.work import Runtime
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerEntry
from visitor.ledger.signers import LedgerSigners
from visitor.privacy.journal import JournalKey

BADGE_KEY_ID = 1


@dataclass(slots=True)
class OpenRuntime(Runtime):
    """A runtime with its keyring open."""

    keyring_engine: Engine | None = None

    def close(self) -> None:
        """Wake waiting pages and close all connections."""
        self.changes.close()
        self.engine.dispose()
        if self.replica is not None:
            self.replica.close()
        if self.keyring_engine is not None:
            self.keyring_engine.dispose()


ONE_DATABASE = "The keyring needs a database of its own, so that backups of one lack the other. Look at keyring_url."
RESTORE_MARKER = "restore-unfinished"
"""File in the data directory: a backup was put back and the erasure journal has not been replayed to its end."""


def refuse_unfinished_restore(settings: Settings) -> None:
    """Refuse to run while a restore is unfinished: what was erased since the backup would be there again.

    Raises:
        SetupFault: says which command finishes it.
    """
    if (settings.directories.data / RESTORE_MARKER).exists():
        raise SetupFault(
            "A restore was begun and not finished: visitors who were erased since that backup may be in the database. "
            "Run the same `visitor restore` command again; it erases them and then lets the server start."
        )


def refuse_lost_keyring(engine: Engine, keyring_engine: Engine) -> None:
    """Refuse to begin a keyring beside a database that is in use: every record in it would become unreadable.

    Raises:
        SetupFault: says what to restore.
    """
    if not is_new(keyring_engine):
        return
    with reading(engine) as connection:
        used = connection.scalar(sa.select(LedgerEntry.id).limit(1)) is not None
    if used:
        raise SetupFault(
            "The keyring is empty, but the database is in use: its records cannot be read without their keys. "
            "Restore the keyring database from its own backup; nothing was changed."
        )


def open_runtime(settings: Settings, *, clock: Clock | None = None, check_tables: bool = True) -> OpenRuntime:
    """Open databases and keys, and refuse to run when something does not fit or does not answer.

    Raises:
        SetupFault: one sentence that says what is wrong and what to do.
    """
    try:
        return _opened(settings, clock or SystemClock(), check_tables=check_tables)
    except OperationalError as fault:
        raise SetupFault(f"The database does not answer: {str(fault.orig).splitlines()[0]}.") from None


def _opened(settings: Settings, clock: Clock, *, check_tables: bool) -> OpenRuntime:
    master_key = load_master_key(settings.keys)
    urls = (settings.database.url, settings.database.keyring_url)
    engine, keyring_engine = (open_engine(url, settings.database) for url in urls)
    try:
        if check_tables:
            refuse_unfinished_restore(settings)
            migrations.require_current(engine)
        if databases.same(engine, keyring_engine):
            raise SetupFault(ONE_DATABASE)
        if check_tables:
            refuse_lost_keyring(engine, keyring_engine)
        keyring = Keyring(keyring_engine, master_key)
    except BaseException:
        engine.dispose()
        keyring_engine.dispose()
        raise
    runtime = OpenRuntime(settings, engine, clock, keyring_engine=keyring_engine)
    runtime.changes.neighbours = neighbours(engine, runtime.changes)
    runtime.replica = _standby(settings, engine)
    _provide_keys(runtime, keyring)
    settings.directories.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.directories.erasure_journal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return runtime


def _standby(settings: Settings, engine: Engine) -> Replica | None:
    url = settings.database.replica_url
    if url is None:
        return None
    if url.startswith("sqlite") or engine.dialect.name == "sqlite":
        raise SetupFault("database.replica_url needs PostgreSQL for url and replica_url: SQLite has no standby.")
    return Replica(engine, url, settings.database)


def _provide_keys(runtime: Runtime, keyring: Keyring) -> None:
    """Hand out what rooms may hold: the locked room its keyring, the ledger and the badges their signing keys."""
    resources = runtime.resources
    resources.put(Keyring, keyring)
    seeds = {log: keyring.named(f"ledger/{log.label}") for log in Log}
    resources.put(LedgerSigners, LedgerSigners.from_seeds(seeds))
    resources.put(JournalKey, JournalKey(keyring.named("privacy/journal")))
    badge_key = Ed25519PrivateKey.from_private_bytes(keyring.named(f"badge/{BADGE_KEY_ID}"))
    resources.put(BadgeSigner, BadgeSigner(BADGE_KEY_ID, badge_key))
    resources.put(BadgeVerifier, BadgeVerifier({BADGE_KEY_ID: badge_key.public_key()}))

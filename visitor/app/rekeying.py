"""Another master key: every key of the keyring is wrapped anew in one transaction; records stay as they are.

The new key is on the disk before anything is wrapped with it. Killed before the commit, the old key still fits; killed
afterwards, the new one does; the same call finds out which, and finishes.
"""

import os
from pathlib import Path

import sqlalchemy as sa

from visitor.app.exclusive import only_process
from visitor.app.founding import write_private
from visitor.app.moving_ends import refuse_others
from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.db import open_engine
from visitor.core.errors import SetupFault
from visitor.core.keyring import Keyring, is_new, load_master_key, new_master_key
from visitor.core.settings import KeySettings, Settings
from visitor.ledger.operations import audit
from visitor.privacy.journal import sync_folder


def rotate(settings: Settings, target: Path) -> int | None:
    """Wrap every key under the master key in `target`, which is made if it is not there.

    Returns:
        How many keys were wrapped; None when an earlier call had done it already.

    Raises:
        SetupFault: servers run, the file cannot be used, or neither key fits the keyring.
    """
    lock = only_process(settings)
    try:
        fresh = load_master_key(_key_file(target))
        count = _rewrapped(settings, fresh)
        # Opening everything with the new key is the proof that it fits.
        runtime = open_runtime(settings.model_copy(update={"keys": _key_file(target)}))
        try:
            with runtime.transaction(SYSTEM) as work:
                audit(work, "keys.rotate", count=count)
        finally:
            runtime.close()
    finally:
        lock.close()
    return count


def _key_file(target: Path) -> KeySettings:
    if not target.exists():
        try:
            _write_whole(target)
        except OSError as fault:
            raise SetupFault(f"{target} cannot be written: {fault.strerror}. Nothing was changed.") from None
    return KeySettings(master_key_file=target)


def _write_whole(target: Path) -> None:
    """Write a new key under another name first: under its own there is never half a key."""
    partial = target.with_name(f"{target.name}.part")
    partial.unlink(missing_ok=True)
    write_private(partial, new_master_key() + "\n")
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(target)
    sync_folder(target.parent)


def _rewrapped(settings: Settings, fresh: bytes) -> int | None:
    engine = open_engine(settings.database.keyring_url, settings.database)
    try:
        with engine.connect() as connection:
            _refuse_others(connection)
        if is_new(engine):
            raise SetupFault("The keyring is empty: there is nothing to wrap. Restore it, or look at keyring_url.")
        if _fits(settings, fresh):
            keyring, count = Keyring(engine, fresh), None
        else:
            keyring = Keyring(engine, load_master_key(settings.keys))
            count = keyring.rewrap(fresh, alone=_refuse_others)
        # Keys under the old master key must not live on in gaps of the file.
        keyring.scrub_gaps()
    finally:
        engine.dispose()
    return count


def _refuse_others(connection: sa.Connection) -> None:
    """Refuse while servers or workers use this keyring; on SQLite the lock of the installation does it."""
    if connection.dialect.name == "postgresql":
        refuse_others(connection)


def _fits(settings: Settings, key: bytes) -> bool:
    engine = open_engine(settings.database.keyring_url, settings.database)
    try:
        Keyring(engine, key)
    except SetupFault:
        return False
    finally:
        engine.dispose()
    return True

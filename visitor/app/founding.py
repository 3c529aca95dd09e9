"""Founding an installation: its keys, databases and first administrator. Nothing here runs a second time."""

import os
from pathlib import Path

from visitor.accounts import operations, passwords
from visitor.accounts.forms import AccountForm
from visitor.app.runtime import open_runtime
from visitor.core import migrations
from visitor.core.actors import SYSTEM
from visitor.core.db import open_engine
from visitor.core.forms import parse
from visitor.core.keyring import new_master_key
from visitor.core.permissions import Role
from visitor.core.settings import load_settings


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner may read, from its first byte on.

    Raises:
        FileExistsError: nothing is ever overwritten.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def write_master_key(path: Path) -> None:
    """Make the master key; nothing else ever does."""
    write_private(path, new_master_key() + "\n")


def fill(config: Path, administrator: str) -> str:
    """Make databases, folders and the first administrator; return the one-time password."""
    settings = load_settings(config)
    password = passwords.one_time_password()
    hashed = passwords.hash_password(password)
    fields = {"sign_in_name": administrator, "display_name": administrator, "role": Role.ADMINISTRATOR}
    before = os.umask(0o077)  # SQLite makes its files with the process's mask
    try:
        engine = open_engine(settings.database.url, settings.database)
        migrations.upgrade(engine)
        engine.dispose()
        runtime = open_runtime(settings)
        with runtime.transaction(SYSTEM) as work:
            operations.add_account(work, parse(AccountForm, fields), password_hash=hashed)
        runtime.close()
    finally:
        os.umask(before)
    return password

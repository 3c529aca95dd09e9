"""Founding an installation: its keys, databases and first administrator. Nothing here runs a second time."""

import os
from pathlib import Path

import sqlalchemy as sa

from visitor.accounts import operations, passwords
from visitor.accounts.forms import AccountForm
from visitor.app.runtime import ONE_DATABASE, open_runtime
from visitor.core import databases, migrations
from visitor.core.actors import SYSTEM
from visitor.core.db import open_engine
from visitor.core.errors import SetupFault
from visitor.core.forms import parse
from visitor.core.keyring import new_master_key
from visitor.core.permissions import Role
from visitor.core.settings import DatabaseSettings, load_settings


def refuse_used(url: str, keyring_url: str) -> None:
    """Refuse databases that do not answer or hold something.

    Raises:
        SetupFault: says which and why; nothing was changed.
    """
    if url == keyring_url:
        raise SetupFault(ONE_DATABASE)
    for name in (url, keyring_url):
        _refuse_full(name, DatabaseSettings(url=url, keyring_url=keyring_url))
    _refuse_one(url, keyring_url)


def _refuse_full(url: str, settings: DatabaseSettings) -> None:
    engine = open_engine(url, settings)
    try:
        with engine.connect() as connection:
            databases.refuse_unfit(connection)
            tables = sa.inspect(connection).get_table_names()
    except sa.exc.OperationalError as fault:
        reason = str(fault.orig).splitlines()[0]
        raise SetupFault(
            f"The database {databases.shown(url)} does not answer: {reason}. Nothing was changed."
        ) from None
    finally:
        engine.dispose()
    if tables:
        raise SetupFault(
            f"The database {databases.shown(url)} holds tables already. Name an empty one; nothing was changed."
        )


def _refuse_one(url: str, keyring_url: str) -> None:
    """Refuse one database by two addresses."""
    settings = DatabaseSettings(url=url, keyring_url=keyring_url)
    engines = [open_engine(name, settings) for name in (url, keyring_url)]
    try:
        if databases.same(*engines):
            raise SetupFault(ONE_DATABASE)
    finally:
        for engine in engines:
            engine.dispose()


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

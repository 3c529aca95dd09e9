"""Bringing a database's tables to the state that this version of the product needs."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

import visitor
from visitor.core.db import reading
from visitor.core.errors import SetupFault


def carried(name: str) -> Path:
    """Return the path of something that stands beside the package in a checkout and inside it in a wheel.

    Args:
        name: `templates`, `migrations`, `kiosk` or `config.example.toml`.
    """
    package = Path(visitor.__file__).parent
    inside = package / "_carried" / name
    return inside if inside.exists() else package.parent / name


def migration_config(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration for the migrations of this version."""
    config = Config()
    config.set_main_option("script_location", str(carried("migrations")))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the number of the newest migration of this version."""
    head = ScriptDirectory.from_config(migration_config()).get_current_head()
    if head is None:
        raise SetupFault("This installation carries no migrations; install the package again.")
    return head


def current(engine: Engine) -> str | None:
    """Return the number of the last migration that the database has had; None for an empty database."""
    with reading(engine) as connection:
        return current_within(connection)


def current_within(connection: sa.Connection) -> str | None:
    """Return the same as `current`, in a transaction that is open."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, target: str = "head") -> None:
    """Bring the database forward; on SQLite and PostgreSQL alike all of it happens or nothing."""
    with engine.begin() as connection:
        upgrade_within(connection, target)


def upgrade_within(connection: sa.Connection, target: str = "head") -> None:
    """Bring the database forward in a transaction that is open."""
    command.upgrade(migration_config(connection), target)


def downgrade(engine: Engine, target: str) -> None:
    """Take the database back to an earlier migration."""
    with engine.begin() as connection:
        command.downgrade(migration_config(connection), target)


def require_current(engine: Engine) -> None:
    """Refuse to run on tables of another version.

    Raises:
        SetupFault: says which command mends it.
    """
    have, need = current(engine), newest()
    if have != need:
        raise SetupFault(
            f"The database is at migration {have or 'none'} and this version needs {need}. "
            "Make a backup, then run `visitor db upgrade`."
        )

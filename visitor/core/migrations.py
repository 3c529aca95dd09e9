"""Bringing a database's tables to the state that this version of the product needs."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Engine

import visitor
from visitor.core.db import reading
from visitor.core.errors import SetupFault

if TYPE_CHECKING:
    from alembic.config import Config

_VERSIONS = sa.table("alembic_version", sa.column("version_num", sa.String()))
"""Alembic's own table; one row, as the history has one line."""


def carried(name: str) -> Path:
    """Return the path of something that stands beside the package in a checkout and inside it in a wheel.

    Args:
        name: `templates`, `migrations`, `kiosk` or `config.example.toml`.
    """
    package = Path(visitor.__file__).parent
    inside = package / "_carried" / name
    return inside if inside.exists() else package.parent / name


def migration_config(connection: sa.Connection | None = None) -> "Config":
    """Return Alembic's configuration for the migrations of this version."""
    from alembic.config import Config  # noqa: PLC0415  heavy: a server that starts only looks at numbers

    config = Config()
    config.set_main_option("script_location", str(carried("migrations")))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the number of the newest migration of this version."""
    files = (carried("migrations") / "versions").glob("*.py")
    numbers = [match[1] for path in files if (match := re.match(r"(\d{4})_", path.name))]
    if not numbers:
        raise SetupFault("This installation carries no migrations; install the package again.")
    return max(numbers)


def current(engine: Engine) -> str | None:
    """Return the number of the last migration that the database has had; None for an empty database."""
    with reading(engine) as connection:
        return current_within(connection)


def current_within(connection: sa.Connection) -> str | None:
    """Return the same as `current`, in a transaction that is open."""
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return None
    return connection.scalar(sa.select(_VERSIONS.c.version_num))


def upgrade(engine: Engine, target: str = "head") -> None:
    """Bring the database forward; on SQLite and PostgreSQL alike all of it happens or nothing."""
    with engine.begin() as connection:
        upgrade_within(connection, target)


def upgrade_within(connection: sa.Connection, target: str = "head") -> None:
    """Bring the database forward in a transaction that is open."""
    from alembic import command  # noqa: PLC0415  heavy, as above

    command.upgrade(migration_config(connection), target)


def downgrade(engine: Engine, target: str) -> None:
    """Take the database back to an earlier migration."""
    from alembic import command  # noqa: PLC0415  heavy, as above

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

"""Bringing a database's tables to the state that this version of the product needs."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Engine

import visitor
from visitor.core import databases
from visitor.core.db import reading
from visitor.core.errors import SetupFault

if TYPE_CHECKING:
    from alembic.config import Config

_VERSIONS = sa.table("alembic_version", sa.column("version_num", sa.String()))
"""Alembic's own table; one row, as the history has one line."""
_ALONE = sa.text("SELECT pg_try_advisory_xact_lock(x'7461626c6573'::bigint)")
"""The lock's number is "tables" in ASCII."""


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
    return known()[-1]


def known() -> list[str]:
    """Return the numbers of the migrations of this version, the oldest first."""
    files = (carried("migrations") / "versions").glob("*.py")
    numbers = sorted(match[1] for path in files if (match := re.match(r"(\d{4})_", path.name)))
    if not numbers:
        raise SetupFault("This installation carries no migrations; install the package again.")
    return numbers


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
    """Bring the database forward; on SQLite and PostgreSQL alike all of it happens or nothing.

    Raises:
        SetupFault: as `upgrade_within` says.
    """
    with engine.begin() as connection:
        upgrade_within(connection, target)


def upgrade_within(connection: sa.Connection, target: str = "head") -> None:
    """Bring the database forward in a transaction that is open.

    Raises:
        SetupFault: the database cannot hold an installation, is newer than this version, or another program is at it.
    """
    from alembic import command  # noqa: PLC0415  heavy, as above

    databases.refuse_unfit(connection)
    _alone(connection)
    _refuse_newer(current_within(connection))
    command.upgrade(migration_config(connection), target)


def downgrade(engine: Engine, target: str) -> None:
    """Take the database back to an earlier migration.

    Raises:
        SetupFault: there is no such earlier migration, the database is newer than this version, or another program is
            at it.
    """
    from alembic import command  # noqa: PLC0415  heavy, as above

    with engine.begin() as connection:
        _alone(connection)
        have = current_within(connection)
        _refuse_newer(have)
        earlier = [number for number in ("base", *known()) if number == "base" or (have and number <= have)]
        if target not in earlier:
            raise SetupFault(
                f"The database is at migration {have or 'none'} and can go back to {', '.join(earlier)}; "
                f"{target} is none of them. Nothing was changed."
            )
        command.downgrade(migration_config(connection), target)


def _alone(connection: sa.Connection) -> None:
    """Refuse while another program changes the tables; SQLite's write lock does this by itself."""
    if connection.dialect.name == "postgresql" and not connection.scalar(_ALONE):
        raise SetupFault(
            "Another program is changing this database's tables just now. Wait for it; then `visitor db status` tells "
            "whether anything is left to do. Nothing was changed."
        )


def _refuse_newer(have: str | None) -> None:
    if have is not None and have not in known():
        raise SetupFault(
            f"The database is at migration {have}, and this version knows none after {newest()}: a newer version was "
            f"here. Start that one again, or go back with it: `visitor db downgrade {newest()}`. Nothing was changed."
        )


def require_current(engine: Engine) -> None:
    """Refuse to run on tables of another version.

    Raises:
        SetupFault: says which command mends it.
    """
    have, need = current(engine), newest()
    _refuse_newer(have)
    if have != need:
        raise SetupFault(
            f"The database is at migration {have or 'none'} and this version needs {need}. "
            "Make a backup, then run `visitor db upgrade`."
        )

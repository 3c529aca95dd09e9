"""Which database an address leads to, and whether it can hold an installation."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from visitor.core.errors import SetupFault

_HOLDS = sa.text(
    "SELECT current_database(), current_setting('server_encoding'), current_user,"
    " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
)
_IDENTITY = sa.text(
    "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())"
    " FROM pg_control_system()"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """One database of one PostgreSQL cluster, by whichever address; its standbys have the same."""

    cluster: int
    database: int


def shown(url: str) -> str:
    """Return a database's address without its password, which may stand in the query too."""
    parsed = make_url(url)
    return parsed.difference_update_query(["password"]).render_as_string(hide_password=True)


def identity(connection: sa.Connection) -> Identity:
    """Tell which database of PostgreSQL this is."""
    cluster, database = connection.execute(_IDENTITY).one()
    return Identity(int(cluster), int(database))


def same(one: Engine, other: Engine) -> bool:
    """Tell whether two engines lead to one database, by whichever addresses."""
    if "sqlite" in (one.dialect.name, other.dialect.name):
        return one.url == other.url
    with one.connect() as first, other.connect() as second:
        return identity(first) == identity(second)


def refuse_unfit(connection: sa.Connection) -> None:
    """Refuse a database of PostgreSQL that cannot hold every script, or in which no tables may be made.

    Raises:
        SetupFault: says which statement of an administrator mends it.
    """
    if connection.dialect.name != "postgresql":
        return
    name, encoding, role, may_create = connection.execute(_HOLDS).one()
    if encoding != "UTF8":
        raise SetupFault(
            f"The database {name} has the encoding {encoding}, which cannot hold names in every script. Make another: "
            f"CREATE DATABASE {name} OWNER {role} ENCODING 'UTF8' TEMPLATE template0. Nothing was changed."
        )
    if not may_create:
        raise SetupFault(
            f"{role} may make no tables in the database {name}. As its administrator: "
            f"ALTER DATABASE {name} OWNER TO {role}. Nothing was changed."
        )

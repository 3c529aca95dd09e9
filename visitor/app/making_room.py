"""Making room in PostgreSQL for a dump that is put back: the product's own tables go, nobody else's are touched."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from visitor.app import rooms  # noqa: F401  every room's tables
from visitor.core.db import Model, open_engine
from visitor.core.errors import SetupFault
from visitor.core.keyring import metadata as keyring_metadata
from visitor.core.settings import Settings

OF_THE_DATABASE: Final = frozenset({*Model.metadata.tables, "alembic_version"})
OF_THE_KEYRING: Final = frozenset(keyring_metadata.tables)
_WITH_PARTITIONS: Final = sa.text("""
    WITH RECURSIVE own AS (
        SELECT oid, relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:names)
        UNION
        SELECT part.oid, part.relname FROM own
        JOIN pg_inherits ON inhparent = own.oid JOIN pg_class part ON part.oid = inhrelid
    )
    SELECT relname FROM own
""")


def refuse_foreign(settings: Settings, url: str, own: Collection[str]) -> None:
    """Refuse while the database holds tables that are not the product's.

    Dropping them would take away what no backup of ours can bring back; leaving them would stop the dump half way, if
    they came from a newer version of the product.

    Raises:
        SetupFault: names the tables and how to go on.
    """
    with _opened(settings, url) as connection:
        known = set(connection.scalars(_WITH_PARTITIONS, {"names": sorted(own)}))
        foreign = sorted(set(sa.inspect(connection).get_table_names()) - known)
        names = _quoted(connection, foreign)
    if foreign:
        raise SetupFault(
            f"The database holds tables that this version does not know: {names}. They may be another program's, or a "
            "newer version's. Move them elsewhere or drop them yourself, or restore into a database of its own; "
            "nothing was changed."
        )


def drop_own(settings: Settings, url: str, own: Collection[str]) -> None:
    """Drop the product's tables with their partitions.

    `pg_restore --clean` stops at the keys of partitions, which cannot be dropped by themselves.

    Raises:
        SetupFault: something of somebody else's depends on them.
    """
    try:
        with _opened(settings, url) as connection:
            names = _quoted(connection, sorted(connection.scalars(_WITH_PARTITIONS, {"names": sorted(own)})))
            if names:
                connection.execute(sa.text(f"DROP TABLE {names}"))
    except sa.exc.DBAPIError as fault:
        raise SetupFault(f"The tables that were there cannot be dropped: {fault.orig}") from None


def _quoted(connection: sa.Connection, names: Collection[str]) -> str:
    quote = connection.dialect.identifier_preparer.quote
    return ", ".join(quote(name) for name in names)


@contextmanager
def _opened(settings: Settings, url: str) -> Iterator[sa.Connection]:
    engine = open_engine(url, settings.database)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()

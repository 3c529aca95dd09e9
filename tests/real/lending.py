"""Databases on PostgreSQL that tests borrow: made by copying a migrated one, emptied and lent again.

Emptying takes a few milliseconds, where making and dropping one takes a hundred times as long and a thousand kept
databases take gigabytes.
"""

import uuid
from dataclasses import dataclass, field

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests import samples
from tests.real.postgres import PostgresCluster

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
LARGE_BYTES = 40_000_000


@dataclass(slots=True)
class Lender:
    """Keeps the databases that are not in use."""

    cluster: PostgresCluster
    template: str
    free: list[str] = field(default_factory=list)

    def lend(self) -> str:
        """Return the URL of an empty, migrated database; its keyring is the database beside it."""
        if self.free:
            return self.free.pop()
        name = f"t{uuid.uuid4().hex}"
        self.cluster.create_database(samples.keyring_name(name))
        return self.cluster.create_database(name, template=self.template)

    def take_back(self, url: str) -> None:
        """Empty the database and its keyring for the next test; drop both when that is not possible."""
        both = (url, samples.keyring_beside(url))
        if all(_emptied(self.cluster, one) for one in both):
            self.free.append(url)
            return
        for one in both:
            self.cluster.drop_database(make_url(one).database or "")


def _emptied(cluster: PostgresCluster, url: str) -> bool:
    """Delete all rows; False when something still holds a lock there or the database has grown large."""
    conninfo = f"host={cluster.socket_folder} user=postgres dbname={make_url(url).database}"
    try:
        with psycopg.connect(conninfo, options="-c lock_timeout=500 -c session_replication_role=replica") as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            if row is None or row[0] > LARGE_BYTES:
                return False
            names = [name for (name,) in connection.execute(TABLES)]
            for name in names:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    except psycopg.Error:
        return False
    return True

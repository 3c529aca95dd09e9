"""Alembic's entry: migrations run on the connection they are handed, one history for SQLite and PostgreSQL."""

from alembic import context
from sqlalchemy import Connection, MetaData


def run(connection: Connection, metadata: MetaData | None) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"], context.config.attributes.get("metadata"))

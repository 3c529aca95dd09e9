"""Entries of the ledger that wait for their number have an index of their own, and numbered ones theirs.

An entry stands in one of the two at a time, so that appending costs what it did. Imports no models: what tables were
then must not change with what they are now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBERED, WAITING = sa.text("seq IS NOT NULL"), sa.text("seq IS NULL")


def upgrade() -> None:
    """Cut the index in two."""
    op.drop_index("ix_ledger_entry_seq", table_name="ledger_entry")
    for name, columns, where in (
        ("ix_ledger_entry_seq", ["log", "seq"], NUMBERED),
        ("ix_ledger_entry_waiting", ["log", "id"], WAITING),
    ):
        op.create_index(name, "ledger_entry", columns, unique=False, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Keep both kinds in one index again."""
    op.drop_index("ix_ledger_entry_waiting", table_name="ledger_entry")
    op.drop_index("ix_ledger_entry_seq", table_name="ledger_entry")
    op.create_index("ix_ledger_entry_seq", "ledger_entry", ["log", "seq"], unique=False)

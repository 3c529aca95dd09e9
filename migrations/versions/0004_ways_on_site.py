"""What a site says at the kiosk about its ways, in each language.

Imports no models: what tables were then must not change with what they are now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the texts; sites that are there have none yet."""
    op.add_column("site", sa.Column("guidance", sa.JSON(none_as_null=True), server_default="{}", nullable=False))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("site") as table:
        table.drop_column("guidance")

"""The logo and the accent colour of a site.

Imports no models: what tables were then must not change with what they are now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    """Add both; sites that are there look as they did."""
    op.add_column("site", sa.Column("accent", sa.Text(), nullable=True))
    op.add_column("site", sa.Column("logo_hash", sa.Text(), nullable=True))
    op.create_table(
        "site_logo",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_site_logo_site_id"),
        sa.PrimaryKeyConstraint("site_id", name="pk_site_logo"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("site_logo")
    with op.batch_alter_table("site") as table:
        table.drop_column("logo_hash")
        table.drop_column("accent")

"""Invitations and codes of returning visitors, and what a refused sign-in leaves at the desk.

Imports no models: what tables were then must not change with what they are now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables, and widen the calls for help."""
    op.create_table(
        "invitation",
        sa.Column("visit_id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_invitation_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitation_code_hash")),
    )
    op.create_table(
        "remembrance",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("visit_type_id", ID, nullable=False),
        sa.Column("host_id", ID, nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("notice_version_id", ID, nullable=True),
        sa.Column("agreed_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_remembrance_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_remembrance")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_remembrance_code_hash")),
    )
    op.add_column("help_request", sa.Column("client_id", ID, nullable=True))
    op.add_column("help_request", sa.Column("happened_at", INSTANT, nullable=True))
    op.add_column("help_request", sa.Column("record_id", ID, nullable=True))


def downgrade() -> None:
    """Take it all away again."""
    with op.batch_alter_table("help_request") as table:
        for name in ("record_id", "happened_at", "client_id"):
            table.drop_column(name)
    op.drop_table("remembrance")
    op.drop_table("invitation")

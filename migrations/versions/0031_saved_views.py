"""The views of lists that members keep."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name="saved_view_membership_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="saved_view_pkey"),
        sa.UniqueConstraint(
            "membership_id", "list_name", "name", name="saved_view_membership_id_list_name_name_key"
        ),
    )

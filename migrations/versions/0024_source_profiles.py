"""The profile of a source: what it delivers, whose it is, and by when its files should be there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"

#: Until now only files of money came under a folder or a name of their own.
ROLES = "UPDATE source SET role = 'money' WHERE COALESCE(inbox, file_pattern) IS NOT NULL"


def upgrade() -> None:
    for column in (
        sa.Column("role", sa.Text(), server_default="payments", nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("expected_at", sa.Time(), nullable=True),
        sa.Column("expected_days", sa.Text(), nullable=True),
        sa.Column("settings", postgresql.JSONB(), server_default="{}", nullable=False),
    ):
        op.add_column("source", column)
    op.execute(ROLES)
    op.create_check_constraint(op.f("source_role_check"), "source", "role IN ('payments', 'money')")
    op.create_check_constraint(
        op.f("source_expected_days_check"),
        "source",
        "expected_days IN ('daily', 'working', 'weekly', 'none')",
    )

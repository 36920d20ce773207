"""What somebody of a maintainer's staff has to look at, as long as it lasts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"

KINDS = "'file_refused', 'files_left', 'night_missing', 'mail_stuck', 'disk_full', 'worker_silent'"


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("reseller_id", "kind", "subject", name="alert_pkey"),
        sa.ForeignKeyConstraint(["reseller_id"], ["reseller.id"], name="alert_reseller_id_fkey"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("alert_kind_check")),
    )

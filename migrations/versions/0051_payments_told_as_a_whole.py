"""Payments that an acquirer tells as a whole, and the platform's reference to find a payment by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    column = sa.Column("batch", sa.Text(collation="C"), server_default="", nullable=False)
    op.add_column("remote_payment", column)
    op.create_index(
        "remote_payment_batch_idx",
        "remote_payment",
        ["merchant_id", "batch"],
        postgresql_where=sa.text("batch <> ''"),
    )
    op.create_index(
        "remote_payment_reference_idx",
        "remote_payment",
        ["merchant_id", "platform_reference"],
        postgresql_where=sa.text("platform_reference IS NOT NULL"),
    )

"""Payments that no terminal delivers: what their platform alone knows, and remittances without totals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

SEALS = "'complete', 'awaiting_payments', 'awaiting_totals', 'differs', 'no_totals'"


def upgrade() -> None:
    op.drop_constraint(op.f("remittance_seal_check"), "remittance")
    op.create_check_constraint(op.f("remittance_seal_check"), "remittance", f"seal IN ({SEALS})")
    op.create_table(
        "remote_payment",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("captured_on", sa.Date(), nullable=True),
        sa.Column("captured_time", sa.Time(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("three_ds", "card_country", "platform_reference")
        ),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("schedule_rank", "schedule_count")),
        sa.Column("import_file_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "transaction_id", "occurred_on", name="remote_payment_pkey"),
    )
    op.create_index(
        "remote_payment_number_idx", "remote_payment", ["merchant_id", "contract_id", "sold_on", "number"]
    )

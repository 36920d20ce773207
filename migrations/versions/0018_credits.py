"""What became of each remittance at the bank, and by which lines of its statements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

STATES = "'unknown', 'not_expected', 'expected', 'credited', 'differs', 'late'"
DAY_KEY = ["merchant_id", "contract_id", "day", "currency", "status"]
DAY_KEY += ["is_empty", "remitted", "awaiting_totals"]


def upgrade() -> None:
    for column in (
        sa.Column("credit", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("expected_by", sa.Date(), nullable=True),
        sa.Column("credited_on", sa.Date(), nullable=True),
        sa.Column("credit_gap", sa.BigInteger(), nullable=True),
    ):
        op.add_column("remittance", column)
    op.create_check_constraint(op.f("remittance_credit_check"), "remittance", f"credit IN ({STATES})")
    op.create_index(
        "remittance_credit_idx",
        "remittance",
        ["merchant_id", "credit", "collected_at", "id"],
        postgresql_where=sa.text("credit IN ('expected', 'differs', 'late')"),
    )
    op.add_column("remittance_day", sa.Column("credit", sa.Text(), server_default="unknown", nullable=False))
    op.drop_constraint("remittance_day_pkey", "remittance_day")
    op.create_primary_key("remittance_day_pkey", "remittance_day", [*DAY_KEY, "credit"])
    _links()


def _links() -> None:
    op.create_table(
        "credit_link",
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("merchant_id", "bank_movement_id", "remittance_id")
        ),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "merchant_id", "bank_movement_id", "remittance_id", "part", name="credit_link_pkey"
        ),
        sa.CheckConstraint("certainty IN ('certain', 'proposed')", name=op.f("credit_link_certainty_check")),
    )
    op.create_index("credit_link_remittance_idx", "credit_link", ["merchant_id", "remittance_id"])

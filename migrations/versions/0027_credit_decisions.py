"""What people decide of proposed credits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

KEY = ("merchant_id", "bank_movement_id", "remittance_id")


def upgrade() -> None:
    op.create_table(
        "credit_decision",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in KEY),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, "part", name="credit_decision_pkey"),
        sa.CheckConstraint(
            "verdict IN ('confirmed', 'rejected')", name=op.f("credit_decision_verdict_check")
        ),
    )
    _allow("credit_link", "certainty", "'certain', 'proposed', 'confirmed'")
    _allow("desk_task", "kind", "'attach', 'declare', 'retry', 'replace', 'decide'")


def _allow(table: str, column: str, values: str) -> None:
    """Let a column hold more than it did."""
    name = op.f(f"{table}_{column}_check")
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({values})")

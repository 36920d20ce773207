"""Remittances of which an acquirer tells the sum alone: their payments are not communicated."""

from __future__ import annotations

from alembic import op

revision = "0054"
down_revision = "0053"

SEALS = "'complete', 'awaiting_payments', 'awaiting_totals', 'differs', 'no_totals', 'no_payments'"


def upgrade() -> None:
    op.drop_constraint(op.f("remittance_seal_check"), "remittance")
    op.create_check_constraint(op.f("remittance_seal_check"), "remittance", f"seal IN ({SEALS})")

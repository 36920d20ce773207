"""The sums of some days by contract are read from an index alone: a chain's month by shop, by application."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"

#: What sums need of each day besides its contract.
INCLUDED = {
    "transaction_day": ["currency", "type", "outcome", "remitted", "count", "amount"],
    "remittance_day": [
        *("currency", "status", "is_empty", "remitted", "awaiting_totals", "credit"),
        *("count", "debit", "refund", "cancelled", "refund_cancelled", "declined"),
    ],
}


def upgrade() -> None:
    for table, included in INCLUDED.items():
        keys = ["merchant_id", "day", "contract_id"]
        op.create_index(f"{table}_day_idx", table, keys, postgresql_include=included)

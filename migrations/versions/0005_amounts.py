"""Sums of what has one amount, read from the index alone."""

from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = ["merchant_id", "amount", "occurred_at", "id"]
#: What totals need of each payment besides.
ALSO = ["occurred_on", "currency", "type", "outcome"]


def upgrade() -> None:
    op.drop_index("transaction_amount_idx", "transaction")
    op.create_index("transaction_amount_idx", "transaction", COLUMNS, postgresql_include=ALSO)

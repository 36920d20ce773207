"""What has one amount is summed from the index alone; an outlet's remittances are found by its SIRET."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

AMOUNT = ["merchant_id", "amount", "occurred_at", "id"]
#: What totals need of each payment besides.
ALSO = ["occurred_on", "currency", "type", "outcome"]
SIRET = ["merchant_id", sa.text("ltrim(siret, '0')"), "collected_at"]


def upgrade() -> None:
    op.drop_index("transaction_amount_idx", "transaction")
    op.create_index("transaction_amount_idx", "transaction", AMOUNT, postgresql_include=ALSO)
    op.create_index("remittance_siret_idx", "remittance", SIRET)

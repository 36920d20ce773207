"""A delivery names the list and the row that its ticket is of, whichever lists there are."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("list_name", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("row_id", sa.BigInteger(), nullable=True))
    op.execute("""
        UPDATE delivery SET row_id = coalesce(transaction_id, remittance_id),
            list_name = CASE WHEN transaction_id IS NULL THEN 'remittances' ELSE 'transactions' END
        WHERE transaction_id IS NOT NULL OR remittance_id IS NOT NULL
    """)
    op.drop_column("delivery", "transaction_id")
    op.drop_column("delivery", "remittance_id")
    op.create_index("delivery_row_idx", "delivery", ["merchant_id", "list_name", "row_id"])

"""A contract without a declared currency has that of its rows."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute(
        """
        UPDATE contract c SET currency = (
          SELECT r.currency FROM remittance r
          WHERE r.merchant_id = c.merchant_id AND r.contract_id = c.id LIMIT 1
        ) WHERE c.currency IS NULL
        """
    )

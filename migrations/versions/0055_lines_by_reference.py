"""Lines of settlements are found by the references that they and payments bear."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"

INDEXES = (
    ("order", "merchant_reference", "contract_number = '' AND merchant_reference <> ''"),
    ("reference", "reference", "contract_number = '' AND reference <> ''"),
    ("open", "occurred_on", "contract_number = '' AND transaction_id IS NULL"),
    ("numbered", "occurred_on", "contract_number <> ''"),
    ("sold", "transaction_on", "transaction_id IS NOT NULL"),
)


def upgrade() -> None:
    for name, column, condition in INDEXES:
        op.create_index(
            f"settlement_line_{name}_idx",
            "settlement_line",
            ["merchant_id", column],
            postgresql_where=sa.text(condition),
        )

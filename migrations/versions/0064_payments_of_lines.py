"""An index of payments by the line of a bank that they came by, which the list of lines asks for each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.create_index(
        "settlement_movement_idx",
        "settlement",
        ["merchant_id", "bank_movement_id"],
        postgresql_where=sa.text("bank_movement_id IS NOT NULL"),
    )

"""A contract has one source of payments: what a second one brings stands aside, in a contract of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

KEY = ["merchant_id", "reseller_id", "number", "rank", "application"]


def upgrade() -> None:
    op.add_column(
        "contract", sa.Column("aside_source_id", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("contract", sa.Column("delivered_from", sa.Date(), nullable=True))
    op.add_column("contract", sa.Column("former_source_id", sa.BigInteger(), nullable=True))
    op.drop_constraint("contract_natural_key", "contract")
    op.create_unique_constraint("contract_natural_key", "contract", [*KEY, "aside_source_id"])

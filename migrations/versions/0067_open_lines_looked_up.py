"""Indexes of what is open of a bank's lines: those that name a contract, and links that are proposals.

Above each list of whoever may see the bank both are counted. Every line was compared with every late
remittance of its days, and every line was asked for a proposal.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.create_index(
        "bank_movement_contract_idx", "bank_movement", ["merchant_id", "contract_number", "booked_on"]
    )
    op.create_index(
        "credit_link_proposed_idx",
        "credit_link",
        ["merchant_id", "bank_movement_id"],
        postgresql_where=sa.text("certainty = 'proposed'"),
    )

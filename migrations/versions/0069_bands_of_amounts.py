"""The sums of the payments of large merchants by bands of their amounts, for each day.

Empty at first: the next file of such a merchant brings those of all their days. Until then their payments
themselves are added up, as they were.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    op.create_table(
        "transaction_band",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("reseller_id", "count", "amount")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("currency", "type", "outcome")),
        sa.PrimaryKeyConstraint(
            *("merchant_id", "day", "band", "currency", "type", "outcome"), name="transaction_band_pkey"
        ),
    )

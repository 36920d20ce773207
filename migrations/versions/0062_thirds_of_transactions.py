"""The sums of transactions of the thirds of months for each contract, beside those of remittances.

Loaders wait until those of the days that are there are added up: a few seconds for a million rows. Readers do
not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"

KEYS = "merchant_id, third, contract_id, reseller_id, currency, type, outcome, remitted"
_NUMBER = "(extract(day FROM day)::int - 1)"
_ADD_UP = f"""
INSERT INTO transaction_third ({KEYS}, count, amount)
SELECT {KEYS}, sum(count), sum(amount)
FROM (SELECT *, day - {_NUMBER} + 10 * least({_NUMBER} / 10, 2) AS third FROM transaction_day) AS d
WHERE contract_id <> 0 GROUP BY {KEYS} ORDER BY merchant_id, third, contract_id
"""


def upgrade() -> None:
    op.execute("LOCK TABLE transaction_day IN SHARE MODE")
    op.create_table(
        "transaction_third",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("third", sa.Date(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("remitted", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("count", "amount")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("currency", "type", "outcome")),
        sa.PrimaryKeyConstraint(
            *("merchant_id", "third", "contract_id"),
            *("currency", "type", "outcome", "remitted"),
            name="transaction_third_pkey",
        ),
    )
    op.execute(_ADD_UP)
    keys = ["merchant_id", "contract_id", "third"]
    op.create_index("transaction_third_contract_idx", "transaction_third", keys)
    op.execute("ANALYZE transaction_third")

"""The days of a month on which a terminal called as bits of numbers, so that a rhythm is read from few rows.

Loaders wait until those of the days that are there are gathered: seconds for a million rows. Readers do not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"

_BIT = "1 << (31 - extract(day FROM day)::int)"
KEPT = {
    "called": "true",
    "first_at_night": "first_called::time < '04:00'",
    "last_at_night": "last_called::time < '04:00'",
    "last_from_noon": "last_called::time >= '12:00'",
    "last_in_evening": "last_called::time >= '20:00'",
}
_GATHER = f"""
INSERT INTO terminal_month (merchant_id, contract_id, terminal_number, month, reseller_id, {", ".join(KEPT)})
SELECT merchant_id, contract_id, terminal_number, day - extract(day FROM day)::int + 1 AS month, reseller_id,
  {", ".join(f"bit_or(CASE WHEN {is_one} THEN {_BIT} ELSE 0 END)" for is_one in KEPT.values())}
FROM terminal_day GROUP BY merchant_id, contract_id, terminal_number, month, reseller_id
ORDER BY merchant_id, contract_id, terminal_number, month
"""


def upgrade() -> None:
    op.execute("LOCK TABLE terminal_day IN SHARE MODE")
    keys = ("merchant_id", "contract_id", "terminal_number", "month")
    op.create_table(
        "terminal_month",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in keys[:2]),
        sa.Column("terminal_number", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in KEPT),
        sa.PrimaryKeyConstraint(*keys, name="terminal_month_pkey"),
    )
    op.execute(_GATHER)

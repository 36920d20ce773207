"""The net whose credit somebody has to confirm in the daily sums, so that a month's is read from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"

#: What tells the sums of a day apart, besides their merchant and contract.
KEYS = "day, currency, status, is_empty, remitted, awaiting_totals, credit"
_SAME = " AND ".join(f"d.{key} = s.{key}" for key in KEYS.split(", "))
#: Those of every contract, and those over all of a merchant's (contract 0).
_TO_CONFIRM = f"""
UPDATE remittance_day d SET to_confirm = s.to_confirm
FROM (
  SELECT merchant_id, COALESCE(contract_id, 0) AS contract_id, {KEYS}, sum(net_amount) AS to_confirm
  FROM (
    SELECT merchant_id, contract_id, collected_on AS day, currency, status, transaction_count = 0 AS is_empty,
      (has_totals OR seal = 'no_totals') AND status = 'correct' AND transmission IS DISTINCT FROM 'failed'
        AS remitted,
      NOT has_totals AND seal <> 'no_totals' AS awaiting_totals, credit, net_amount
    FROM remittance WHERE credit_proposed AND merchant_id <> 0
  ) AS r
  GROUP BY GROUPING SETS ((merchant_id, contract_id, {KEYS}), (merchant_id, {KEYS}))
) AS s
WHERE d.merchant_id = s.merchant_id AND d.contract_id = s.contract_id AND {_SAME}
"""
_INDEX = "remittance_day_day_idx"
_INCLUDED = [
    *("currency", "status", "is_empty", "remitted", "awaiting_totals", "credit"),
    *("count", "debit", "refund", "cancelled", "refund_cancelled", "declined", "fee", "gap", "to_confirm"),
]


def upgrade() -> None:
    column = sa.Column("to_confirm", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("remittance_day", column)
    op.execute(_TO_CONFIRM)
    op.drop_index(_INDEX, "remittance_day")
    keys = ["merchant_id", "day", "contract_id"]
    op.create_index(_INDEX, "remittance_day", keys, postgresql_include=_INCLUDED)

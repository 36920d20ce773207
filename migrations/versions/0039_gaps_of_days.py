"""The gaps of credits in the daily sums, so that what the bank credited of a month is read from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

#: What tells the sums of a day apart, besides their merchant and contract.
KEYS = "day, currency, status, is_empty, remitted, awaiting_totals, credit"
_SAME = " AND ".join(f"d.{key} = s.{key}" for key in KEYS.split(", "))
#: Those of every contract, and those over all of a merchant's (contract 0).
_GAPS = f"""
UPDATE remittance_day d SET gap = s.gap
FROM (
  SELECT merchant_id, COALESCE(contract_id, 0) AS contract_id, {KEYS}, sum(credit_gap) AS gap
  FROM (
    SELECT merchant_id, contract_id, collected_on AS day, currency, status, transaction_count = 0 AS is_empty,
      has_totals AND status = 'correct' AND transmission IS DISTINCT FROM 'failed' AS remitted,
      NOT has_totals AS awaiting_totals, credit, credit_gap
    FROM remittance WHERE credit = 'differs' AND credit_gap <> 0 AND merchant_id <> 0
  ) AS r
  GROUP BY GROUPING SETS ((merchant_id, contract_id, {KEYS}), (merchant_id, {KEYS}))
) AS s
WHERE d.merchant_id = s.merchant_id AND d.contract_id = s.contract_id AND {_SAME}
"""
_INDEX = "remittance_day_day_idx"
_INCLUDED = [
    *("currency", "status", "is_empty", "remitted", "awaiting_totals", "credit"),
    *("count", "debit", "refund", "cancelled", "refund_cancelled", "declined", "fee", "gap"),
]


def upgrade() -> None:
    op.add_column("remittance_day", sa.Column("gap", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(_GAPS)
    op.drop_index(_INDEX, "remittance_day")
    keys = ["merchant_id", "day", "contract_id"]
    op.create_index(_INDEX, "remittance_day", keys, postgresql_include=_INCLUDED)

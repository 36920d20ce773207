"""Completeness of remittances whose halves arrive apart: do the payments add up to the totals?"""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.models import Completeness
from app.rules import payments

_SUMS = ",\n  ".join(
    f"count(*) FILTER (WHERE {total.sql()}) AS {total.count},"
    f" COALESCE(sum(amount) FILTER (WHERE {total.sql()}), 0) AS {total.amount}"
    for total in payments.TOTALS
)
# A terminal numbers its payments; those of a platform bear texts.
_SEQUENCE = "CASE WHEN sequence_number ~ '^[0-9]{1,9}$' THEN sequence_number::int END"
# A numbering that starts again at 1 leaves one long stretch unused: that is no gap.
_GATHER = f"""
CREATE TEMP TABLE received ON COMMIT DROP AS
WITH arrived AS (
  SELECT m.merchant_id, m.id AS remittance_id, t.id, t.type, t.outcome, t.amount,
    t.sequence - lag(t.sequence) OVER numbering - 1 AS step
  FROM merged_remittance m JOIN (SELECT *, {_SEQUENCE} AS sequence FROM transaction) AS t
    ON t.merchant_id = m.merchant_id AND t.remittance_id = m.id
  WINDOW numbering AS (PARTITION BY m.merchant_id, m.id ORDER BY t.sequence)
)
SELECT *, {payments.net_sql()} AS net
FROM (SELECT m.merchant_id, m.id, m.collected_on, count(t.id) AS transaction_count,
  COALESCE(sum(t.step) FILTER (WHERE t.step BETWEEN 1 AND 899999), 0) AS missing_sequences,
  {_SUMS}
FROM merged_remittance m LEFT JOIN arrived t ON t.merchant_id = m.merchant_id AND t.remittance_id = m.id
GROUP BY m.merchant_id, m.id, m.collected_on) AS sums
"""
_PAIRS = (*payments.COUNTS, *payments.AMOUNTS)
_SAME_ROW = "r.merchant_id = g.merchant_id AND r.id = g.id AND r.collected_on = g.collected_on"
_ADD_UP = f"""
UPDATE remittance r SET {", ".join(f"{name} = g.{name}" for name in (*_PAIRS, "transaction_count"))},
  net_amount = g.net
FROM received g WHERE {_SAME_ROW} AND NOT r.has_totals
"""
_COMPARE = f"""
UPDATE remittance r SET received_count = g.transaction_count,
  missing_sequences = CASE WHEN r.seal = '{Completeness.NO_TOTALS}' THEN 0 ELSE g.missing_sequences END,
  received_net = g.net,
  seal = CASE
    WHEN r.seal = '{Completeness.NO_TOTALS}' THEN r.seal
    WHEN r.seal = '{Completeness.NO_PAYMENTS}' AND g.transaction_count = 0 THEN r.seal
    WHEN NOT r.has_totals THEN '{Completeness.AWAITING_TOTALS}'
    WHEN g.transaction_count = 0 AND r.transaction_count > 0 THEN '{Completeness.AWAITING_PAYMENTS}'
    WHEN ({", ".join(f"r.{name}" for name in (*_PAIRS, "transaction_count"))})
       = ({", ".join(f"g.{name}" for name in (*_PAIRS, "transaction_count"))}) THEN '{Completeness.COMPLETE}'
    ELSE '{Completeness.DIFFERS}'
  END
FROM received g WHERE {_SAME_ROW}
"""
_REMIT = f"""
UPDATE transaction t SET remitted = r.remitted AND {payments.counted_sql("t.")}
FROM (
  SELECT r.merchant_id, r.id, {payments.remitted_sql("r.")} AS remitted
  FROM remittance r JOIN merged_remittance g ON {_SAME_ROW}
) AS r
WHERE t.merchant_id = r.merchant_id AND t.remittance_id = r.id
  AND t.remitted <> (r.remitted AND {payments.counted_sql("t.")})
"""


def renew(connection: Connection) -> None:
    """Look again at the remittances of temporary table ``merged_remittance``.

    Adds up what they have received, compares it with the totals, and says of their payments whether they are
    remitted.
    """
    for statement in (_GATHER, _ADD_UP, _COMPARE, _REMIT, "DROP TABLE received"):
        connection.execute(text(statement))

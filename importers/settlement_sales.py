"""The payments that lines of settlements are of: one that a line names alone, and that no other line names.

An acquirer names a sale by its contract, day and number; a platform, which knows no contract of ours, by its
own reference of a payment that it delivers, or the merchant's reference of the order. Derived anew around
what a file touched: the order in which files come changes nothing. Source: shared format page "Money",
section 7.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT, SettlementLineKind
from app.rules.payments import TOTAL

_PARTS: Final = f"'{SettlementLineKind.SALE}', '{SettlementLineKind.REFUND}'"
#: A platform settles an order at most so many days after its payment, or a day before by another clock.
_ORDERED_BEFORE, _ORDERED_AFTER = 31, 1
# Two lines can name one payment when they are no further apart than this.
_REACH: Final = _ORDERED_BEFORE + _ORDERED_AFTER

_UPDATE = """
UPDATE settlement_line l SET transaction_id = n.transaction_id, transaction_on = n.transaction_on
FROM named n WHERE l.merchant_id = n.merchant_id AND l.id = n.id AND l.paid_on = n.paid_on
  AND l.transaction_id IS DISTINCT FROM n.transaction_id
"""
# The number of a sale repeats every day: contract, day and number together name it.
_BY_NUMBER = f"""
WITH named AS (
  SELECT l.merchant_id, l.id, l.paid_on, min(t.id) AS transaction_id, min(t.occurred_on) AS transaction_on
  FROM (
    SELECT DISTINCT merchant_id, day FROM touched_day WHERE subject IN ('transaction', 'settlement_line')
  ) AS touched
  JOIN settlement_line l ON l.merchant_id = touched.merchant_id AND l.occurred_on = touched.day
    AND l.kind IN ({_PARTS}) AND l.reference <> '' AND l.contract_number <> ''
  LEFT JOIN contract c ON c.merchant_id = l.merchant_id AND c.number = l.contract_number
  LEFT JOIN transaction t ON t.merchant_id = c.merchant_id AND t.contract_id = c.id
    AND t.occurred_on = l.occurred_on AND ltrim(t.sequence_number, '0') = ltrim(l.reference, '0')
  GROUP BY l.merchant_id, l.id, l.paid_on HAVING count(t.id) <= 1
)
{_UPDATE}
"""
_OF_PLATFORM = (
    f"l.kind IN ({_PARTS}) AND l.contract_number = '' AND l.merchant_reference || l.reference <> ''"
)
_DAYS = f"""
SELECT min(t.first) AS first, max(t.last) AS last, array_agg(t.merchant_id) AS merchants
FROM (
  SELECT merchant_id, min(day) AS first, max(day) AS last FROM touched_day
  WHERE subject IN ('transaction', 'settlement_line') AND merchant_id <> {UNCLAIMED_MERCHANT}
    AND day IS NOT NULL
  GROUP BY 1
) AS t
WHERE EXISTS (SELECT FROM settlement_line l WHERE l.merchant_id = t.merchant_id AND {_OF_PLATFORM})
"""
_SAME_KIND = f"""
(l.kind = '{SettlementLineKind.SALE}' AND {TOTAL["debit"].sql("t.")}
  OR l.kind = '{SettlementLineKind.REFUND}' AND {TOTAL["refund"].sql("t.")})
"""
#: A line and a payment, how many payments that line may be of, and how many lines that payment.
_PAIRED = """
SELECT l.merchant_id, l.id, t.id AS transaction_id, t.occurred_on AS transaction_on,
  count(*) OVER (PARTITION BY l.merchant_id, l.id) AS payments,
  count(*) OVER (PARTITION BY l.merchant_id, t.id) AS lines
FROM platform_line l
"""
# Lines within two reaches of what was touched may change; those within another two may claim the same. Each
# step is a table of its own, whose size the next one knows: the planner would take it for a row or two, and
# look through all of it for each line.
_STEPS = (
    (
        "platform_line",
        f"""
SELECT l.merchant_id, l.id, l.paid_on, l.occurred_on, l.kind, l.gross, l.currency, l.merchant_reference,
  l.reference
FROM settlement_line l
WHERE l.merchant_id = ANY(:merchants) AND {_OF_PLATFORM}
  AND l.occurred_on BETWEEN CAST(:first AS date) - {4 * _REACH} AND CAST(:last AS date) + {4 * _REACH}
""",
    ),
    (
        "told_sale",
        f"""
{_PAIRED}
JOIN remote_payment p ON p.merchant_id = l.merchant_id AND p.platform_reference = nullif(l.reference, '')
JOIN transaction t ON t.merchant_id = p.merchant_id AND t.id = p.transaction_id
  AND t.occurred_on = p.occurred_on AND t.currency = l.currency AND t.amount = abs(l.gross) AND {_SAME_KIND}
""",
    ),
    (
        "claimed_sale",
        f"""
{_PAIRED}
JOIN transaction t ON t.merchant_id = l.merchant_id AND t.order_reference = nullif(l.merchant_reference, '')
  AND t.currency = l.currency AND t.amount = abs(l.gross) AND {_SAME_KIND}
  AND t.occurred_on BETWEEN l.occurred_on - {_ORDERED_BEFORE} AND l.occurred_on + {_ORDERED_AFTER}
WHERE t.occurred_on BETWEEN CAST(:first AS date) - {5 * _REACH} AND CAST(:last AS date) + {5 * _REACH}
""",
    ),
    (
        "free_claim",
        """
SELECT c.merchant_id, c.id, c.transaction_id, c.transaction_on FROM claimed_sale c
WHERE c.payments = 1 AND c.lines = 1 AND NOT EXISTS (
  SELECT FROM told_sale o WHERE o.merchant_id = c.merchant_id AND o.transaction_id = c.transaction_id)
""",
    ),
)
_BY_REFERENCE = f"""
WITH named AS (
  SELECT l.merchant_id, l.id, l.paid_on, COALESCE(p.transaction_id, c.transaction_id) AS transaction_id,
    COALESCE(p.transaction_on, c.transaction_on) AS transaction_on
  FROM platform_line l
  LEFT JOIN told_sale p ON p.merchant_id = l.merchant_id AND p.id = l.id AND p.payments = 1 AND p.lines = 1
  LEFT JOIN free_claim c ON c.merchant_id = l.merchant_id AND c.id = l.id
  WHERE l.occurred_on BETWEEN CAST(:first AS date) - {2 * _REACH} AND CAST(:last AS date) + {2 * _REACH}
)
{_UPDATE}
"""


def renew(connection: Connection) -> None:
    """Link again what the touched days concern."""
    connection.execute(text(_BY_NUMBER))
    days = connection.execute(text(_DAYS)).one()
    if days.merchants:
        _link_by_reference(connection, days._asdict())


def _link_by_reference(connection: Connection, days: Mapping[str, Any]) -> None:
    for table, rows in _STEPS:
        connection.execute(text(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {rows}"), days)
        connection.execute(text(f"ANALYZE {table}"))
    connection.execute(text(_BY_REFERENCE), days)
    connection.execute(text(f"DROP TABLE {', '.join(table for table, _ in _STEPS)}"))

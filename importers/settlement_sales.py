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
FROM {named} n WHERE l.merchant_id = n.merchant_id AND l.id = n.id AND l.paid_on = n.paid_on
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
{_UPDATE.format(named="named")}
"""
_OF_PLATFORM = f"l.kind IN ({_PARTS}) AND l.contract_number = ''"
_DAYS = f"""
SELECT min(t.first) AS first, max(t.last) AS last, array_agg(t.merchant_id) AS merchants
FROM (
  SELECT merchant_id, min(day) AS first, max(day) AS last FROM touched_day
  WHERE subject IN ('transaction', 'settlement_line') AND merchant_id <> {UNCLAIMED_MERCHANT}
    AND day IS NOT NULL
  GROUP BY 1
) AS t
WHERE EXISTS (SELECT FROM settlement_line l WHERE l.merchant_id = t.merchant_id
    AND l.contract_number = '' AND l.merchant_reference <> '')
  OR EXISTS (SELECT FROM settlement_line l WHERE l.merchant_id = t.merchant_id
    AND l.contract_number = '' AND l.reference <> '')
"""
_SAME: Final = f"""
t.currency = l.currency AND t.amount = abs(l.gross)
  AND (l.kind = '{SettlementLineKind.SALE}' AND {TOTAL["debit"].sql("t.")}
    OR l.kind = '{SettlementLineKind.REFUND}' AND {TOTAL["refund"].sql("t.")})
"""
_OF_REMOTE: Final = (
    "t.merchant_id = p.merchant_id AND t.id = p.transaction_id AND t.occurred_on = p.occurred_on"
)
_WITH_ORDER: Final = (
    f"settlement_line l ON l.merchant_id = o.merchant_id AND l.merchant_reference = o.order_reference"
    f" AND l.merchant_reference <> '' AND {_OF_PLATFORM}"
)
_WITH_REFERENCE: Final = (
    f"settlement_line l ON l.merchant_id = o.merchant_id AND l.reference = o.reference"
    f" AND l.reference <> '' AND {_OF_PLATFORM}"
)
#: A line and a payment, how many payments that line may be of, and how many lines that payment.
_PAIRED = """
SELECT l.merchant_id, l.id, t.id AS transaction_id, t.occurred_on AS transaction_on,
  count(*) OVER (PARTITION BY l.merchant_id, l.id) AS payments,
  count(*) OVER (PARTITION BY l.merchant_id, t.id) AS lines
"""
_LINE = "l.merchant_id, l.id, l.paid_on, l.merchant_reference, l.reference"
# What a file changes: payments of touched days, lines that are of none (new ones are), and those whose
# payment went. Whatever bears one of their references is asked again, with all that claims the same. Each
# step is a table of its own, whose size the next one knows: the planner would take it for a row or two.
_STEPS = (
    (
        "changed_sale",
        """
SELECT t.merchant_id, t.order_reference, p.platform_reference
FROM (
  SELECT DISTINCT merchant_id, day FROM touched_day
  WHERE subject = 'transaction' AND merchant_id = ANY(:merchants)
) AS d
JOIN transaction t ON t.merchant_id = d.merchant_id AND t.occurred_on = d.day
  AND t.occurred_at >= d.day - interval '1 day' AND t.occurred_at < d.day + interval '2 days'
LEFT JOIN remote_payment p ON p.merchant_id = t.merchant_id AND p.transaction_id = t.id
  AND p.occurred_on = t.occurred_on
WHERE t.occurred_on BETWEEN :first AND :last
""",
    ),
    (
        "open_line",
        f"""
SELECT {_LINE} FROM settlement_line l
WHERE l.merchant_id = ANY(:merchants) AND {_OF_PLATFORM} AND l.transaction_id IS NULL
  AND l.occurred_on BETWEEN CAST(:first AS date) - {2 * _REACH} AND CAST(:last AS date) + {2 * _REACH}
UNION ALL
SELECT {_LINE} FROM settlement_line l
WHERE l.merchant_id = ANY(:merchants) AND {_OF_PLATFORM} AND l.transaction_id IS NOT NULL
  AND l.transaction_on BETWEEN :first AND :last AND NOT EXISTS (
    SELECT FROM transaction t WHERE t.merchant_id = l.merchant_id AND t.id = l.transaction_id
      AND t.occurred_on = l.transaction_on)
""",
    ),
    (
        "asked_reference",
        """
SELECT merchant_id, reference FROM open_line WHERE reference <> ''
UNION
SELECT merchant_id, platform_reference FROM changed_sale WHERE platform_reference <> ''
""",
    ),
    (
        "asked_order",
        f"""
SELECT merchant_id, merchant_reference AS order_reference FROM open_line WHERE merchant_reference <> ''
UNION
SELECT merchant_id, order_reference FROM changed_sale WHERE order_reference <> ''
UNION
SELECT t.merchant_id, t.order_reference FROM asked_reference o
JOIN remote_payment p ON p.merchant_id = o.merchant_id AND p.platform_reference = o.reference
JOIN transaction t ON {_OF_REMOTE} AND t.order_reference <> ''
""",
    ),
    (
        "asked_line",
        f"""
SELECT {_LINE} FROM asked_reference o JOIN {_WITH_REFERENCE}
UNION
SELECT {_LINE} FROM asked_order o JOIN {_WITH_ORDER}
""",
    ),
    (
        "told_sale",
        f"""
{_PAIRED}
FROM (SELECT DISTINCT merchant_id, reference FROM asked_line WHERE reference <> '') AS o
JOIN {_WITH_REFERENCE}
JOIN remote_payment p ON p.merchant_id = o.merchant_id AND p.platform_reference = o.reference
JOIN transaction t ON {_OF_REMOTE} AND {_SAME}
""",
    ),
    (
        "claimed_sale",
        f"""
{_PAIRED}
FROM (
  SELECT DISTINCT merchant_id, merchant_reference AS order_reference FROM asked_line
  WHERE merchant_reference <> ''
) AS o
JOIN {_WITH_ORDER}
JOIN transaction t ON t.merchant_id = o.merchant_id AND t.order_reference = o.order_reference
  AND t.compared_order_reference = upper(ltrim(o.order_reference, '0')) AND {_SAME}
  AND t.occurred_on BETWEEN l.occurred_on - {_ORDERED_BEFORE} AND l.occurred_on + {_ORDERED_AFTER}
""",
    ),
    (
        "free_claim",
        """
SELECT merchant_id, id, transaction_id, transaction_on FROM claimed_sale WHERE payments = 1 AND lines = 1
""",
    ),
    (
        "told_otherwise",
        f"""
SELECT DISTINCT t.merchant_id, t.id AS transaction_id FROM free_claim c
JOIN remote_payment p ON p.merchant_id = c.merchant_id AND p.transaction_id = c.transaction_id
  AND p.occurred_on = c.transaction_on AND p.platform_reference IS NOT NULL
JOIN transaction t ON {_OF_REMOTE}
JOIN settlement_line l ON l.merchant_id = p.merchant_id AND l.reference = p.platform_reference
  AND l.reference <> '' AND {_OF_PLATFORM} AND {_SAME}
""",
    ),
    # The platform's word comes first: a claim counts where it tells of no payment.
    (
        "named_line",
        """
SELECT l.merchant_id, l.id, l.paid_on,
  CASE WHEN p.id IS NULL THEN c.transaction_id ELSE p.transaction_id END AS transaction_id,
  CASE WHEN p.id IS NULL THEN c.transaction_on ELSE p.transaction_on END AS transaction_on
FROM asked_line l
LEFT JOIN (
  SELECT merchant_id, id, min(transaction_id) FILTER (WHERE payments = 1 AND lines = 1) AS transaction_id,
    min(transaction_on) FILTER (WHERE payments = 1 AND lines = 1) AS transaction_on
  FROM told_sale GROUP BY 1, 2
) AS p ON p.merchant_id = l.merchant_id AND p.id = l.id
LEFT JOIN free_claim c ON c.merchant_id = l.merchant_id AND c.id = l.id AND NOT EXISTS (
  SELECT FROM told_otherwise o WHERE o.merchant_id = c.merchant_id AND o.transaction_id = c.transaction_id)
""",
    ),
)


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
    connection.execute(text(_UPDATE.format(named="named_line")))
    connection.execute(text(f"DROP TABLE {', '.join(table for table, _ in _STEPS)}"))

"""The payments that lines of settlements are of: one that a line names alone, and that no other line names.

An acquirer names a sale by its contract, day and number; a platform, which knows no contract of ours, by its
own reference of a payment that it delivers, or the merchant's reference of the order. Derived anew for all
that bears a reference of what came or went, however far apart their days are: the order in which files come
changes nothing. Source: shared format page "Money", section 7.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT, SettlementLineKind
from app.rules.payments import TOTAL

#: The subject of the days of payments that got another line than before, or lost theirs.
RELINKED: Final = "relinked_payment"
_SALE, _REFUND = SettlementLineKind.SALE, SettlementLineKind.REFUND
_PARTS: Final = f"'{_SALE}', '{_REFUND}'"
#: A platform settles an order at most so many days after its payment, or a day before by another clock. Its
#: own reference names a payment whatever the days.
_ORDERED_BEFORE, _ORDERED_AFTER = 31, 1

_UPDATE: Final = """
UPDATE settlement_line l SET transaction_id = n.transaction_id, transaction_on = n.transaction_on
FROM {named} n WHERE l.merchant_id = n.merchant_id AND l.id = n.id AND l.paid_on = n.paid_on
  AND l.transaction_id IS DISTINCT FROM n.transaction_id
"""
# The number of a sale repeats every day: contract, day and number together name it.
_BY_NUMBER: Final = f"""
WITH named AS (
  SELECT l.merchant_id, l.id, l.paid_on, CASE WHEN count(t.id) = 1 THEN min(t.id) END AS transaction_id,
    CASE WHEN count(t.id) = 1 THEN min(t.occurred_on) END AS transaction_on
  FROM (
    SELECT DISTINCT merchant_id, day FROM touched_day WHERE subject IN ('transaction', 'settlement_line')
  ) AS touched
  JOIN settlement_line l ON l.merchant_id = touched.merchant_id AND l.occurred_on = touched.day
    AND l.kind IN ({_PARTS}) AND l.reference <> '' AND l.contract_number <> ''
  LEFT JOIN contract c ON c.merchant_id = l.merchant_id AND c.number = l.contract_number
  LEFT JOIN transaction t ON t.merchant_id = c.merchant_id AND t.contract_id = c.id
    AND t.occurred_on = l.occurred_on AND ltrim(t.sequence_number, '0') = ltrim(l.reference, '0')
  GROUP BY l.merchant_id, l.id, l.paid_on
)
{_UPDATE.format(named="named")}
"""

_OF_PLATFORM: Final = f"l.kind IN ({_PARTS}) AND l.contract_number = ''"
_OF_REMOTE: Final = (
    "p.merchant_id = t.merchant_id AND p.transaction_id = t.id AND p.occurred_on = t.occurred_on"
)
_KEYS: Final = """
CREATE TEMP TABLE IF NOT EXISTS touched_reference (merchant_id bigint, reference text, order_reference text)
ON COMMIT DROP
"""
_NOTE_LINES: Final = (
    """
    INSERT INTO touched_reference SELECT DISTINCT merchant_id, reference, merchant_reference
    FROM settlement_line WHERE {where} AND contract_number = ''
    """,
    f"""
    INSERT INTO touched_day SELECT DISTINCT '{RELINKED}', merchant_id, 0, transaction_on
    FROM settlement_line WHERE {{where}} AND contract_number = '' AND transaction_id IS NOT NULL
    """,
)
_NOTE_PAYMENTS: Final = f"""
INSERT INTO touched_reference
SELECT DISTINCT t.merchant_id, p.platform_reference, t.order_reference
FROM (SELECT * FROM transaction WHERE {{where}}) AS t LEFT JOIN remote_payment p ON {_OF_REMOTE}
WHERE t.order_reference <> '' OR p.platform_reference <> ''
"""
_DAYS: Final = f"""
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
_TOUCHED: Final = """
SELECT DISTINCT merchant_id, day FROM touched_day
WHERE subject = '{subject}' AND merchant_id = ANY(:merchants)
"""
_NEW_LINES: Final = f"""
SELECT l.merchant_id, l.reference, l.merchant_reference
FROM ({_TOUCHED.format(subject="settlement_line")}) AS d
JOIN settlement_line l ON l.merchant_id = d.merchant_id AND {_OF_PLATFORM} AND l.transaction_id IS NULL
"""
# What came: lines, which are of no payment yet, and payments. What went was noted before (see release_lines).
_NOTE_NEW: Final = f"""
INSERT INTO touched_reference
{_NEW_LINES} AND l.occurred_on = d.day
UNION ALL
{_NEW_LINES} AND l.occurred_on IS NULL AND l.paid_on = d.day
UNION ALL
SELECT t.merchant_id, p.platform_reference, t.order_reference
FROM ({_TOUCHED.format(subject="transaction")}) AS d
JOIN transaction t ON t.merchant_id = d.merchant_id AND t.occurred_on = d.day
  AND t.occurred_at >= d.day - interval '1 day' AND t.occurred_at < d.day + interval '2 days'
LEFT JOIN remote_payment p ON {_OF_REMOTE}
WHERE t.occurred_on BETWEEN :first AND :last AND (t.order_reference <> '' OR p.platform_reference <> '')
"""

#: What a line and its payment have in common, whatever reference names it.
_LIKENESS: Final = "currency, amount, kind"
_LINES: Final = f"""
SELECT l.merchant_id, l.id, l.paid_on, l.reference, l.merchant_reference AS order_reference,
  l.occurred_on AS day, l.currency, abs(l.gross) AS amount, l.kind, l.transaction_id AS former_id,
  l.transaction_on AS former_on
FROM {{keys}} o JOIN settlement_line l ON l.merchant_id = o.merchant_id AND {_OF_PLATFORM}
"""
_WITH_REFERENCE: Final = f"{_LINES} AND l.reference = o.reference AND l.reference <> ''"
_WITH_ORDER: Final = f"{_LINES} AND l.merchant_reference = o.order_reference AND l.merchant_reference <> ''"
_PAYMENTS: Final = f"""
SELECT t.merchant_id, t.id AS transaction_id, t.occurred_on AS day, o.{{key}}, t.order_reference AS ordered,
  t.currency, t.amount, CASE WHEN {TOTAL["debit"].sql("t.")} THEN '{_SALE}'
    WHEN {TOTAL["refund"].sql("t.")} THEN '{_REFUND}' END AS kind
FROM {{keys}} o
"""
_TOLD: Final = f"""
{_PAYMENTS.format(key="reference", keys="{keys}")}
JOIN remote_payment p ON p.merchant_id = o.merchant_id AND p.platform_reference = o.reference
JOIN transaction t ON {_OF_REMOTE}
"""
_ORDERED: Final = f"""
{_PAYMENTS.format(key="order_reference", keys="{keys}")}
JOIN transaction t ON t.merchant_id = o.merchant_id AND t.order_reference = o.order_reference
  AND t.compared_order_reference = upper(ltrim(o.order_reference, '0'))
  AND t.occurred_on BETWEEN :first AND :last
"""
#: Lines and payments with the same reference or order beside one another: to count them reads each once.
_SIDES: Final = f"""
SELECT merchant_id, {{key}}, {_LIKENESS}, day, id, NULL::bigint AS transaction_id FROM ({{lines}}) AS l
UNION ALL
SELECT merchant_id, {{key}}, {_LIKENESS}, day, NULL, transaction_id FROM ({{payments}}) AS t
"""
# Whatever bears a reference of what came or went is asked again, with all that claims the same: ``asked``
# are those keys, ``other`` those that lines so found bear besides. Each step is a table of its own, whose
# size the next one knows: the planner would take it for a row or two.
_ASKED: Final = (
    (
        "asked_reference",
        "SELECT DISTINCT merchant_id, reference FROM touched_reference WHERE reference <> ''",
    ),
    ("asked_payment", _TOLD.format(keys="asked_reference")),
    (
        "asked_order",
        """
        SELECT merchant_id, order_reference FROM touched_reference WHERE order_reference <> ''
        UNION
        SELECT merchant_id, ordered FROM asked_payment WHERE ordered <> ''
        """,
    ),
    (
        "asked_line",
        f"{_WITH_REFERENCE.format(keys='asked_reference')} UNION {_WITH_ORDER.format(keys='asked_order')}",
    ),
)
_CLAIMED_DAYS: Final = f"""
SELECT min(day) - {_ORDERED_BEFORE} AS first, max(day) + {_ORDERED_AFTER} AS last FROM asked_line
"""
_LINKED: Final = (
    (
        "other_reference",
        "SELECT merchant_id, reference FROM asked_line WHERE reference <> '' EXCEPT TABLE asked_reference",
    ),
    (
        "other_order",
        """
        SELECT merchant_id, order_reference FROM asked_line WHERE order_reference <> ''
        EXCEPT TABLE asked_order
        """,
    ),
    (
        "told_payment",
        f"""
        SELECT merchant_id, reference, {_LIKENESS}, count(transaction_id) = 1 AND count(id) = 1 AS is_alone,
          min(transaction_id) AS transaction_id, min(day) FILTER (WHERE id IS NULL) AS day
        FROM ({
            _SIDES.format(
                key="reference",
                lines="SELECT * FROM asked_line WHERE reference <> '' UNION "
                + _WITH_REFERENCE.format(keys="other_reference"),
                payments=f"TABLE asked_payment UNION ALL {_TOLD.format(keys='other_reference')}",
            )
        }) AS side
        GROUP BY 1, 2, {_LIKENESS} HAVING count(transaction_id) > 0 AND count(id) > 0
        """,
    ),
    (
        "claiming_side",
        f"""
        SELECT *, count(transaction_id) OVER claimed AS payments, count(id) OVER claiming AS lines,
          CAST(sum(transaction_id) OVER claimed AS bigint) AS payment_id
        FROM ({
            _SIDES.format(
                key="order_reference",
                lines="SELECT * FROM asked_line WHERE order_reference <> '' UNION "
                + _WITH_ORDER.format(keys="other_order"),
                payments=f"{_ORDERED.format(keys='asked_order')} UNION ALL "
                + _ORDERED.format(keys="other_order"),
            )
        }) AS side WHERE day IS NOT NULL
        WINDOW alike AS (PARTITION BY merchant_id, order_reference, {_LIKENESS} ORDER BY day),
          claimed AS (alike RANGE BETWEEN '{_ORDERED_BEFORE} days' PRECEDING
            AND '{_ORDERED_AFTER} days' FOLLOWING),
          claiming AS (alike RANGE BETWEEN '{_ORDERED_AFTER} days' PRECEDING
            AND '{_ORDERED_BEFORE} days' FOLLOWING)
        """,
    ),
    (
        "free_claim",
        """
        SELECT l.merchant_id, l.id, t.transaction_id, t.day, l.currency, l.amount, l.kind
        FROM claiming_side l JOIN claiming_side t ON t.merchant_id = l.merchant_id
          AND t.transaction_id = l.payment_id
        WHERE l.id IS NOT NULL AND l.payments = 1 AND t.lines = 1
        """,
    ),
    # The platform's word comes first: a claim counts where it tells of no payment.
    (
        "named_line",
        f"""
        SELECT l.merchant_id, l.id, l.paid_on, l.former_id, l.former_on,
          CASE WHEN p.is_alone THEN p.transaction_id WHEN p.is_alone IS NULL THEN c.transaction_id END
            AS transaction_id,
          CASE WHEN p.is_alone THEN p.day WHEN p.is_alone IS NULL THEN c.day END AS transaction_on
        FROM asked_line l
        LEFT JOIN told_payment p USING (merchant_id, reference, {_LIKENESS})
        LEFT JOIN (
          SELECT * FROM free_claim c WHERE NOT EXISTS (
            SELECT FROM remote_payment p
            JOIN settlement_line l ON l.merchant_id = p.merchant_id AND l.reference = p.platform_reference
              AND l.reference <> '' AND {_OF_PLATFORM}
            WHERE p.merchant_id = c.merchant_id AND p.transaction_id = c.transaction_id
              AND p.occurred_on = c.day AND l.currency = c.currency AND abs(l.gross) = c.amount
              AND l.kind = c.kind)
        ) AS c ON c.merchant_id = l.merchant_id AND c.id = l.id
        """,
    ),
)
_RELINK: Final = (
    _UPDATE.format(named="named_line"),
    f"""
    INSERT INTO touched_day
    SELECT '{RELINKED}', merchant_id, 0, former_on FROM named_line
    WHERE former_id IS DISTINCT FROM transaction_id AND former_id IS NOT NULL
    UNION
    SELECT '{RELINKED}', merchant_id, 0, transaction_on FROM named_line
    WHERE former_id IS DISTINCT FROM transaction_id AND transaction_id IS NOT NULL
    """,
    f"DROP TABLE {', '.join(table for table, _ in (*_ASKED, *_LINKED))}",
    "TRUNCATE touched_reference",
)


def release_lines(connection: Connection, where: str, parameters: Mapping[str, Any]) -> None:
    """Note what may be named otherwise without the lines of ``where``, which are about to be removed."""
    connection.execute(text(_KEYS))
    for statement in _NOTE_LINES:
        connection.execute(text(statement.format(where=where)), parameters)


def release_payments(connection: Connection, where: str, parameters: Mapping[str, Any]) -> None:
    """Note what may be named otherwise without the transactions of ``where``, about to be removed."""
    connection.execute(text(_KEYS))
    connection.execute(text(_NOTE_PAYMENTS.format(where=where)), parameters)


def renew(connection: Connection) -> None:
    """Link again what the touched days concern; the days of payments that this changes are touched."""
    connection.execute(text(_BY_NUMBER))
    days = connection.execute(text(_DAYS)).one()
    if days.merchants:
        _link_by_reference(connection, days._asdict())


def _link_by_reference(connection: Connection, days: Mapping[str, Any]) -> None:
    connection.execute(text(_KEYS))
    connection.execute(text(_NOTE_NEW), days)
    connection.execute(text("ANALYZE touched_reference"))
    _make(connection, _ASKED, {})
    claimed = connection.execute(text(_CLAIMED_DAYS)).one()
    _make(connection, _LINKED, claimed._asdict())
    for statement in _RELINK:
        connection.execute(text(statement))


def _make(connection: Connection, steps: tuple[tuple[str, str], ...], parameters: Mapping[str, Any]) -> None:
    for table, rows in steps:
        connection.execute(text(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {rows}"), parameters)
        connection.execute(text(f"ANALYZE {table}"))

"""Sales and what took them back: links between a sale and its cancellation or refunds, never guessed.

An operation belongs to a sale when exactly one accepted debit of its contract and terminal, not later than
itself and within 15 months, bears the number that it names. The two come in whichever order; a second
candidate takes the link away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from app.rules.payments import REVERSING, TOTAL, Outcome, Reversal, TransactionType

_REACH = "interval '15 months'"
_TYPES = ", ".join(f"'{kind}'" for kind in REVERSING)
_IS_OPERATION = (
    f"o.original_sequence_number IS NOT NULL AND o.type IN ({_TYPES}) AND o.outcome = '{Outcome.ACCEPTED}'"
)
_SALES = """
CREATE TEMP TABLE IF NOT EXISTS touched_sale (merchant_id bigint, id bigint, occurred_on date) ON COMMIT DROP
"""
# What came or went may concern the operations of its contract from its day on, and no earlier ones.
_OPERATIONS = f"""
CREATE TEMP TABLE operation ON COMMIT DROP AS
SELECT o.merchant_id, o.id, o.occurred_on, o.contract_id, o.occurred_at, o.original_id, o.original_on,
  ltrim(o.original_sequence_number, '0') AS named, r.terminal_number
FROM (
  SELECT merchant_id, contract_id, min(day) AS since FROM touched_day
  WHERE subject = 'transaction' GROUP BY 1, 2
) AS t
JOIN transaction o ON o.merchant_id = t.merchant_id AND o.contract_id = t.contract_id
  AND o.occurred_on >= t.since AND {_IS_OPERATION}
JOIN remittance r ON r.merchant_id = o.merchant_id AND r.id = o.remittance_id
  AND r.collected_on = o.collected_on
"""
_CERTAIN = f"""
CREATE TEMP TABLE certain ON COMMIT DROP AS
SELECT o.merchant_id, o.id, o.occurred_on, o.original_id AS former_id, o.original_on AS former_on,
  s.id AS original_id, s.occurred_on AS original_on
FROM operation o LEFT JOIN (
  SELECT o.merchant_id, o.id AS operation_id, min(d.id) AS id, min(d.occurred_on) AS occurred_on
  FROM operation o
  JOIN transaction d ON d.merchant_id = o.merchant_id AND d.contract_id = o.contract_id
    AND ltrim(d.sequence_number, '0') = o.named AND {TOTAL["debit"].sql("d.")}
    AND d.occurred_at <= o.occurred_at AND d.occurred_on >= o.occurred_on - {_REACH}
  JOIN remittance r ON r.merchant_id = d.merchant_id AND r.id = d.remittance_id
    AND r.collected_on = d.collected_on AND r.terminal_number IS NOT DISTINCT FROM o.terminal_number
  GROUP BY 1, 2 HAVING count(*) = 1
) AS s ON s.merchant_id = o.merchant_id AND s.operation_id = o.id
"""
_CHANGED = "c.former_id IS DISTINCT FROM c.original_id"
_STEPS = (
    _OPERATIONS,
    "ANALYZE operation",
    _CERTAIN,
    f"""
    INSERT INTO touched_sale
    SELECT merchant_id, former_id, former_on FROM certain c WHERE former_id IS NOT NULL AND {_CHANGED}
    UNION ALL
    SELECT merchant_id, original_id, original_on FROM certain c WHERE original_id IS NOT NULL AND {_CHANGED}
    """,
    f"""
    UPDATE transaction o SET original_id = c.original_id, original_on = c.original_on FROM certain c
    WHERE o.merchant_id = c.merchant_id AND o.id = c.id AND o.occurred_on = c.occurred_on AND {_CHANGED}
    """,
    f"""
    UPDATE transaction s SET reversed_amount = t.amount,
      reversal = CASE WHEN t.is_cancelled THEN '{Reversal.CANCELLED}' WHEN t.amount = 0 THEN '{Reversal.NONE}'
        WHEN t.amount < s.amount THEN '{Reversal.PARTLY_REFUNDED}' ELSE '{Reversal.REFUNDED}' END
    FROM (
      SELECT t.merchant_id, t.id, t.occurred_on, COALESCE(sum(o.amount), 0) AS amount,
        COALESCE(bool_or(o.type = '{TransactionType.CANCELLATION}'), false) AS is_cancelled
      FROM (SELECT DISTINCT * FROM touched_sale) AS t
      LEFT JOIN transaction o ON o.merchant_id = t.merchant_id AND o.original_id = t.id
      GROUP BY 1, 2, 3
    ) AS t
    WHERE s.merchant_id = t.merchant_id AND s.id = t.id AND s.occurred_on = t.occurred_on
    """,
    "DROP TABLE operation, certain",
    "TRUNCATE touched_sale",
)


def release(connection: Connection, where: str, parameters: Mapping[str, Any]) -> None:
    """Note the sales of the operations that are about to be removed: those of file ``:file`` in ``where``."""
    connection.execute(text(_SALES))
    connection.execute(
        text(
            "INSERT INTO touched_sale SELECT merchant_id, original_id, original_on FROM transaction"
            f" WHERE {where} AND import_file_id = :file AND original_id IS NOT NULL"
        ),
        parameters,
    )


def renew(connection: Connection) -> None:
    """Link the operations of the touched days anew, and say of their sales what became of them."""
    connection.execute(text(_SALES))
    for statement in _STEPS:
        connection.execute(text(statement))

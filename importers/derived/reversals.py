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
# Each step leaves a table whose rows are counted: the database knows nothing yet of the rows of this load,
# and would else look at each remittance of a merchant for each operation.
# What came or went may concern the operations of its contract from its day on, and no earlier ones.
_SINCE = "SELECT min(day) FROM touched_day WHERE subject = 'transaction'"
_NAMED = f"""
CREATE TEMP TABLE named_reversing ON COMMIT DROP AS
SELECT o.merchant_id, o.id, o.occurred_on, o.contract_id, o.occurred_at, o.original_id, o.original_on,
  ltrim(o.original_sequence_number, '0') AS named, o.remittance_id, o.collected_on
FROM (
  SELECT merchant_id, contract_id, min(day) AS since FROM touched_day
  WHERE subject = 'transaction' GROUP BY 1, 2
) AS t
JOIN transaction o ON o.merchant_id = t.merchant_id AND o.contract_id = t.contract_id
  AND o.occurred_on >= t.since AND o.occurred_on >= :since AND {_IS_OPERATION}
"""
_OPERATIONS = (
    "ANALYZE named_reversing",
    """
    CREATE TEMP TABLE reversing ON COMMIT DROP AS
    SELECT o.*, r.terminal_number FROM named_reversing o
    JOIN remittance r ON r.merchant_id = o.merchant_id AND r.id = o.remittance_id
      AND r.collected_on = o.collected_on
    """,
    "ANALYZE reversing",
)
_DAYS_OF_OPERATIONS = f"""
SELECT min(occurred_on) AS first, max(occurred_on) AS last, min(occurred_on) - {_REACH} AS reach
FROM reversing
"""
_CANDIDATES = f"""
CREATE TEMP TABLE candidate ON COMMIT DROP AS
SELECT o.merchant_id, o.id AS operation_id, o.terminal_number, d.id, d.occurred_on, d.remittance_id,
  d.collected_on
FROM reversing o
JOIN transaction d ON d.merchant_id = o.merchant_id AND d.contract_id = o.contract_id
  AND ltrim(d.sequence_number, '0') = o.named AND {TOTAL["debit"].sql("d.")}
  AND d.occurred_at <= o.occurred_at AND d.occurred_on >= o.occurred_on - {_REACH}
  AND d.occurred_on BETWEEN :reach AND :last + interval '1 day'
"""
_CERTAIN = """
CREATE TEMP TABLE certain ON COMMIT DROP AS
SELECT o.merchant_id, o.id, o.occurred_on, o.original_id AS former_id, o.original_on AS former_on,
  s.id AS original_id, s.occurred_on AS original_on
FROM reversing o LEFT JOIN (
  SELECT c.merchant_id, c.operation_id, min(c.id) AS id, min(c.occurred_on) AS occurred_on
  FROM candidate c
  JOIN remittance r ON r.merchant_id = c.merchant_id AND r.id = c.remittance_id
    AND r.collected_on = c.collected_on AND r.terminal_number IS NOT DISTINCT FROM c.terminal_number
  GROUP BY 1, 2 HAVING count(*) = 1
) AS s ON s.merchant_id = o.merchant_id AND s.operation_id = o.id
WHERE o.original_id IS DISTINCT FROM s.id
"""
_LINK = (
    _CANDIDATES,
    "ANALYZE candidate",
    _CERTAIN,
    "ANALYZE certain",
    """
    INSERT INTO touched_sale
    SELECT merchant_id, former_id, former_on FROM certain WHERE former_id IS NOT NULL
    UNION ALL
    SELECT merchant_id, original_id, original_on FROM certain WHERE original_id IS NOT NULL
    """,
    """
    UPDATE transaction o SET original_id = c.original_id, original_on = c.original_on FROM certain c
    WHERE o.merchant_id = c.merchant_id AND o.id = c.id AND o.occurred_on = c.occurred_on
      AND o.occurred_on BETWEEN :first AND :last
    """,
    "DROP TABLE candidate, certain",
)
_DAYS_OF_SALES = "SELECT min(occurred_on) AS first, max(occurred_on) AS last FROM touched_sale"
_TELL_SALES = (
    "ANALYZE touched_sale",
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
      AND s.occurred_on BETWEEN :first AND :last
    """,
    "TRUNCATE touched_sale",
)


def release(connection: Connection, where: str, parameters: Mapping[str, Any]) -> None:
    """Note the sales of the operations that are about to be removed: the transactions of ``where``."""
    connection.execute(text(_SALES))
    connection.execute(
        text(
            "INSERT INTO touched_sale SELECT merchant_id, original_id, original_on FROM transaction"
            f" WHERE {where} AND original_id IS NOT NULL"
        ),
        parameters,
    )


def renew(connection: Connection) -> None:
    """Link the operations of the touched days anew, and say of their sales what became of them."""
    connection.execute(text(_SALES))
    since = connection.scalar(text(_SINCE))
    if since is not None:
        if connection.execute(text(_NAMED), {"since": since}).rowcount:
            _link(connection)
        connection.execute(text("DROP TABLE named_reversing"))
    _all(connection, _DAYS_OF_SALES, _TELL_SALES)


def _link(connection: Connection) -> None:
    for statement in _OPERATIONS:
        connection.execute(text(statement))
    _all(connection, _DAYS_OF_OPERATIONS, _LINK)
    connection.execute(text("DROP TABLE reversing"))


def _all(connection: Connection, days: str, steps: tuple[str, ...]) -> None:
    """Run the steps within the months of ``days``, if any: no statement looks into the others."""
    bounds = connection.execute(text(days)).one()
    if bounds.first is not None:
        for step in steps:
            connection.execute(text(step), bounds._asdict())

"""Sales of before know what took them back: migration 0014 made room for it and left it to later files."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"

# As the loader links them: the one accepted debit of the contract and terminal that bears the number which
# an operation names, within 15 months. What is linked already was linked so.
REVERSING = (
    """
    CREATE TEMP TABLE named_reversing ON COMMIT DROP AS
    SELECT merchant_id, id, occurred_on, contract_id, occurred_at, remittance_id, collected_on,
      ltrim(original_sequence_number, '0') AS named
    FROM transaction
    WHERE original_id IS NULL AND original_sequence_number IS NOT NULL AND outcome = 'accepted'
      AND type IN ('cancellation', 'refund')
    """,
    "ANALYZE named_reversing",
    """
    CREATE TEMP TABLE reversing ON COMMIT DROP AS
    SELECT o.*, r.terminal_number FROM named_reversing o
    JOIN remittance r ON r.merchant_id = o.merchant_id AND r.id = o.remittance_id
      AND r.collected_on = o.collected_on
    """,
    "ANALYZE reversing",
)
LINKED = (
    """
    CREATE TEMP TABLE linked ON COMMIT DROP AS
    SELECT o.merchant_id, o.id, o.occurred_on, min(d.id) AS original_id, min(d.occurred_on) AS original_on
    FROM reversing o
    JOIN transaction d ON d.merchant_id = o.merchant_id AND d.contract_id = o.contract_id
      AND ltrim(d.sequence_number, '0') = o.named AND d.type = 'debit' AND d.outcome = 'accepted'
      AND d.occurred_at <= o.occurred_at AND d.occurred_on >= o.occurred_on - interval '15 months'
    JOIN remittance r ON r.merchant_id = d.merchant_id AND r.id = d.remittance_id
      AND r.collected_on = d.collected_on AND r.terminal_number IS NOT DISTINCT FROM o.terminal_number
    GROUP BY o.merchant_id, o.id, o.occurred_on HAVING count(*) = 1
    """,
    "ANALYZE linked",
    """
    UPDATE transaction o SET original_id = l.original_id, original_on = l.original_on FROM linked l
    WHERE o.merchant_id = l.merchant_id AND o.id = l.id AND o.occurred_on = l.occurred_on
    """,
)
TOLD = """
UPDATE transaction s SET reversed_amount = t.amount,
  reversal = CASE WHEN t.is_cancelled THEN 'cancelled' WHEN t.amount = 0 THEN 'none'
    WHEN t.amount < s.amount THEN 'partly_refunded' ELSE 'refunded' END
FROM (
  SELECT l.merchant_id, l.original_id, l.original_on, sum(o.amount) AS amount,
    bool_or(o.type = 'cancellation') AS is_cancelled
  FROM (SELECT DISTINCT merchant_id, original_id, original_on FROM linked) AS l
  JOIN transaction o ON o.merchant_id = l.merchant_id AND o.original_id = l.original_id
  GROUP BY 1, 2, 3
) AS t
WHERE s.merchant_id = t.merchant_id AND s.id = t.original_id AND s.occurred_on = t.original_on
"""
STATEMENTS = (*REVERSING, *LINKED, TOLD, "DROP TABLE named_reversing, reversing, linked")


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)

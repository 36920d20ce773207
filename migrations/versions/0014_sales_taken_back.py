"""Sales know what took them back; what is remitted is told of daily sums, and of money alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

KEY = ["merchant_id", "contract_id", "day", "currency", "status", "is_empty", "remitted", "awaiting_totals"]
MOVES_MONEY = "outcome = 'accepted' AND type <> 'preauthorisation'"
REMITTED = "has_totals AND status = 'correct' AND transmission IS DISTINCT FROM 'failed'"
FACTS = f"currency, status, transaction_count = 0, {REMITTED}, NOT has_totals"
RENEWED = (
    f"UPDATE transaction SET remitted = false WHERE remitted AND NOT ({MOVES_MONEY})",
    f"""
    WITH gone AS (DELETE FROM transaction_day WHERE remitted AND NOT ({MOVES_MONEY}) RETURNING *)
    INSERT INTO transaction_day AS kept
      (merchant_id, contract_id, day, reseller_id, currency, type, outcome, remitted, count, amount)
    SELECT merchant_id, contract_id, day, reseller_id, currency, type, outcome, false, count, amount FROM gone
    ON CONFLICT (merchant_id, contract_id, day, currency, type, outcome, remitted)
    DO UPDATE SET count = kept.count + EXCLUDED.count, amount = kept.amount + EXCLUDED.amount
    """,
    "DELETE FROM remittance_day",
    *(
        f"""
        INSERT INTO remittance_day (merchant_id, contract_id, day, reseller_id, currency, status, is_empty,
          remitted, awaiting_totals, count, debit, refund, cancelled, refund_cancelled, declined)
        SELECT merchant_id, {contract}, collected_on, reseller_id, {FACTS}, count(*), sum(debit_amount),
          sum(refund_amount), sum(cancellation_amount), sum(refund_cancellation_amount), sum(declined_amount)
        FROM remittance WHERE merchant_id <> 0
        GROUP BY merchant_id, {group} collected_on, reseller_id, {FACTS}
        """
        for contract, group in (("contract_id", "contract_id,"), ("0", ""))
    ),
)


def upgrade() -> None:
    _payments()
    for name in ("remitted", "awaiting_totals"):
        op.add_column("remittance_day", sa.Column(name, sa.Boolean(), server_default="false", nullable=False))
        op.alter_column("remittance_day", name, server_default=None)
    op.drop_constraint("remittance_day_pkey", "remittance_day")
    op.create_primary_key("remittance_day_pkey", "remittance_day", KEY)
    for statement in RENEWED:
        op.execute(statement)


def _payments() -> None:
    for column in (
        sa.Column("original_id", sa.BigInteger(), nullable=True),
        sa.Column("original_on", sa.Date(), nullable=True),
        sa.Column("reversal", sa.Text(), server_default="none", nullable=False),
        sa.Column("reversed_amount", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("transaction", column)
    op.create_check_constraint(
        op.f("transaction_reversal_check"),
        "transaction",
        "reversal IN ('none', 'cancelled', 'refunded', 'partly_refunded')",
    )
    number = sa.text("ltrim(sequence_number, '0')")
    op.create_index("transaction_sequence_idx", "transaction", ["merchant_id", "contract_id", number])
    op.create_index(
        "transaction_reversing_idx",
        "transaction",
        ["merchant_id", "contract_id", "occurred_on"],
        postgresql_where=sa.text("original_sequence_number IS NOT NULL"),
    )
    op.create_index(
        "transaction_original_idx",
        "transaction",
        ["merchant_id", "original_id"],
        postgresql_where=sa.text("original_id IS NOT NULL"),
    )

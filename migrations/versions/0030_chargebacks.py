"""Chargebacks and operations on remote payments, and which sales are disputed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

STATES = "'none', 'notice', 'debited', 'reversed'"
STAGES = "'notice', 'debit', 'reversal'"
NAMES = "'capture', 'cancel', 'refund', 'validate', 'modify', 'duplicate', 'other'"


def upgrade() -> None:
    op.add_column("transaction", sa.Column("chargeback", sa.Text(), server_default="none", nullable=False))
    op.create_check_constraint(
        op.f("transaction_chargeback_check"), "transaction", f"chargeback IN ({STATES})"
    )
    op.create_index(
        "transaction_chargeback_idx",
        "transaction",
        ["merchant_id", "occurred_at", "id"],
        postgresql_where=sa.text("chargeback <> 'none'"),
    )
    _chargebacks()
    _operations()


def _of_sale() -> tuple[sa.Column[object], ...]:
    numbers = ("merchant_id", "id", "reseller_id", "source_id", "acceptor_id", "amount", "import_file_id")
    texts = ("contract_number", "sale_number", "currency")
    return (
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("contract_id", "transaction_id")),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("candidates", sa.Integer(), server_default="0", nullable=False),
    )


def _chargebacks() -> None:
    texts = ("stage", "case_key", "card_last4", "reason_code", "reason_text")
    op.create_table(
        "chargeback",
        *_of_sale(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("noticed_on", sa.Date(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=True),
        sa.Column("sale_amount", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("is_last", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("bank_movement_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="chargeback_pkey"),
        sa.UniqueConstraint(
            "merchant_id", "source_id", "stage", "case_key", "noticed_on", name="chargeback_natural_key"
        ),
        sa.CheckConstraint(f"stage IN ({STAGES})", name=op.f("chargeback_stage_check")),
    )
    op.create_index("chargeback_list_idx", "chargeback", ["merchant_id", "noticed_on", "id"])
    op.create_index("chargeback_transaction_idx", "chargeback", ["merchant_id", "transaction_id"])


def _operations() -> None:
    op.create_table(
        "operation",
        *_of_sale(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "said", "sequence", "origin")),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.Column("operated_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="operation_pkey"),
        sa.UniqueConstraint(
            "merchant_id",
            "source_id",
            "contract_number",
            "sold_on",
            "sale_number",
            "sequence",
            "operated_on",
            name="operation_natural_key",
        ),
        sa.CheckConstraint(f"name IN ({NAMES})", name=op.f("operation_name_check")),
    )
    op.create_index("operation_transaction_idx", "operation", ["merchant_id", "transaction_id"])

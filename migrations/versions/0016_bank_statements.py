"""Bank accounts, their statements and the lines of these; which source a file comes from that names none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

GROUPINGS = "'unknown', 'remittance', 'contract_day', 'contract_booking', 'shop_day', 'account_day'"
KINDS = "'remittance', 'refund', 'chargeback', 'chargeback_reversal', 'fee', 'payout'"


def upgrade() -> None:
    op.add_column("source", sa.Column("inbox", sa.Text(), nullable=True))
    op.add_column("source", sa.Column("file_pattern", sa.Text(), nullable=True))
    op.add_column("contract", sa.Column("bank_account_id", sa.BigInteger(), nullable=True))
    op.add_column("import_refusal", sa.Column("unit", sa.Text(), server_default="line", nullable=False))
    _accounts()
    _statements()
    _movements()


def _owned() -> tuple[sa.Column[int], ...]:
    return tuple(
        sa.Column(name, sa.BigInteger(), nullable=False) for name in ("merchant_id", "id", "reseller_id")
    )


def _accounts() -> None:
    op.create_table(
        "bank_account",
        *_owned(),
        sa.Column("account_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("grouping", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("fees", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("working_days", sa.Integer(), server_default="5", nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="bank_account_pkey"),
        sa.UniqueConstraint(
            "merchant_id", "reseller_id", "account_key", "currency", name="bank_account_natural_key"
        ),
        sa.CheckConstraint(f"grouping IN ({GROUPINGS})", name=op.f("bank_account_grouping_check")),
        sa.CheckConstraint(
            "fees IN ('unknown', 'apart', 'deducted', 'monthly')", name=op.f("bank_account_fees_check")
        ),
    )
    op.create_index("bank_account_look_up_idx", "bank_account", ["reseller_id", "account_key", "currency"])


def _statements() -> None:
    op.create_table(
        "bank_statement",
        *_owned(),
        sa.Column("bank_account_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=True),
        sa.Column("closing", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("line_sum", sa.BigInteger(), nullable=False),
        sa.Column("kept_count", sa.Integer(), nullable=False),
        sa.Column("kept_sum", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("import_file_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="bank_statement_pkey"),
        sa.UniqueConstraint(
            "merchant_id", "bank_account_id", "closed_on", "part", name="bank_statement_natural_key"
        ),
    )


def _movements() -> None:
    texts = ("currency", "kind", "code", "inner_code", "label", "entry_number", "reference")
    hints = ("contract_number", "contract_rank", "remittance_number", "settlement_number")
    op.create_table(
        "bank_movement",
        *_owned()[:2],
        sa.Column("booked_on", sa.Date(), nullable=False),
        _owned()[2],
        sa.Column("bank_account_id", sa.BigInteger(), nullable=False),
        sa.Column("bank_statement_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*texts, *hints)),
        sa.Column("batch_count", sa.Integer(), nullable=True),
        sa.Column("gross", sa.BigInteger(), nullable=True),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.Column("reversal", sa.Boolean(), nullable=False),
        sa.Column("import_file_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "id", "booked_on", name="bank_movement_pkey"),
        sa.UniqueConstraint(
            "merchant_id", "bank_statement_id", "rank", "booked_on", name="bank_movement_natural_key"
        ),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("bank_movement_kind_check")),
        postgresql_partition_by="RANGE (booked_on)",
    )
    op.create_index(
        "bank_movement_account_idx", "bank_movement", ["merchant_id", "bank_account_id", "booked_on", "id"]
    )

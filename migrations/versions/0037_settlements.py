"""Settlements of acquirers and platforms, what they are made of, and the remittances that they pay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

LINE_KINDS = "'remittance', 'sale', 'refund', 'chargeback', 'chargeback_reversal', 'fee', 'adjustment'"
LINE_KINDS += ", 'reserve', 'conversion', 'payout'"
LINE_KINDS += ", 'conversion', 'payout'"
CREDITS = "'unknown', 'not_expected', 'expected', 'announced', 'credited', 'differs', 'late'"
#: Of lines that are there already, their label tells the payer.
PAYERS = "AMERICAN EXPRESS|EDENRED|PLUXEE|UP|SWILE|BIMPLI|ADYEN|STRIPE|SUMUP|WORLDLINE|PAYPLUG|ZETTLE"


def upgrade() -> None:
    _settlements()
    _lines()
    _links()
    op.add_column("bank_movement", sa.Column("payer", sa.Text(), server_default="", nullable=False))
    op.execute(
        rf"""
        UPDATE bank_movement SET payer = COALESCE((regexp_match(upper(label), '\m({PAYERS})\M'))[1], '')
        WHERE kind = 'payout'
        """
    )
    op.add_column("remittance", sa.Column("fee_amount", sa.BigInteger(), nullable=True))
    op.drop_constraint(op.f("remittance_credit_check"), "remittance")
    op.create_check_constraint(op.f("remittance_credit_check"), "remittance", f"credit IN ({CREDITS})")
    op.drop_index("remittance_credit_idx", "remittance")
    op.create_index(
        "remittance_credit_idx",
        "remittance",
        ["merchant_id", "credit", "collected_at", "id"],
        postgresql_where=sa.text("credit IN ('expected', 'announced', 'differs', 'late')"),
    )
    op.add_column("remittance_day", sa.Column("fee", sa.BigInteger(), server_default="0", nullable=False))


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _settlements() -> None:
    op.create_table(
        "settlement",
        *_numbers("merchant_id", "id", "reseller_id", "acceptor_id", "source_id"),
        *_texts("payer", "payee", "number", "reference"),
        sa.Column("paid_on", sa.Date(), nullable=False),
        *_texts("currency", "account_key_last"),
        *_numbers("gross", "discount", "fee", "adjustment", "tax", "carried_over", "net"),
        sa.Column("net_proven", sa.Boolean(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        *_texts("state", "digest"),
        *_numbers("import_file_id"),
        *_numbers("bank_movement_id", nullable=True),
        sa.Column("credited_on", sa.Date(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="settlement_pkey"),
        sa.UniqueConstraint(
            "merchant_id",
            "source_id",
            "payee",
            "number",
            "paid_on",
            "currency",
            name="settlement_natural_key",
        ),
        sa.CheckConstraint("state IN ('announced', 'paid', 'carried')", name=op.f("settlement_state_check")),
    )
    op.create_index("settlement_paid_idx", "settlement", ["merchant_id", "paid_on", "id"])


def _lines() -> None:
    op.create_table(
        "settlement_line",
        *_numbers("merchant_id", "id"),
        sa.Column("paid_on", sa.Date(), nullable=False),
        *_numbers("reseller_id", "acceptor_id", "settlement_id"),
        sa.Column("rank", sa.Integer(), nullable=False),
        *_texts("kind"),
        *_numbers("gross", "fee_hundredths", "net_hundredths"),
        *_texts("currency", "contract_number", "reference", "merchant_reference"),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        *_texts("card_last4"),
        sa.Column("count", sa.Integer(), nullable=True),
        *_numbers("import_file_id"),
        *_numbers("transaction_id", nullable=True),
        sa.Column("transaction_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", "paid_on", name="settlement_line_pkey"),
        sa.UniqueConstraint(
            "merchant_id", "settlement_id", "rank", "paid_on", name="settlement_line_natural_key"
        ),
        sa.CheckConstraint(f"kind IN ({LINE_KINDS})", name=op.f("settlement_line_kind_check")),
        postgresql_partition_by="RANGE (paid_on)",
    )
    op.create_index(
        "settlement_line_transaction_idx",
        "settlement_line",
        ["merchant_id", "transaction_id"],
        postgresql_where=sa.text("transaction_id IS NOT NULL"),
    )


def _links() -> None:
    op.create_table(
        "settlement_link",
        *_numbers("merchant_id", "settlement_id", "remittance_id", "reseller_id"),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        *_numbers("amount"),
        *_numbers("fee", nullable=True),
        *_texts("rule", "certainty"),
        sa.PrimaryKeyConstraint("merchant_id", "settlement_id", "remittance_id", name="settlement_link_pkey"),
        sa.CheckConstraint(
            "certainty IN ('certain', 'proposed')", name=op.f("settlement_link_certainty_check")
        ),
    )
    op.create_index("settlement_link_remittance_idx", "settlement_link", ["merchant_id", "remittance_id"])

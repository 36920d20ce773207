"""Mails on their way.

The web writes a delivery with its request and renews one that failed; it never reads a composed mail
again, since a mail may hold a link that lets somebody in. The worker sends.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reseller_slug", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("remittance_id", sa.BigInteger(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "deadline",
            sa.DateTime(timezone=True),
            server_default=sa.text("(now() + '72 hours'::interval)"),
            nullable=False,
        ),
        sa.Column("last_fault", sa.Text(), nullable=True),
        sa.Column("last_reply", sa.Text(), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uncertain_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('ticket', 'invitation', 'reset', 'notice')", name=op.f("delivery_kind_check")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'retrying', 'failed')",
            name=op.f("delivery_state_check"),
        ),
        sa.CheckConstraint(
            "last_fault IN ('no_folder', 'host_unknown', 'connection_refused', 'timeout', 'disconnected',"
            " 'certificate', 'tls', 'starttls_missing', 'greeting', 'authentication', 'sender_refused',"
            " 'recipient_refused', 'message_refused')",
            name=op.f("delivery_last_fault_check"),
        ),
        sa.PrimaryKeyConstraint("id", name="delivery_pkey"),
        sa.UniqueConstraint("message_id", name="delivery_message_id_key"),
    )
    _indexes()


def _indexes() -> None:
    op.create_index(
        "delivery_request_idx",
        "delivery",
        [sa.text("coalesce(user_id, 0)"), "request_key", "recipient"],
        unique=True,
    )
    op.create_index(
        "delivery_open_idx",
        "delivery",
        ["next_try_at"],
        postgresql_where=sa.text("state NOT IN ('sent', 'failed')"),
    )
    for name, columns in {
        "delivery_user_idx": ["user_id", "created_at"],
        "delivery_recipient_idx": ["recipient", "created_at"],
        "delivery_merchant_idx": ["merchant_id", "created_at"],
        "delivery_transaction_idx": ["merchant_id", "transaction_id"],
        "delivery_remittance_idx": ["merchant_id", "remittance_id"],
    }.items():
        op.create_index(name, "delivery", columns)

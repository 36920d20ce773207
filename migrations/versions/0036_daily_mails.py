"""Daily mails: who asked for one, of which merchant, with which file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "daily_mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("file_kind", sa.Text(), nullable=False),
        sa.Column("also_empty", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="daily_mail_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="daily_mail_user_id_fkey", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("user_id", "merchant_id", name="daily_mail_natural_key"),
        sa.CheckConstraint("file_kind IN ('csv', 'xlsx')", name=op.f("daily_mail_file_kind_check")),
    )
    kinds = "'ticket', 'invitation', 'reset', 'notice', 'report'"
    op.drop_constraint(op.f("delivery_kind_check"), "delivery")
    op.create_check_constraint(op.f("delivery_kind_check"), "delivery", f"kind IN ({kinds})")

"""When a person last proved who he is, the browsers he comes with, and whom a journal line is about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

#: What a person did belongs to the merchants he has now: nothing tells any more which he had then.
NAME_THE_MERCHANTS = """
UPDATE journal_entry SET merchant_ids = held.ids
FROM (SELECT user_id, array_agg(merchant_id) AS ids FROM membership GROUP BY user_id) AS held
WHERE held.user_id = journal_entry.user_id AND journal_entry.merchant_id IS NULL
"""
#: Lines named the person invited by the invitation's number, and invitations go long before lines do.
NAME_THE_INVITED = """
UPDATE journal_entry SET details = details || jsonb_build_object('whom', invitation.email)
FROM invitation WHERE invitation.id = CAST(journal_entry.details ->> 'invitation' AS bigint)
"""


def upgrade() -> None:
    op.add_column("user_session", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("user_account", sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "known_device",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="known_device_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "key_hash", name="known_device_pkey"),
    )
    merchants = postgresql.ARRAY(sa.BigInteger())
    op.add_column("journal_entry", sa.Column("merchant_ids", merchants, server_default="{}", nullable=False))
    op.create_index("journal_entry_merchants_idx", "journal_entry", ["merchant_ids"], postgresql_using="gin")
    for statement in (NAME_THE_INVITED, NAME_THE_MERCHANTS):
        op.execute(statement)

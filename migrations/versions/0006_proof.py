"""When a person last proved who he is, the browsers he comes with, and whom a journal line is about."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"

GRANT = "GRANT SELECT, INSERT, UPDATE, DELETE ON known_device TO portal_web"
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
    op.execute(GRANT)
    op.execute(NAME_THE_INVITED)

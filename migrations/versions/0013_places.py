"""The place is in the address: a session only remembers which one was used last, and which staff look at."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.alter_column("user_session", "merchant_id", new_column_name="last_merchant_id")
    op.alter_column("user_session", "reseller_id", new_column_name="last_reseller_id")
    op.add_column(
        "user_session",
        sa.Column("viewed_merchant_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
    )

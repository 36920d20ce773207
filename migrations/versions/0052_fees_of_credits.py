"""What a bank says that it took off a credit, kept with the links of its line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.add_column("credit_link", sa.Column("group_fee", sa.BigInteger(), nullable=True))

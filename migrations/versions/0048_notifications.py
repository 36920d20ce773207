"""What a bank notifies of, told from its statements: several a day are of one account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    column = sa.Column("notification", sa.Text(collation="C"), server_default="", nullable=False)
    op.add_column("bank_statement", column)

"""What a maintainer's desk alone has declared; what is there already counts as the operator's word."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    for table in ("contract", "acceptor", "bank_account"):
        op.add_column(table, sa.Column("by_desk", sa.Boolean(), server_default="false", nullable=False))

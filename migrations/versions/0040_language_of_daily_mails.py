"""The language of each daily mail: that in which it was asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("daily_mail", sa.Column("language", sa.Text(), server_default="fr", nullable=False))

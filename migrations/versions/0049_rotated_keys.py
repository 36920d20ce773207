"""What a person's second factor differs by from what the portal's present key derives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    zeros = sa.text("decode(repeat('00', 20), 'hex')")
    op.add_column("second_factor", sa.Column("cover", sa.LargeBinary(), nullable=False, server_default=zeros))

"""Names have their folded form beside them: alphabetical lists go by it, the same on every server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

NAMES = (("merchant", "name"), ("outlet", "trade_name"))


def upgrade() -> None:
    for table, name in NAMES:
        key = sa.Column(
            f"{name}_key", sa.Text(collation="C"), sa.Computed(f"fold({name})", persisted=True), nullable=True
        )
        op.add_column(table, key)

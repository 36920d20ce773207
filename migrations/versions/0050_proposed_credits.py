"""Which remittances a line is proposed to credit: the list says it, and is asked for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"

PROPOSED = """
UPDATE remittance r SET credit_proposed = true FROM credit_link l
WHERE l.certainty = 'proposed' AND r.merchant_id = l.merchant_id AND r.id = l.remittance_id
  AND r.collected_on = l.collected_on
"""


def upgrade() -> None:
    column = sa.Column("credit_proposed", sa.Boolean(), server_default="false", nullable=False)
    op.add_column("remittance", column)
    op.execute(PROPOSED)

"""Whose the numbers are by which acquirers and platforms know a merchant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

#: A number that contracts of several merchants bear names nobody.
DECLARED = """
INSERT INTO acceptor (merchant_id, id, reseller_id, number)
SELECT min(merchant_id), nextval('party_id'), reseller_id, number FROM contract WHERE merchant_id <> 0
GROUP BY reseller_id, number HAVING count(DISTINCT merchant_id) = 1
"""


def upgrade() -> None:
    op.create_table(
        "acceptor",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("merchant_id", "id", "reseller_id")),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="acceptor_pkey"),
        sa.UniqueConstraint("merchant_id", "reseller_id", "number", name="acceptor_natural_key"),
    )
    op.create_index("acceptor_look_up_idx", "acceptor", ["reseller_id", "number"])
    op.execute(DECLARED)

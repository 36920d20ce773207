"""A bound on attempts that is reached counts how often, and is said in the journal once in five minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("sign_in_attempt", sa.Column("count", sa.BigInteger(), server_default="1", nullable=False))

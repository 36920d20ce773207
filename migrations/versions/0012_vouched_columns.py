"""An operator vouches for columns of a source whose references look like card numbers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    columns = postgresql.ARRAY(sa.Text())
    op.add_column("source", sa.Column("vouched_columns", columns, server_default="{}", nullable=False))

"""The maintainer's desk: what it asks of the worker, whose a file is, and the journal by person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

#: The journal is kept twelve months: nobody can make it forget anything younger.
FORGET_JOURNAL = """
CREATE FUNCTION forget_journal() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  WITH gone AS (DELETE FROM journal_entry WHERE at < now() - interval '12 months' RETURNING 1)
  SELECT count(*) FROM gone
$$
"""


def upgrade() -> None:
    op.create_table(
        "desk_task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("import_file_id", sa.BigInteger(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("refusals", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.CheckConstraint("kind IN ('attach', 'retry', 'replace')", name=op.f("desk_task_kind_check")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("desk_task_state_check")),
        sa.PrimaryKeyConstraint("id", name="desk_task_pkey"),
    )
    op.create_index("desk_task_reseller_idx", "desk_task", ["reseller_id", "kind", "id"])
    op.add_column(
        "import_file",
        sa.Column("reseller_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
    )
    op.create_index("import_file_received_idx", "import_file", ["received_at", "id"])
    op.create_index("journal_entry_user_idx", "journal_entry", ["user_id", "at"])
    op.create_index("journal_entry_at_idx", "journal_entry", ["at", "id"])
    op.execute(FORGET_JOURNAL)

"""Room for any kind of record: partitions of any monthly table, counts by name, days received by subject."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

# A partition is made apart and attached: readers and writers of the others go on meanwhile. The owner does
# it on demand of the importing role (SECURITY DEFINER), one caller at a time.
ENSURE_PARTITION = """
CREATE FUNCTION ensure_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  part text := parent || to_char(month, '"_p"YYYYMM');
BEGIN
  IF first < date '2000-01-01' OR first >= date '2100-01-01' THEN
    RAISE EXCEPTION 'no partition outside of this century';
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_partitioned_table WHERE partrelid = to_regclass(format('public.%I', parent))
  ) THEN
    RAISE EXCEPTION 'no table of this name is partitioned';
  END IF;
  IF to_regclass(format('public.%I', part)) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(7251002);
  -- What another caller has just made stands in the table itself; the answer given above may be remembered.
  IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = part) THEN
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, parent);
    EXECUTE format(
      'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
      parent, part, first, (first + interval '1 month')::date);
  END IF;
END $$
"""
PARTITIONS = (
    ENSURE_PARTITION,
    "DROP FUNCTION ensure_partitions",
)

COUNTS = {
    "contracts": "contract_count",
    "remittances": "remittance_count",
    "transactions": "transaction_count",
}
# A file of payments counts both kinds, however many; a referential its contracts.
BY_NAME = """
UPDATE import_file SET counts = CASE
  WHEN status = 'quarantined' THEN '{}'::jsonb
  WHEN file_key IS NULL THEN jsonb_build_object('contracts', contract_count)
  ELSE jsonb_build_object('remittances', remittance_count, 'transactions', transaction_count)
END
"""
# What a file vouched for was the day before the night it was made in, and the days that it caught up.
BY_SUBJECT = """
INSERT INTO received_day (source_id, subject, day, import_file_id, made_at, caught_up)
SELECT d.source_id, s.subject, d.day, d.import_file_id, f.created_at,
  d.day <> ((f.created_at AT TIME ZONE 'Europe/Paris') - interval '12 hours')::date
FROM received_day_before d JOIN import_file f ON f.id = d.import_file_id
CROSS JOIN LATERAL (VALUES ('remittances', d.remittances), ('transactions', d.transactions))
  AS s (subject, carried)
WHERE s.carried AND f.created_at IS NOT NULL
"""


def upgrade() -> None:
    for statement in PARTITIONS:
        op.execute(statement)
    _count_by_name()
    _receive_by_subject()


def _count_by_name() -> None:
    op.add_column("import_file", sa.Column("counts", postgresql.JSONB(), server_default="{}", nullable=False))
    op.execute(BY_NAME)
    op.alter_column("import_file", "counts", server_default=None)
    for column in (*COUNTS.values(), "unclaimed_count"):
        op.drop_column("import_file", column)


def _receive_by_subject() -> None:
    op.rename_table("received_day", "received_day_before")
    op.execute(
        "ALTER TABLE received_day_before RENAME CONSTRAINT received_day_pkey TO received_day_before_pkey"
    )
    op.create_table(
        "received_day",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("import_file_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caught_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "subject", "day", "import_file_id", name="received_day_pkey"),
    )
    op.execute(BY_SUBJECT)
    op.drop_table("received_day_before")

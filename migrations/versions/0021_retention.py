"""History is kept 15 months: the owner drops whole partitions for the importer, none that is younger."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"

#: Nobody can make it drop a month that is not older; readers wait for it two seconds at most.
DROP_PARTITION = """
CREATE FUNCTION drop_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET lock_timeout = '2s' AS $$
DECLARE
  first date := date_trunc('month', month)::date;
BEGIN
  IF first >= date_trunc('month', current_date - interval '15 months') THEN
    RAISE EXCEPTION 'this month is still kept';
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_partitioned_table WHERE partrelid = to_regclass(format('public.%I', parent))
  ) THEN
    RAISE EXCEPTION 'no table of this name is partitioned';
  END IF;
  EXECUTE format('DROP TABLE IF EXISTS public.%I', parent || to_char(first, '"_p"YYYYMM'));
END $$
"""
#: The importer makes and removes no delivery itself.
FORGET_DELIVERIES = """
CREATE FUNCTION forget_deliveries() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  DELETE FROM delivery WHERE state IN ('sent', 'failed')
    AND created_at < date_trunc('month', current_date - interval '15 months')
$$
"""


def upgrade() -> None:
    for function, statement in (("drop_partition", DROP_PARTITION), ("forget_deliveries", FORGET_DELIVERIES)):
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")

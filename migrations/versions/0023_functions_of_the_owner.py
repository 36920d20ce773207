"""What acts with the owner's rights takes no name from a temporary schema, and no month before this century.

PostgreSQL looks into the caller's temporary schema first unless the path names it: a table there, with a
trigger or as a view, would run the caller's own code as the owner.
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

FUNCTIONS = (
    "ensure_partition(text, date)",
    "drop_partition(text, date)",
    "forget_deliveries()",
    "forget_journal()",
)
#: Nobody can make it drop a month that is not older: those before Christ are written as those after.
DROP_PARTITION = """
CREATE OR REPLACE FUNCTION drop_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET lock_timeout = '2s' AS $$
DECLARE
  first date := date_trunc('month', month)::date;
BEGIN
  IF first < date '2000-01-01' THEN
    RAISE EXCEPTION 'no partition outside of this century';
  END IF;
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


def upgrade() -> None:
    op.execute(DROP_PARTITION)
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET search_path = pg_catalog, public, pg_temp")

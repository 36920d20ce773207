"""A function by which the importer has statistics gathered of what a load has changed much.

Partitions belong to the owner, and whoever does not own a table may not gather its statistics. Expressions of
a table are worked out as its own owner would, here as by PostgreSQL's own gathering at any other time.
"""

from __future__ import annotations

from alembic import op

revision = "0063"
down_revision = "0062"

# Where nothing was ever gathered, or a tenth has come since. Whatever gathers already is not waited for. On
# the coordinator of Citus the tables are empty and nothing is done: each node gathers its own.
GATHER_STATISTICS = """
CREATE FUNCTION gather_statistics(smallest bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  changed text;
BEGIN
  FOR changed IN
    SELECT c.relname FROM pg_class c JOIN pg_stat_all_tables s ON s.relid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND pg_relation_size(c.oid) >= smallest AND (
      s.last_analyze IS NULL AND s.last_autoanalyze IS NULL
      OR pg_relation_size(c.oid) > 1.1 * c.relpages * current_setting('block_size')::int
    ) ORDER BY 1
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) public.%I', changed);
  END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute(GATHER_STATISTICS)

"""A month's partition in two steps, so that its first rows are there before its indexes are.

Indexes that are built over rows cost a third of those that are kept up row by row.
"""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0055"

# The importer, who may create nothing here, fills a table that is the owner's: they are granted no more than
# to add rows, and that only until it is attached.
BEGIN_PARTITION = """
CREATE FUNCTION begin_partition(parent text, month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  part text := parent || to_char(month, '"_p"YYYYMM');
  writer text;
BEGIN
  IF first < date '2000-01-01' OR first >= date '2100-01-01' THEN
    RAISE EXCEPTION 'no partition outside of this century';
  END IF;
  SELECT pg_get_userbyid(c.relowner) INTO writer
  FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
  WHERE c.oid = to_regclass(format('public.%I', parent));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no table of this name is partitioned';
  END IF;
  IF to_regclass(format('public.%I', part)) IS NOT NULL THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(7251002);
  -- What another caller has just made stands in the table itself; the answer given above may be remembered.
  IF EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = part) THEN
    RETURN NULL;
  END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL EXCLUDING INDEXES)', part, parent);
  EXECUTE format('GRANT INSERT ON public.%I TO %I', part, writer);
  RETURN part;
END $$
"""
# Attaching builds the indexes of the parent, as the owner: of the owner's tables alone, which nobody else can
# make in this schema, any more than an index. A foreign key would look into other tables as the owner, and a
# parent's belongs to the importer.
ATTACH_PARTITION = """
CREATE FUNCTION attach_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  part text := parent || to_char(month, '"_p"YYYYMM');
  writer text;
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = part AND relkind = 'r'
      AND NOT relispartition AND pg_get_userbyid(relowner) = current_user
  ) THEN
    RAISE EXCEPTION 'no partition was begun for this month';
  END IF;
  IF EXISTS (
    SELECT FROM pg_constraint WHERE conrelid = to_regclass(format('public.%I', parent)) AND contype = 'f'
  ) THEN
    RAISE EXCEPTION 'a table that is partitioned by month has no foreign keys';
  END IF;
  SELECT pg_get_userbyid(relowner) INTO writer FROM pg_class
  WHERE oid = to_regclass(format('public.%I', parent));
  EXECUTE format('REVOKE INSERT ON public.%I FROM %I', part, writer);
  EXECUTE format(
    'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    parent, part, first, (first + interval '1 month')::date);
END $$
"""
# The same without rows: for those that come in another way than by COPY.
ENSURE_PARTITION = """
CREATE OR REPLACE FUNCTION ensure_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF public.begin_partition(parent, month) IS NOT NULL THEN
    PERFORM public.attach_partition(parent, month);
  END IF;
END $$
"""


def upgrade() -> None:
    for statement in (BEGIN_PARTITION, ATTACH_PARTITION, ENSURE_PARTITION):
        op.execute(statement)

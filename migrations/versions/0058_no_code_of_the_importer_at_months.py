"""Months are made and attached only while no expression calls code of the importer's.

A table of payments belongs to the importer, who may add to it a check, or statistics in their temporary
schema, that call a function of theirs. PostgreSQL works such expressions out beforehand as whoever attaches:
the owner.
"""

from __future__ import annotations

from alembic import op

revision = "0058"
down_revision = "0057"

# The lock keeps others from adding anything to the table once it was looked at; under a snapshot of before,
# what they had added would not be seen. All that calls a function goes with that function. Triggers and rules
# call theirs when rows come, which the importer brings themselves.
LOCK_WITHOUT_CODE = """
CREATE FUNCTION lock_without_code(parent text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'months are made under read committed alone';
  END IF;
  EXECUTE format('LOCK TABLE ONLY public.%I IN SHARE UPDATE EXCLUSIVE MODE', parent);
  IF EXISTS (
    SELECT FROM pg_class c JOIN pg_proc p ON p.proowner = c.relowner
    JOIN pg_depend d ON (d.refclassid, d.refobjid) = ('pg_proc'::regclass, p.oid)
    WHERE d.classid NOT IN ('pg_trigger'::regclass, 'pg_rewrite'::regclass)
      AND c.oid = to_regclass(format('public.%I', parent)) AND pg_get_userbyid(c.relowner) <> current_user
  ) THEN
    RAISE EXCEPTION 'the role that owns this table calls functions of its own';
  END IF;
END $$
"""
BEGIN_PARTITION = """
CREATE OR REPLACE FUNCTION begin_partition(parent text, month date) RETURNS text
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
  PERFORM public.lock_without_code(parent);
  EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL EXCLUDING INDEXES)', part, parent);
  EXECUTE format('GRANT INSERT ON public.%I TO %I', part, writer);
  RETURN part;
END $$
"""
ATTACH_PARTITION = """
CREATE OR REPLACE FUNCTION attach_partition(parent text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  part text := parent || to_char(month, '"_p"YYYYMM');
  writer text;
BEGIN
  PERFORM public.lock_without_code(parent);
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


def upgrade() -> None:
    op.execute(LOCK_WITHOUT_CODE)
    op.execute("REVOKE ALL ON FUNCTION lock_without_code(text) FROM PUBLIC")
    for statement in (BEGIN_PARTITION, ATTACH_PARTITION):
        op.execute(statement)

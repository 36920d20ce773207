"""The rules that let Citus spread the payment tables later, checked on plain PostgreSQL (R1 to R24, §9)."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from app.database.engine import DatabaseRole
from app.database.migrate import alembic_config, revisions
from app.models import Base

DISTRIBUTED = {"remittance", "transaction", "transaction_day", "remittance_day", "contract", "outlet"} | {
    "remittance_third",
    "transaction_band",
    "transaction_third",
    "terminal",
    "terminal_day",
    "terminal_month",
    "acceptor",
    "known_value",
    "bank_account",
    "bank_statement",
    "chargeback",
    "operation",
    "remote_payment",
    "credit_link",
    "credit_decision",
    "bank_movement",
    "settlement",
    "settlement_line",
    "settlement_link",
}
REFERENCE = {"reseller", "merchant"}
#: Citus adds a shard's number to a name, and PostgreSQL cuts names at 63 bytes.
LONGEST_NAME = 48

CONSTRAINTS = """
SELECT parent.relname AS table_name, conname AS name, contype AS kind, target.relname AS target,
  ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place) AS columns
FROM pg_constraint
JOIN pg_class AS parent ON parent.oid = conrelid AND NOT parent.relispartition
JOIN pg_namespace ON pg_namespace.oid = parent.relnamespace AND nspname = 'public'
LEFT JOIN pg_class AS target ON target.oid = confrelid
WHERE contype <> 'n' AND NOT starts_with(parent.relname, 'procrastinate_')
  AND parent.relname <> 'alembic_version'
"""
UNIQUE_INDEXES = """
SELECT relation.relname AS table_name, index.relname AS name,
  ARRAY(SELECT pg_get_indexdef(indexrelid, place, true)
    FROM generate_series(1, indnkeyatts) AS place) AS columns
FROM pg_index
JOIN pg_class AS relation ON relation.oid = indrelid
JOIN pg_class AS index ON index.oid = indexrelid
WHERE indisunique AND relation.relname = ANY(:tables)
"""


@pytest.fixture(scope="module")
def ask(module_database):
    """Ask the catalogue as the owner; returns all rows."""
    with module_database.reading(DatabaseRole.OWNER) as connection:
        yield lambda query, **values: connection.execute(text(query), values).all()


def test_the_tables_to_distribute_are_those_of_the_model():
    keyed = {
        name for name, table in Base.metadata.tables.items() if "merchant_id" in table.primary_key.columns
    }
    assert keyed == DISTRIBUTED


def test_merchant_id_is_a_mandatory_bigint_in_every_table_to_distribute(ask):
    found = ask(
        "SELECT table_name, data_type, is_nullable, is_generated, is_identity, column_default"
        " FROM information_schema.columns WHERE column_name = 'merchant_id' AND table_name = ANY(:tables)",
        tables=list(DISTRIBUTED),
    )
    assert {row[0]: tuple(row[1:]) for row in found} == dict.fromkeys(
        DISTRIBUTED, ("bigint", "NO", "NEVER", "NO", None)
    )


def test_merchant_id_leads_every_unique_index(ask):
    indexes = ask(UNIQUE_INDEXES, tables=list(DISTRIBUTED))
    assert {index.table_name for index in indexes} == DISTRIBUTED
    assert [index.name for index in indexes if index.columns[0] != "merchant_id"] == []


def test_a_partition_key_is_in_every_unique_index_of_its_table(ask):
    for table, key in (
        ("remittance", "collected_on"),
        ("transaction", "occurred_on"),
        ("bank_movement", "booked_on"),
        ("settlement_line", "paid_on"),
    ):
        indexes = ask(UNIQUE_INDEXES, tables=[table])
        assert len(indexes) >= 2
        assert [index.name for index in indexes if key not in index.columns] == []


def test_no_default_of_a_table_to_distribute_comes_from_a_sequence(ask):
    defaults = ask(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_name = ANY(:tables)"
        " AND (is_identity = 'YES' OR column_default LIKE '%nextval%' OR column_default LIKE '%now()%')",
        tables=list(DISTRIBUTED),
    )
    assert defaults == []


def test_there_is_no_trigger_and_no_rule_on_our_tables(ask):
    ours = list(Base.metadata.tables)
    triggers = "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    assert ask(f"{triggers} WHERE NOT tgisinternal AND relname = ANY(:tables)", tables=ours) == []
    assert ask("SELECT rulename FROM pg_rules WHERE tablename = ANY(:tables)", tables=ours) == []


def test_foreign_keys_of_tables_to_distribute_stay_in_their_group_or_point_at_reference_tables(ask):
    keys = [row for row in ask(CONSTRAINTS) if row.kind == "f" and row.table_name in DISTRIBUTED]
    assert keys, "the contract's outlet at least"
    for key in keys:
        same_group = key.target in DISTRIBUTED and key.columns[0] == "merchant_id"
        assert same_group or key.target in REFERENCE, key.name


def test_nothing_else_points_into_tables_to_distribute(ask):
    strangers = [
        row.name
        for row in ask(CONSTRAINTS)
        if row.kind == "f" and row.target in DISTRIBUTED and row.table_name not in DISTRIBUTED
    ]
    assert strangers == []


def test_payments_have_no_foreign_keys(ask):
    tables = ("remittance", "transaction", "remittance_day", "transaction_day")
    tables += ("remittance_third", "transaction_third", "transaction_band")
    assert [row.name for row in ask(CONSTRAINTS) if row.kind == "f" and row.table_name in tables] == []


def test_every_constraint_has_the_name_that_the_model_gives_it(ask):
    prepare = postgresql.dialect().identifier_preparer.format_constraint
    declared = {
        (table.name, prepare(constraint).strip('"'))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
    }
    found = {(row.table_name, row.name) for row in ask(CONSTRAINTS)}
    assert found == declared
    assert max(len(name) for _, name in found) <= LONGEST_NAME


def test_indexes_have_the_names_that_the_model_gives_them(ask):
    found = ask(
        "SELECT tablename, indexname FROM pg_indexes JOIN pg_class ON pg_class.relname = tablename"
        " WHERE schemaname = 'public' AND NOT relispartition AND tablename = ANY(:tables)"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)",
        tables=list(Base.metadata.tables),
    )
    declared = {
        (table.name, index.name) for table in Base.metadata.tables.values() for index in table.indexes
    }
    assert {tuple(row) for row in found} == declared


def test_a_portal_without_a_file_has_no_month(ask):
    """Each comes with the first file that touches it: a table of nineteen empty ones costs every question."""
    partitioned = {row[0] for row in ask("SELECT partrelid::regclass::text FROM pg_partitioned_table")}
    assert partitioned == {"remittance", "transaction", "bank_movement", "settlement_line"}
    assert ask("SELECT relname FROM pg_class WHERE relispartition") == []


def test_migrations_have_one_head_and_build_what_the_model_declares(database):
    config = alembic_config(database)
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
    command.check(config)


def test_the_numbers_of_migrations_are_those_of_their_files(database):
    known = ScriptDirectory.from_config(alembic_config(database)).walk_revisions()
    assert revisions() == tuple(migration.revision for migration in known)


def test_migrations_leave_nothing_that_the_model_does_not_know(ask):
    tables = {
        row[0]
        for row in ask(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition"
        )
    }
    ours = {name for name in tables if not name.startswith("procrastinate_")} - {"alembic_version"}
    assert ours == set(Base.metadata.tables)

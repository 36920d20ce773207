"""A month that begins with a load: filled apart, then attached, and from then on as any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.database.engine import Database, DatabaseRole
from app.database.migrate import attach_partition, begin_partitions, ensure_partitions
from importers.load import Status
from tests.importers.conftest import Operator, Preparation
from tests.importers.files import BOTH, File, Rem, Trx

TABLES = ("remittance", "transaction", "bank_movement", "settlement_line")
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
#: A call after midnight: it lies in April, its payments in March and April.
ACROSS = Rem(
    number="000500",
    opened="2026-03-31T09:00:00",
    collected="2026-04-01T00:20:00",
    transactions=(
        Trx(sequence="000201", at="2026-03-31T18:00:00", amount=1200),
        Trx(sequence="000202", at="2026-04-01T00:10:00", amount=800),
    ),
)
NIGHT_ACROSS = File(remittances=(ACROSS,), key="across", created="2026-04-01T02:00:00+02:00")
BY_MONTH = (
    "SELECT tableoid::regclass::text, count(*) FROM transaction GROUP BY 1 UNION ALL"
    " SELECT tableoid::regclass::text, count(*) FROM remittance GROUP BY 1 ORDER BY 1"
)
NAMES = "SELECT relname::text FROM pg_class WHERE relname ~ '_p[0-9]{6}$' ORDER BY 1"

#: What the catalogue of the database knows of a table, whatever its name; of a key it notes besides that none
#: inherits it, where it was there before its table was attached.
CATALOGUE = (
    """
    SELECT relkind, pg_get_userbyid(relowner), relpersistence, relispartition, relrowsecurity,
      relforcerowsecurity, relreplident, reloptions, relhastriggers, relhasrules,
      pg_get_expr(relpartbound, oid) IS NOT NULL,
      ARRAY(SELECT (grantee, privilege_type, is_grantable)::text
        FROM aclexplode(COALESCE(relacl, acldefault('r', relowner))) ORDER BY 1)
    FROM pg_class WHERE oid = :part
    """,
    """
    SELECT attnum, attname, atttypid::regtype, attnotnull, attgenerated, attidentity, attstattarget,
      attstorage, attcompression, attcollation, attislocal, attinhcount, attacl, attoptions,
      pg_get_expr(adbin, adrelid)
    FROM pg_attribute LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
    WHERE attrelid = :part AND attnum > 0 ORDER BY 1
    """,
    """
    SELECT replace(conname, relname, 'part'), contype, convalidated, conislocal, coninhcount,
      connoinherit AND contype NOT IN ('p', 'u'), pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE conrelid = :part ORDER BY 1
    """,
    """
    SELECT replace(pg_get_indexdef(i.indexrelid), c.relname, 'part'), indisprimary, indisunique, indisvalid,
      indisready, indcheckxmin, inhparent::regclass, pg_get_userbyid(x.relowner),
      ARRAY(SELECT attstattarget FROM pg_attribute WHERE attrelid = i.indexrelid ORDER BY attnum)
    FROM pg_index i JOIN pg_class c ON c.oid = indrelid JOIN pg_class x ON x.oid = indexrelid
    LEFT JOIN pg_inherits ON inhrelid = indexrelid WHERE indrelid = :part ORDER BY 1
    """,
    "SELECT polname FROM pg_policy WHERE polrelid = :part",
    "SELECT tgname FROM pg_trigger WHERE tgrelid = :part",
    "SELECT stxkind FROM pg_statistic_ext WHERE stxrelid = :part",
)


def catalogue(connection: Connection, part: str) -> list[list[tuple[object, ...]]]:
    oid = connection.scalar(text("SELECT to_regclass(:part)::oid"), {"part": part})
    assert oid is not None, part
    return [[tuple(row) for row in connection.execute(text(query), {"part": oid})] for query in CATALOGUE]


@pytest.mark.parametrize("table", TABLES)
def test_a_month_is_the_same_whether_it_is_filled_first_or_empty_or_made_with_its_indexes(
    table: str, database: Database
) -> None:
    with database.writing(DatabaseRole.IMPORT) as connection:
        ensure_partitions(connection, {table: [MARCH]})
        assert begin_partitions(connection, table, [MARCH, APRIL]) == {APRIL: f"{table}_p202604"}
        attach_partition(connection, table, APRIL)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text(f"CREATE TABLE {table}_p202605 (LIKE {table} INCLUDING ALL)"))
        connection.execute(
            text(
                f"ALTER TABLE {table} ATTACH PARTITION {table}_p202605"
                " FOR VALUES FROM ('2026-05-01') TO ('2026-06-01')"
            )
        )
        whole = catalogue(connection, f"{table}_p202605")
        assert len(whole[3]) > 1
        for month in ("03", "04"):
            assert catalogue(connection, f"{table}_p2026{month}") == whole


def declared(operator: Operator) -> None:
    operator.declare(*BOTH)


def test_rows_of_a_month_that_is_there_and_of_one_that_begins_go_to_their_own(operator: Operator) -> None:
    declared(operator)
    operator.deliver(File())
    assert operator.rows(NAMES) == [("remittance_p202603",), ("transaction_p202603",)]
    assert operator.deliver(NIGHT_ACROSS).status is Status.LOADED
    assert operator.rows(BY_MONTH) == [
        ("remittance_p202603", 1),
        ("remittance_p202604", 1),
        ("transaction_p202603", 2),
        ("transaction_p202604", 1),
    ]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_a_load_that_begins_two_months_brings_what_one_after_the_other_brings(
    prepared: Callable[[Preparation], Operator],
) -> None:
    both = File(remittances=(Rem(), ACROSS), key="both", created="2026-04-01T02:00:00+02:00")
    digests = []
    for files in ((both,), (File(), NIGHT_ACROSS), (NIGHT_ACROSS, File())):
        operator = prepared(declared)
        for file in files:
            assert operator.deliver(file).status is Status.LOADED
        digests.append(operator.digest())
    assert digests[1:] == digests[:1] * 2
    assert operator.deliver(both.but(key="again")).status is Status.LOADED
    assert operator.digest() == digests[0]


def test_payments_that_meet_their_totals_begin_months_of_their_own(operator: Operator) -> None:
    declared(operator)
    operator.deliver(NIGHT_ACROSS.but(key="totals", content="TELECOLLECTES"))
    assert operator.rows(NAMES) == [("remittance_p202604",)]
    operator.deliver(NIGHT_ACROSS.but(key="payments", content="TRANSACTIONS"))
    assert operator.rows(BY_MONTH) == [
        ("remittance_p202604", 1),
        ("transaction_p202603", 1),
        ("transaction_p202604", 1),
    ]
    assert operator.value("SELECT seal FROM remittance") == "complete"
    assert operator.sums_kept() == operator.sums_from_rows()


def test_a_replacement_begins_a_month_that_its_file_did_not_know(operator: Operator) -> None:
    declared(operator)
    night = File(created="2026-04-01T02:00:00+02:00")
    operator.deliver(night)
    corrected = night.but(remittances=(ACROSS,))
    assert operator.deliver(corrected, replace=True).status is Status.REPLACED
    assert operator.rows(BY_MONTH) == [
        ("remittance_p202604", 1),
        ("transaction_p202603", 1),
        ("transaction_p202604", 1),
    ]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_a_month_is_seen_by_those_who_come_after_the_load_alone(operator: Operator) -> None:
    """Rows that are loaded as frozen would show in snapshots that know no daily sum of them."""
    declared(operator)
    operator.deliver(File())
    count = text("SELECT count(*) FROM transaction")
    with operator.database.reading(DatabaseRole.OWNER) as before:
        assert before.scalar(count) == 1
        assert operator.deliver(NIGHT_ACROSS).status is Status.LOADED
        assert before.scalar(count) == 1
    assert operator.count("transaction") == 3


def test_readers_do_not_wait_for_a_month_that_is_being_attached(database: Database) -> None:
    with database.writing(DatabaseRole.IMPORT) as connection:
        begin_partitions(connection, "transaction", [APRIL])
        attach_partition(connection, "transaction", APRIL)
        with database.reading(DatabaseRole.WEB) as reader:
            reader.execute(text("SET LOCAL lock_timeout = '1s'"))
            assert reader.scalar(text("SELECT count(*) FROM transaction")) == 0


def dying(database: Database, end: str) -> None:
    """A load that has attached a month and begun another."""
    with database.writing(DatabaseRole.IMPORT) as connection:
        begin_partitions(connection, "transaction", [MARCH, APRIL])
        attach_partition(connection, "transaction", MARCH)
        connection.execute(text(end))


@pytest.mark.parametrize("end", ["SELECT 1 / 0", "SELECT pg_terminate_backend(pg_backend_pid())"])
def test_of_a_load_that_dies_between_its_rows_and_their_indexes_nothing_is_left(
    end: str, database: Database
) -> None:
    with pytest.raises(DBAPIError):
        dying(database, end)
    with database.reading(DatabaseRole.OWNER) as connection:
        assert connection.scalars(text(NAMES)).all() == []


# Who may do what with it


@pytest.mark.probes("grants")
def test_the_importer_adds_rows_to_a_month_that_was_begun_and_does_nothing_else_with_it(
    database: Database,
) -> None:
    may = text(
        "SELECT role, privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',"
        " 'REFERENCES', 'TRIGGER']) AS privilege, unnest(CAST(:roles AS text[])) AS role"
        " WHERE has_table_privilege(role, 'transaction_p202604', privilege)"
    )
    roles = {"roles": list(database.roles.all)}
    with database.writing(DatabaseRole.IMPORT) as connection:
        begin_partitions(connection, "transaction", [APRIL])
        assert connection.execute(may, roles).all() == [(database.roles.importer, "INSERT")]
        attach_partition(connection, "transaction", APRIL)
        assert connection.execute(may, roles).all() == []


#: What may be attached is the owner's table of this very name; what is built then runs as the owner.
FOREIGN = {
    "never begun": (),
    "attached": ("SELECT ensure_partition('transaction', '2026-04-01')",),
    "a temporary table": ("CREATE TEMP TABLE transaction_p202604 (LIKE transaction INCLUDING ALL)",),
    "a foreign key": (
        "ALTER TABLE transaction ADD FOREIGN KEY (merchant_id, contract_id) REFERENCES contract",
        "SELECT begin_partition('transaction', '2026-04-01')",
    ),
}


@pytest.mark.probes("grants")
@pytest.mark.parametrize("before", FOREIGN.values(), ids=FOREIGN)
def test_nothing_else_can_be_attached(before: tuple[str, ...], database: Database) -> None:
    refused = pytest.raises(DBAPIError, match=r"no partition was begun for this month|has no foreign keys")
    with database.writing(DatabaseRole.IMPORT) as connection:
        for statement in before:
            connection.execute(text(statement))
        with refused:
            attach_partition(connection, "transaction", APRIL)
        connection.rollback()


#: What the importer may add to a table that is theirs, and calls their code when the owner works it out.
CODE = {
    "a check": "ALTER TABLE transaction ADD CHECK (pg_temp.whoever(1) > 0)",
    "statistics": "CREATE STATISTICS pg_temp.sums ON (pg_temp.whoever(1)), amount FROM transaction",
    "a default": "ALTER TABLE transaction ALTER COLUMN amount SET DEFAULT pg_temp.whoever(1)",
}
WHOEVER = (
    "CREATE FUNCTION pg_temp.whoever(one int) RETURNS int IMMUTABLE LANGUAGE plpgsql"
    " AS $$ BEGIN RAISE WARNING '%', current_user; RETURN 1; END $$"
)


@pytest.mark.probes("grants")
@pytest.mark.parametrize("late", [False, True], ids=["before it begins", "once it has begun"])
@pytest.mark.parametrize("added", CODE.values(), ids=CODE)
def test_no_code_of_the_importer_runs_as_the_owner(added: str, late: bool, database: Database) -> None:
    called: list[str | None] = []
    with database.writing(DatabaseRole.IMPORT) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.add_notice_handler(lambda notice: called.append(notice.message_primary))
        if late:
            begin_partitions(connection, "transaction", [APRIL])
        for statement in (WHOEVER, added):
            connection.execute(text(statement))
        call = "attach_partition" if late else "ensure_partition"
        with pytest.raises(DBAPIError, match="calls functions of its own"):
            connection.execute(text(f"SELECT {call}('transaction', '2026-04-01')"))
        connection.rollback()
    assert set(called) <= {database.roles.importer}


@pytest.mark.probes("grants")
def test_no_month_is_made_under_a_snapshot_that_does_not_know_what_others_added(database: Database) -> None:
    with database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        with pytest.raises(DBAPIError, match="read committed alone"):
            begin_partitions(connection, "transaction", [APRIL])
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE transaction_p202604 (LIKE transaction)",
        "CREATE INDEX ON transaction (amount)",
        "ALTER TABLE transaction ADD UNIQUE (merchant_id, id, amount, occurred_on)",
    ],
)
def test_the_importer_makes_neither_a_table_nor_an_index_that_would_be_built_as_the_owner(
    statement: str, database: Database
) -> None:
    with pytest.raises(DBAPIError) as refused, database.writing(DatabaseRole.IMPORT) as connection:
        connection.execute(text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)

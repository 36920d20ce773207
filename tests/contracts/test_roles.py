"""What each database role may do, tried for real: the web never writes a payment."""

from datetime import date

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.database.engine import DatabaseRole
from app.database.migrate import ensure_partitions
from app.models import Base

#: What belongs to the importer, since COPY is refused to everybody else under row security.
ISOLATED = {"remittance", "transaction", "transaction_day", "remittance_day", "contract", "outlet"} | {
    "remittance_third",
    "transaction_band",
    "transaction_third",
    "acceptor",
    "bank_account",
    "bank_movement",
    "bank_statement",
    "chargeback",
    "operation",
    "remote_payment",
    "credit_link",
    "credit_decision",
    "known_value",
    "settlement",
    "settlement_line",
    "settlement_link",
    "terminal",
    "terminal_day",
    "terminal_month",
}
PARTIES = {"reseller", "source", "merchant"}
IMPORTS = {"import_file", "import_refusal", "received_day"}
ACCOUNTS = {
    "user_account",
    "membership",
    "column_choice",
    "saved_view",
    "membership_limit",
    "user_session",
    "sign_in_attempt",
    "invitation",
    "staff_member",
    "second_factor",
    "recovery_code",
    "known_device",
    "daily_mail",
}
JOURNAL = {"journal_entry"}
MAIL = {"delivery"}
DESK = {"desk_task"}
ALERTS = {"alert"}
IMPORTED = sorted(ISOLATED | PARTIES | IMPORTS)

RELATIONS = """
SELECT relname::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
"""
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
READ, ADD, WRITE = {"SELECT"}, {"SELECT", "INSERT"}, {"SELECT", "INSERT", "UPDATE", "DELETE"}
OWN = {*PRIVILEGES}
HAND_OVER = {"INSERT"}  # and what of a row may be read, column by column
KEEP_UP = {"SELECT", "UPDATE"}
GRANTED = {
    DatabaseRole.WEB: dict.fromkeys(IMPORTED, READ)
    | dict.fromkeys(ACCOUNTS | ALERTS, WRITE)
    | dict.fromkeys(JOURNAL, ADD)
    | dict.fromkeys(DESK, HAND_OVER),
    DatabaseRole.IMPORT: dict.fromkeys(IMPORTED, WRITE)
    | dict.fromkeys(ISOLATED, OWN)
    | dict.fromkeys(JOURNAL, ADD)
    | dict.fromkeys(MAIL | DESK, KEEP_UP),
}


def name_of(database, role):
    """The name by which a role is known to this server."""
    return {DatabaseRole.WEB: database.roles.web, DatabaseRole.IMPORT: database.roles.importer}[role]


def refused(database, role, statement):
    """Whether the database refuses a statement to a role for want of a privilege."""
    try:
        with database.writing(role) as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        return isinstance(error.orig, psycopg.errors.InsufficientPrivilege)
    return False


def writes(table):
    column = next(iter(Base.metadata.tables[table].columns)).name
    return (
        f"INSERT INTO {table} DEFAULT VALUES",
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} ADD COLUMN more int",
        f"COPY {table} FROM '/dev/null'",
    )


@pytest.mark.parametrize("table", IMPORTED)
@pytest.mark.probes("grants")
def test_the_web_cannot_write_what_is_imported(module_database, table):
    assert [words for words in writes(table) if not refused(module_database, DatabaseRole.WEB, words)] == []
    assert not refused(module_database, DatabaseRole.WEB, f"SELECT * FROM {table}")


def test_the_web_cannot_reach_a_partition_past_its_parent(module_database):
    with module_database.writing(DatabaseRole.IMPORT) as connection:
        ensure_partitions(connection, {"transaction": [date(2026, 3, 2)]})
    partition = "transaction_p202603"
    assert not refused(module_database, DatabaseRole.OWNER, f"SELECT * FROM {partition}")
    for words in (f"SELECT * FROM {partition}", f"DELETE FROM {partition}", f"DROP TABLE {partition}"):
        assert refused(module_database, DatabaseRole.WEB, words)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ensure_partition('remittance', '2026-01-01')",
        "SELECT begin_partition('remittance', '2026-01-01')",
        "SELECT attach_partition('remittance', '2026-01-01')",
        "SELECT gather_statistics(1)",
        "SELECT nextval('payment_id_block')",
        "CREATE TABLE other (id int)",
        "CREATE FUNCTION other() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "UPDATE journal_entry SET event = 'other'",
        "DELETE FROM journal_entry",
        "UPDATE merchant SET name = 'other', suspended_at = now()",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
@pytest.mark.probes("grants")
def test_the_web_cannot_change_the_database_or_the_past(module_database, statement):
    assert refused(module_database, DatabaseRole.WEB, statement)


def test_of_a_merchant_the_web_decides_only_whether_it_is_suspended(module_database):
    assert not refused(
        module_database, DatabaseRole.WEB, "UPDATE merchant SET suspended_at = now() WHERE id = 0"
    )


@pytest.mark.parametrize("table", sorted(ACCOUNTS))
@pytest.mark.probes("grants")
def test_importers_know_nothing_of_accounts(module_database, table):
    for words in (f"SELECT * FROM {table}", *writes(table)):
        assert refused(module_database, DatabaseRole.IMPORT, words), words


def test_importers_neither_rewrite_the_journal_nor_own_any_table_but_those_of_merchants(module_database):
    for words in (
        "DELETE FROM journal_entry",
        "TRUNCATE import_file",
        "DROP TABLE merchant",
        "ALTER TABLE user_account DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE x (a int)",
    ):
        assert refused(module_database, DatabaseRole.IMPORT, words), words


@pytest.mark.parametrize("role", [DatabaseRole.WEB, DatabaseRole.IMPORT])
def test_grants_are_those_written_here_and_no_others(module_database, role):
    """A new table must find its place above; a partition is granted to nobody."""
    with module_database.reading(DatabaseRole.OWNER) as connection:
        tables = connection.scalars(text(RELATIONS)).all()
        found = {
            table: {
                privilege
                for privilege in PRIVILEGES
                if connection.scalar(
                    text("SELECT has_table_privilege(:role, CAST(:table AS regclass), :privilege)"),
                    {
                        "role": name_of(module_database, role),
                        "table": f"public.{table}",
                        "privilege": privilege,
                    },
                )
            }
            for table in tables
        }
    queue = {table: WRITE for table in tables if table.startswith("procrastinate_")}
    queue["alembic_version"] = READ
    assert len(queue) >= 3
    expected = {table: set() for table in tables} | GRANTED[role] | queue
    assert found == expected


def columns_granted(database, role, table, privilege):
    with database.reading(DatabaseRole.OWNER) as connection:
        return set(
            connection.scalars(
                text(
                    "SELECT attname::text FROM pg_attribute WHERE attrelid = CAST(:table AS regclass)"
                    " AND attnum > 0 AND NOT attisdropped"
                    " AND has_column_privilege(:role, attrelid, attnum, :privilege)"
                ),
                {"role": name_of(database, role), "table": table, "privilege": privilege},
            )
        )


def test_the_web_posts_and_renews_mail_but_neither_reads_nor_rewrites_it(module_database):
    every = set(Base.metadata.tables["delivery"].columns.keys())
    kept_by_the_worker = {
        "id",
        "state",
        "next_try_at",
        "deadline",
        "attempts",
        "last_fault",
        "last_reply",
        "handed_over_at",
        "uncertain_tries",
        "created_at",
        "sent_at",
    }
    granted = {
        privilege: columns_granted(module_database, DatabaseRole.WEB, "delivery", privilege)
        for privilege in ("SELECT", "INSERT", "UPDATE", "REFERENCES")
    }
    assert granted == {
        "SELECT": every - {"message"},
        "INSERT": every - kept_by_the_worker,
        "UPDATE": {"state", "next_try_at", "deadline"},
        "REFERENCES": set(),
    }
    for words in (
        "SELECT message FROM delivery",
        "SELECT * FROM delivery",
        "UPDATE delivery SET recipient = 'other@example.org'",
        "UPDATE delivery SET message = ''",
        "UPDATE delivery SET state = 'queued' RETURNING message",
        "DELETE FROM delivery",
        "COPY delivery TO STDOUT",
    ):
        assert refused(module_database, DatabaseRole.WEB, words), words


def test_the_worker_keeps_deliveries_up_and_makes_none(module_database):
    for words in ("INSERT INTO delivery DEFAULT VALUES", "DELETE FROM delivery", "TRUNCATE delivery"):
        assert refused(module_database, DatabaseRole.IMPORT, words), words


def test_the_web_hands_over_a_directory_and_never_reads_it_again(module_database):
    every = set(Base.metadata.tables["desk_task"].columns.keys())
    assert columns_granted(module_database, DatabaseRole.WEB, "desk_task", "SELECT") == every - {"content"}
    for words in ("SELECT content FROM desk_task", "SELECT * FROM desk_task", "COPY desk_task TO STDOUT"):
        assert refused(module_database, DatabaseRole.WEB, words), words


@pytest.mark.parametrize("role", [DatabaseRole.WEB, DatabaseRole.IMPORT])
def test_roles_own_no_more_than_they_should(module_database, role):
    with module_database.reading(DatabaseRole.OWNER) as connection:
        found = connection.execute(
            text(
                "SELECT rolreplication, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls"
                " FROM pg_roles WHERE rolname = :role"
            ),
            {"role": name_of(module_database, role)},
        ).one()
        owned = connection.scalars(
            text(
                "SELECT relname::text FROM pg_class"
                " WHERE relowner = CAST(:role AS regrole) AND relkind IN ('r', 'p', 'S', 'v')"
            ),
            {"role": name_of(module_database, role)},
        ).all()
    assert not any(found)
    assert set(owned) == (ISOLATED if role is DatabaseRole.IMPORT else set())


def test_the_journal_forgets_what_is_older_than_twelve_months_and_nothing_else(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        for months in ("11 months", "13 months"):
            connection.execute(
                text(
                    "INSERT INTO journal_entry (at, event, details)"
                    f" VALUES (now() - interval '{months}', 'signed_in', '{{}}')"
                )
            )
    assert refused(database, DatabaseRole.IMPORT, "SELECT forget_journal()")
    with database.writing(DatabaseRole.WEB) as connection:
        assert connection.scalar(text("SELECT forget_journal()")) == 1
        assert connection.scalar(text("SELECT count(*) FROM journal_entry")) == 1


def test_a_reading_block_cannot_write_at_all(module_database):
    with (
        module_database.reading(DatabaseRole.OWNER) as connection,
        pytest.raises(Exception, match="read-only"),
    ):
        connection.execute(text("DELETE FROM journal_entry"))


def test_a_page_takes_one_processor_of_the_server(module_database):
    """A sum of many rows too, which the server would share out among several of its processes."""
    cheap = "SET LOCAL parallel_setup_cost = 0; SET LOCAL min_parallel_table_scan_size = 0"
    plans = {}
    for role in (DatabaseRole.WEB, DatabaseRole.IMPORT):
        with module_database.reading(role) as connection:
            connection.execute(text(cheap))
            lines = connection.scalars(text("EXPLAIN SELECT sum(attnum) FROM pg_attribute"))
            plans[role] = "Gather" in "\n".join(lines)
    assert plans == {DatabaseRole.WEB: False, DatabaseRole.IMPORT: True}

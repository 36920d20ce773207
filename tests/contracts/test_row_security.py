"""The second wall: whatever a query forgets, the database shows the web no row of anybody else."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, text

from app.accounts.rights import Staff
from app.database.engine import DatabaseRole
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.query import page_statement
from app.listing.scope import Scope
from app.lists import TRANSACTIONS
from app.models import Base, Reseller, Role
from app.rules.time_zones import today
from tests.views.neighbours import MARKERS, enter, neighbours
from tests.views.test_canaries import EVERY_WORD, OF_DESK, questions, readable, without_the_question
from tests.views.town import portal

ISOLATED = sorted(table.name for table, privileges in Base.privileges().items() if privileges.isolated)
#: A condition of scope in the text of a statement: the rows of a merchant, or those of a reseller.
SCOPE = re.compile(
    rf"\b(?:{'|'.join(ISOLATED)})\.(?:merchant_id|reseller_id)"
    r" = %\((?:merchant_id|reseller_id)(?:_\d+)?\)s(?:::BIGINT)?"
)


@pytest.fixture(scope="module")
def app(module_database, tmp_path_factory):
    return portal(module_database, tmp_path_factory.mktemp("wall"))


@pytest.fixture(scope="module")
def everybody(app, module_database):
    return neighbours(app, module_database)


@pytest.fixture(scope="module")
def desk(module_database, everybody):
    with module_database.reading() as connection:
        north = connection.scalars(select(Reseller.id).where(Reseller.slug == "north")).one()
    return Staff(north, "north", "NORTH maintainer")


def rows(connection, table):
    return {
        tuple(row)
        for row in connection.execute(text(f"SELECT DISTINCT merchant_id, reseller_id FROM {table}"))
    }


def test_every_table_that_a_merchant_leads_is_kept_apart():
    led = [name for name, table in Base.metadata.tables.items() if "merchant_id" in table.primary_key.columns]
    assert sorted(led) == ISOLATED
    assert all("reseller_id" in Base.metadata.tables[name].columns for name in led)


def test_row_security_is_on_and_not_forced_and_has_a_policy_for_each_way_to_look(module_database):
    with module_database.reading(DatabaseRole.OWNER) as connection:
        state = connection.execute(
            text(
                "SELECT relname::text, relrowsecurity, relforcerowsecurity FROM pg_class"
                " WHERE relrowsecurity ORDER BY 1"
            )
        ).all()
        policies = connection.execute(
            text(
                "SELECT tablename::text, policyname::text, roles::text[], cmd FROM pg_policies ORDER BY 1, 2"
            )
        ).all()
    assert [tuple(row) for row in state] == [(table, True, False) for table in ISOLATED]
    roles = module_database.roles
    assert [tuple(row) for row in policies] == [
        (table, policy, [role], "SELECT")
        for table in ISOLATED
        for policy, role in (("by_merchant", roles.web), ("by_reseller", roles.desk))
    ]


@pytest.mark.parametrize("table", ISOLATED)
def test_a_query_without_any_condition_finds_what_is_in_sight_and_nothing_else(
    table, module_database, everybody, desk
):
    alpha = everybody.shops["ALPHA"].merchant_id
    north = {everybody.shops[marker].merchant_id for marker, slug in MARKERS.items() if slug == "north"}
    with module_database.reading(DatabaseRole.OWNER) as connection:
        every = rows(connection, table)
    assert len(every) >= len(MARKERS)
    with module_database.reading() as connection:
        assert rows(connection, table) == set()
    with module_database.reading_as(Scope(alpha)) as connection:
        assert rows(connection, table) == {(alpha, desk.reseller_id)}
    with module_database.reading_as(desk) as connection:
        seen = rows(connection, table)
    assert seen == {(merchant, reseller) for merchant, reseller in every if reseller == desk.reseller_id}
    assert north <= {merchant for merchant, _ in seen} <= north | {0}


def test_what_one_transaction_may_see_is_forgotten_at_its_end(module_database, everybody, desk):
    for sight in (Scope(everybody.shops["ALPHA"].merchant_id), desk):
        for way in (module_database.reading_as, module_database.writing_as):
            with way(sight) as connection:
                assert rows(connection, "transaction")
                process = connection.scalar(text("SELECT pg_backend_pid()"))
            with module_database.reading() as connection:
                assert connection.scalar(text("SELECT pg_backend_pid()")) == process
                assert rows(connection, "transaction") == set()
                assert connection.scalar(text("SELECT current_user")) == module_database.roles.web


def test_whoever_migrates_is_a_member_of_the_importers_role_and_never_the_reverse(module_database):
    with module_database.reading(DatabaseRole.OWNER) as connection:
        member = text("SELECT pg_has_role(:who, :of, 'MEMBER')")
        owner = connection.scalar(text("SELECT current_user"))
        roles = module_database.roles
        assert connection.scalar(member, {"who": owner, "of": roles.importer})
        for who in (roles.web, roles.desk, roles.importer):
            for of in {owner, roles.web, roles.desk, roles.importer} - {who}:
                expected = (who, of) == (roles.web, roles.desk)
                assert connection.scalar(member, {"who": who, "of": of}) is expected, (who, of)


# Every question, its condition of scope taken out


@contextmanager
def forgetful(database, role=DatabaseRole.WEB):
    """Take the conditions of scope out of every statement of a role; counts how many."""
    taken = [0]

    def forget(_connection, _cursor, statement, parameters, *_rest):
        forgotten, count = SCOPE.subn("true", statement)
        taken[0] += count
        return forgotten, parameters

    engine = database.engine(role)
    event.listen(engine, "before_cursor_execute", forget, retval=True)
    yield taken
    event.remove(engine, "before_cursor_execute", forget)


@pytest.mark.no_cover
@pytest.mark.probes("row security")
def test_no_page_shows_a_foreign_row_though_every_query_forgot_whose_it_wants(
    app, everybody, module_database, probes
):
    people = {
        "owner": (enter(app, module_database, everybody.person(Role.OWNER, "ALPHA")), {"ALPHA"}),
        "staff": (
            enter(app, module_database, everybody.staff("north")),
            {marker for marker, slug in MARKERS.items() if slug == "north"} | OF_DESK["north"],
        ),
    }
    asked, heard = 0, []
    with forgetful(module_database) as taken:
        for path in questions(app, everybody):
            for who, (browser, own) in people.items():
                with browser.get(path) as response:
                    said = without_the_question(readable(response), path).lower()
                heard += [(who, path, word) for word in sorted(EVERY_WORD - own) if word.lower() in said]
                asked += 1
    assert heard == []
    assert taken[0] > asked
    probes(taken[0])


def test_the_wall_is_what_holds(app, everybody, module_database):
    """The same forgetful query, asked by somebody whom row security does not bind, shows everybody's rows."""
    scope = Scope(everybody.shops["ALPHA"].merchant_id)
    statement = page_statement(
        TRANSACTIONS, scope, Criteria.from_args(TRANSACTIONS, (), Days.of(today())), 50
    )
    with (
        forgetful(module_database, DatabaseRole.OWNER),
        module_database.reading(DatabaseRole.OWNER) as connection,
    ):
        issuers = {row["issuer"] for row in connection.execute(statement).mappings()}
    assert issuers >= {f"{marker} issuer" for marker in MARKERS}
    with forgetful(module_database), module_database.reading_as(scope) as connection:
        issuers = {row["issuer"] for row in connection.execute(statement).mappings()}
    assert issuers == {"ALPHA issuer"}

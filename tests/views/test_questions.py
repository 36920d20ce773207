"""What one person may have going on at once: others go on meanwhile."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.database.engine import DatabaseRole
from app.database.isolation import keep_plans
from app.listing.scope import Scope
from app.locks import Lock, take_one
from app.models import Contract, UserAccount
from app.views import lists
from tests.views.round_trips import SETTINGS
from tests.views.staff import let_staff_in, sign_in


@pytest.fixture
def number(database, shops):
    with database.reading() as connection:
        return connection.scalar(select(UserAccount.id).where(UserAccount.email == shops[0].email))


def going_on(database, lock, number, places, stack):
    """As many questions of a person as ``places``, not yet answered."""
    for _ in range(places):
        connection = stack.enter_context(database.writing())
        assert take_one(connection, lock, number, {Lock.QUESTION: 2, Lock.EXPORT: 1}[lock])


@pytest.mark.parametrize("path", ["/transactions", "/remises", "/transactions.json", "/journal", "/acces"])
@pytest.mark.probes("one abuser")
def test_a_third_question_at_once_is_told_to_wait(app, owner, shops, database, number, path):
    other = app.test_client()
    other.sign_in(shops[1].email)
    with ExitStack() as stack:
        going_on(database, Lock.QUESTION, number, 1, stack)
        assert owner.get(path).status_code == 200
        going_on(database, Lock.QUESTION, number, 1, stack)
        response = owner.get(path)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "5")
        assert other.get(path).status_code == 200
        with owner.get("/transactions.csv") as file:
            assert file.status_code == 200
    assert owner.get(path).status_code == 200


DESK = ("commercants", "contrats", "imports", "envois", "personnes", "journal")


@pytest.mark.probes("one abuser")
def test_a_third_question_at_a_desk_is_told_to_wait_too(app, shops, database, probes):
    staff_id, staff = let_staff_in(database, "staff@demo.example", "demo"), app.test_client()
    sign_in(staff, "staff@demo.example")
    pages = [*map("/gestion/{}".format, DESK), f"/gestion/commercants/{shops[0].merchant_id}"]
    with ExitStack() as stack:
        going_on(database, Lock.QUESTION, staff_id, 2, stack)
        assert {path: staff.get(path).status_code for path in pages} == dict.fromkeys(pages, 429)
    with ExitStack() as stack:
        going_on(database, Lock.EXPORT, staff_id, 1, stack)
        assert staff.get("/gestion/journal.csv").status_code == 429
        assert staff.get("/gestion/journal").status_code == 200
    probes(len(pages) + 1)


YEARS_BY_SHOP = "by=outlet&date_from=2026-01-01&date_to=2027-03-31"


@pytest.mark.parametrize(
    "path",
    [
        "/transactions.csv",
        "/journal.csv",
        f"/transactions/regroupement.csv?{YEARS_BY_SHOP}",
        f"/remises/regroupement.xlsx?{YEARS_BY_SHOP}",
    ],
)
@pytest.mark.probes("one abuser")
def test_a_second_file_at_once_is_told_to_wait(app, owner, shops, database, number, path):
    other = app.test_client()
    other.sign_in(shops[1].email)
    with ExitStack() as stack:
        going_on(database, Lock.EXPORT, number, 1, stack)
        assert owner.get(path).status_code == 429
        assert owner.get("/transactions").status_code == 200
        with other.get("/transactions.csv") as file:
            assert file.status_code == 200
    with owner.get(path) as file:
        assert file.status_code == 200


@pytest.mark.probes("one abuser")
def test_a_question_that_takes_too_long_says_so(owner, monkeypatch):
    def slow(connection, *_given):
        assert connection.scalar(text("SHOW statement_timeout")) == "4s"
        connection.execute(text("SET LOCAL statement_timeout TO '50ms'"))
        connection.execute(text("SELECT pg_sleep(5)"))

    monkeypatch.setattr(lists, "page", slow)
    assert owner.get("/transactions").status_code == 422


@pytest.mark.parametrize("path", ["/transactions", "/remises"])
def test_rows_keep_their_plan_and_are_chosen_apart_where_no_index_leads_to_them(owner, database, path):
    """What is read before them, what stands around them, and what a person has chosen keep theirs too."""
    asked = {
        "": path == "/transactions",
        "?date_from=2026-03-01": True,
        "?date_from=2026-03-01&contract=1": True,
        "?date_from=2026-03-01&application=CBEMV&application=AMEX": True,
        "?date_from=2026-03-01&contract=1&rank=1": False,
        "?date_from=2026-03-01&serial=1": False,
        "?date_from=2026-03-01&sort=-amount": False,
    }
    for question, is_walked in asked.items():
        with sent(database) as statements:
            assert owner.get(f"{path}{question}").status_code == 200
        first, rows, around, own = 1, 1, 1, 1
        kept, chosen = _kept(statements), [one for one in statements if "SELECT chosen.id" in one]
        assert len(kept) == first + rows + around + own, question
        assert len(chosen) == (not is_walked), question
        assert not {*kept} & {*chosen}, question


@pytest.mark.parametrize("path", ["/transactions", "/remises"])
def test_around_groups_nothing_keeps_its_plan(owner, database, path):
    with sent(database) as statements:
        assert owner.get(f"{path}?by=shop").status_code == 200
    assert len(_kept(statements)) == 1


def test_what_is_in_sight_is_read_in_a_snapshot_that_cannot_write(database, shops):
    contracts = select(func.count()).select_from(Contract)
    with database.looking() as connection:
        assert connection.scalar(contracts) == 0
        Scope(shops[0].merchant_id).isolation.enter(connection)
        assert connection.scalar(contracts) > 0
        settings = ("transaction_isolation", "transaction_read_only")
        assert [connection.scalar(text(f"SHOW {one}")) for one in settings] == ["repeatable read", "on"]
        with pytest.raises(DBAPIError, match="read-only"):
            connection.execute(update(UserAccount).values(email="nobody@shop.example"))
    with database.looking() as connection:
        assert connection.scalar(contracts) == 0


def test_a_connection_that_kept_plans_prepares_as_usual_when_it_comes_back(database):
    with database.reading_as(Scope(417)) as connection:
        keep_plans(connection)
        assert connection.scalar(text("SHOW plan_cache_mode")) == "force_generic_plan"
        assert connection.connection.driver_connection.prepare_threshold == 0
    with database.reading() as connection:
        assert connection.scalar(text("SHOW plan_cache_mode")) == "auto"
        assert connection.connection.driver_connection.prepare_threshold == 5


def test_who_asks_next_on_a_connection_that_kept_plans_is_planned_for_anew(database):
    with database.reading_as(Scope(417)) as connection:
        keep_plans(connection)
        Scope(418).isolation.enter(connection)
        assert connection.scalar(text("SHOW plan_cache_mode")) == "force_custom_plan"
        keep_plans(connection)
        assert connection.scalar(text("SHOW plan_cache_mode")) == "force_generic_plan"


def _kept(statements):
    """The statements of ``statements`` that keep their plan."""
    kept, found = False, []
    for statement in statements:
        if statement.startswith(SETTINGS):
            modes = re.findall(r"plan_cache_mode TO (\w+)", statement)
            kept = modes[-1] == "force_generic_plan" if modes else kept
        elif kept:
            found.append(statement)
            kept = "set_config" not in statement
    return found


@contextmanager
def sent(database):
    """What the web asks of the database meanwhile."""
    statements, engine = [], database.engine(DatabaseRole.WEB)

    def heard(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", heard)
    yield statements
    event.remove(engine, "before_cursor_execute", heard)


def test_what_is_asked_again_and_again_stays_prepared(database):
    for _ in range(10):
        with database.reading() as connection:
            connection.execute(text("SELECT :number + 417"), {"number": 1})
    with database.reading() as connection:
        kept = connection.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("417" in statement for statement in kept)


def test_who_somebody_is_keeps_its_plan(database):
    """Apart from what is asked of payments: the same for all, by the keys of a session."""
    with database.reading() as connection:
        assert connection.scalar(text("SHOW plan_cache_mode")) == "auto"
    with database.reading_as(Scope(417)) as connection:
        assert connection.scalar(text("SHOW plan_cache_mode")) == "force_custom_plan"

"""What is asked of the driver: as little as the statements of a page need."""

from __future__ import annotations

from psycopg import _queries
from sqlalchemy import bindparam, column, literal_column, select

from app.database.driver import PageCursor


def test_the_columns_of_an_answer_are_those_that_the_driver_describes(database):
    with database.reading() as connection:
        described = connection.exec_driver_sql("SELECT 1 AS one, 'two' AS two, NULL::date AS day").cursor
        columns = described.description
        assert [one.name for one in columns] == ["one", "two", "day"]
        assert (len(columns), columns[1].name) == (3, "two")
        assert columns[0].type_code == described.described[0].type_code
        assert [one.name for one in columns[1:]] == ["two", "day"]


def test_what_answers_nothing_has_no_columns(database):
    with database.reading() as connection:
        driver = connection.connection.driver_connection
        assert driver.execute("SET LOCAL lock_timeout TO '1s'").description is None
        assert driver.cursor().description is None


def test_the_columns_of_a_statement_are_described_once(database, monkeypatch):
    statement, described = select(literal_column("1").label("one"), literal_column("2").label("two")), []
    before = PageCursor.described.fget

    def noted(cursor):
        described.append(cursor)
        return before(cursor)

    monkeypatch.setattr(PageCursor, "described", property(noted))
    with database.reading() as connection:
        assert connection.execute(statement).one() == (1, 2)
        assert described
        described.clear()
        assert connection.execute(statement).one() == (1, 2)
    assert not described


def test_the_parameters_of_a_long_statement_are_looked_for_once(database):
    """The driver has no setting for it: a new version that counts otherwise fails here."""
    words = literal_column(f"'{'long ' * 12_000}'")
    statement = select(column("asked")).select_from(
        select(bindparam("asked", 1).label("asked"), words).subquery()
    )
    with database.reading() as connection:
        assert connection.scalar(statement) == 1
        known = _queries._query2pg.cache_info()
        assert connection.scalar(statement, {"asked": 2}) == 2
        assert _queries._query2pg.cache_info().hits == known.hits + 1

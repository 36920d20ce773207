"""What the database expects to find before it looks: ways are chosen by it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from app.database.engine import DatabaseRole
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.listing.where import parents_found, sorted_conditions
from app.lists import TRANSACTIONS
from tests import factories

if TYPE_CHECKING:
    from app.database.engine import Database

LAST = date(2026, 3, 31)
ALL, OF_APPLICATION = 100, 40


def test_it_is_known_how_many_contracts_have_an_application(database: Database) -> None:
    """A chain has hundreds of them, whose sums are not looked up one after the other."""
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        for number in range(ALL):
            application = "CBCLESS" if number < OF_APPLICATION else "CBEMV"
            factories.a_contract(
                connection, merchant_id=merchant_id, number=f"70{number:05}", application=application
            )
        connection.execute(text("ANALYZE contract"))
    scope, asked = Scope(merchant_id), [("period", "last-7-days"), ("application", "CBCLESS")]
    criteria = Criteria.from_args(TRANSACTIONS, asked, Days(LAST, LAST, LAST))
    conditions = sorted_conditions(TRANSACTIONS, criteria).of_parents
    found = parents_found(TRANSACTIONS.source.parents[0], scope, criteria, conditions)
    compiled = found.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    with database.reading_as(scope) as connection:
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}").scalar_one()
    assert abs(plan["Plan"]["Plan Rows"] - OF_APPLICATION) <= OF_APPLICATION / 2

"""Lines of a bank that explain nothing, looked for among those of a chain."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from app.database.engine import DatabaseRole
from app.listing.scope import Scope
from app.lists.unexplained_lines import unexplained_lines
from app.models import Credit
from tests import factories, money_factories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.database.engine import Database

FIRST, CONTRACTS, DAYS = date(2026, 3, 2), 20, 10


def test_a_late_remittance_is_compared_with_the_lines_of_its_contract_alone(database: Database) -> None:
    """Compared with every line of its currency, those of 500 shops took longer than a page may."""
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        account_id = money_factories.a_bank_account(connection, merchant_id=merchant_id)
        statement_id = money_factories.a_bank_statement(
            connection, merchant_id=merchant_id, bank_account_id=account_id
        )
        for number in range(CONTRACTS):
            contract = {"merchant_id": merchant_id, "number": f"70{number:05}"}
            contract_id = factories.a_contract(connection, **contract)
            for day in (FIRST + timedelta(days=after) for after in range(DAYS)):
                factories.a_remittance(
                    connection,
                    merchant_id=merchant_id,
                    contract_id=contract_id,
                    collected_on=day,
                    credit=Credit.LATE.value,
                    expected_by=day + timedelta(days=7),
                )
                money_factories.a_bank_movement(
                    connection,
                    merchant_id=merchant_id,
                    bank_account_id=account_id,
                    bank_statement_id=statement_id,
                    rank=number * DAYS + day.day,
                    booked_on=day,
                    contract_number=contract["number"],
                )
        for table in ("contract", "remittance", "bank_movement", "credit_link", "settlement"):
            connection.execute(text(f"ANALYZE {table}"))
    scope = Scope(merchant_id)
    asked = unexplained_lines(scope).limit(1000)
    compiled = asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    with database.reading_as(scope) as connection:
        assert len(connection.execute(asked).all()) == CONTRACTS * DAYS
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}").scalar_one()
    steps = list(nodes(plan["Plan"]))
    assert sum(map(pairs, steps)) <= CONTRACTS * DAYS * DAYS * 4
    # Whatever is known of the tables, the contracts are looked at before any line: here either way is quick.
    assert "CTE late" in {step.get("Subplan Name") for step in steps}


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of a plan."""
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


def pairs(node: dict[str, Any]) -> float:
    """How many pairs of rows a join looked at."""
    if "Join" not in node["Node Type"] and node["Node Type"] != "Nested Loop":
        return 0
    return node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Join Filter", 0))

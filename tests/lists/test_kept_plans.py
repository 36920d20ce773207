"""Plans that are kept for whatever is asked: what they look things up by."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from app.database.engine import DatabaseRole
from app.listing.scope import Scope
from app.lists.open_item_count import open_item_count
from tests import factories, money_factories

if TYPE_CHECKING:
    from app.database.engine import Database
    from app.listing.reading import Reading

_PARAMETER = re.compile(r"%\(\w+\)s")


def kept_plan(database: Database, reading: Reading[int]) -> str:
    """The plan that a connection keeps of ``reading``, of tables as large as those of a chain."""
    (asked,) = reading.selects
    filled = asked.params(reading.values)
    compiled = filled.compile(dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True})
    # Each parameter as PostgreSQL names it: its value is not known when a plan is kept.
    numbers = count(1)
    statement = _PARAMETER.sub(lambda _: f"${next(numbers)}", str(compiled)).replace("%%", "%")
    with database.reading(DatabaseRole.OWNER) as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        explained = connection.exec_driver_sql(
            f"EXPLAIN (GENERIC_PLAN) {statement}", execution_options={"no_parameters": True}
        )
        return "\n".join(explained.scalars())


@pytest.fixture
def scope(database: Database) -> Scope:
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        contract_id = factories.a_contract(connection, merchant_id=merchant_id)
        factories.a_remittance(connection, merchant_id=merchant_id, contract_id=contract_id)
        own = {"merchant_id": merchant_id}
        own["bank_account_id"] = money_factories.a_bank_account(connection, **own)
        own["bank_statement_id"] = money_factories.a_bank_statement(connection, **own)
        for rank in range(200):
            line = money_factories.a_bank_movement(connection, **own, rank=rank)
            money_factories.a_credit_link(connection, merchant_id=merchant_id, bank_movement_id=line)
        connection.execute(text("ANALYZE bank_movement, credit_link"))
    return Scope(merchant_id)


def test_remittances_that_wait_for_their_credit_are_looked_up_by_its_state(
    database: Database, scope: Scope
) -> None:
    """A chain has a million remittances, of which hardly any waits: each page counts them."""
    plan = kept_plan(database, open_item_count(scope))
    assert "_credit_collected_at_id_idx" in plan
    assert "(credit = $" not in plan


def test_lines_that_are_open_are_looked_up_from_what_waits(database: Database, scope: Scope) -> None:
    """A chain has a thousand lines of its bank a day: each was compared with every late remittance."""
    plan = kept_plan(database, open_item_count(scope))
    assert "_merchant_id_contract_number_booked_on_idx" in plan
    assert "credit_link_proposed_idx" in plan


def test_a_proposal_looks_for_its_own_remittance(database: Database, scope: Scope) -> None:
    """The few of them were joined with all remittances of a chain: 122 ms above each page, at a million."""
    plan = kept_plan(database, open_item_count(scope))
    # A query of its own, asked for each proposal, which the planner cannot turn into a join.
    assert re.search(r"One-Time Filter: \(credit_link\w*\.merchant_id = \$\d+\)", plan)

"""Plans that are kept for whatever is asked: what they look things up by."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from app.database.engine import DatabaseRole
from app.listing.scope import Scope
from app.lists.open_item_count import open_item_count
from tests import factories

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


def test_remittances_that_wait_for_their_credit_are_looked_up_by_its_state(database: Database) -> None:
    """A chain has a million remittances, of which hardly any waits: each page counts them."""
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        contract_id = factories.a_contract(connection, merchant_id=merchant_id)
        factories.a_remittance(connection, merchant_id=merchant_id, contract_id=contract_id)
    plan = kept_plan(database, open_item_count(Scope(merchant_id)))
    assert "_credit_collected_at_id_idx" in plan
    assert "(credit = $" not in plan

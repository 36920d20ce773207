"""Rows by what they belong to, such as telecollections: the same, whichever way they are looked up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from app.database.engine import DatabaseRole
from app.listing import query
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.listing.sums import totals
from app.lists import TRANSACTIONS
from tests import factories

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.spec import ListSpec

TODAY = date(2026, 3, 3)
DAYS = Days(TODAY, TODAY, TODAY)


@pytest.fixture(scope="module")
def street(module_database: Database) -> Scope:
    """Three contracts with a payment in a telecollection each day; two share a device on all days but one."""
    with module_database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        for number in range(3):
            contract_id = factories.a_contract(connection, merchant_id=merchant_id, number=f"765000{number}")
            same = {"merchant_id": merchant_id, "contract_id": contract_id}
            for day in range(1, 5):
                today = date(2026, 3, day)
                at = {"collected_at": datetime(2026, 3, day, 21, number, tzinfo=UTC), "collected_on": today}
                at |= {"collected_local": datetime(2026, 3, day, 22, number)}
                device = "AB12" if number < 2 and day != 2 else "CD34"
                remittance_id = factories.a_remittance(connection, **same, **at, serial_number=device)
                when = {"occurred_on": today, "collected_on": today}
                when |= {"occurred_at": datetime(2026, 3, day, 9, number, tzinfo=UTC)}
                when |= {"occurred_local": datetime(2026, 3, day, 10, number)}
                paid = {"amount": 100 + day, "sequence_number": f"{number}{day}"}
                factories.a_transaction(connection, **same, **when, **paid, remittance_id=remittance_id)
    return Scope(merchant_id)


@pytest.mark.parametrize("sort", ["-date", "date", "-amount"])
def test_rows_of_many_telecollections_are_the_same_whichever_way_they_are_looked_up(
    sort: str, street: Scope, module_database: Database
) -> None:
    """One telecollection after the other; those of a few contracts by these; of any, row by row."""
    period = [("date_from", "2025-12-01"), ("date_to", "2026-03-03")]
    found = []
    for few_contracts, few_remittances in ((100, 1000), (100, 2), (0, 2)):
        contracts, remittances = TRANSACTIONS.source.parents
        parents = replace(contracts, few=few_contracts), replace(remittances, few=few_remittances)
        spec = replace(TRANSACTIONS, source=replace(TRANSACTIONS.source, parents=parents))
        criteria = Criteria.from_args(spec, [*period, ("serial", "AB12"), ("sort", sort)], DAYS)
        with module_database.reading_as(street) as connection:
            rows = every_row(connection, spec, street, criteria)
            sums = totals(connection, spec, street, criteria)
        found.append((rows, sums.count, [line["debit"] for line in sums.lines]))
    assert [found[0]] * 3 == found
    assert len(found[0][0]) == found[0][1] == 4


def every_row(connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria) -> list[str]:
    """The payments of ``criteria`` by their numbers, read by pages of three."""
    found = query.page(connection, spec, scope, criteria, 3)
    numbers = [row["sequence_number"] for row in found.rows]
    if found.next_args is None:
        return numbers
    following = Criteria.from_args(spec, found.next_args, DAYS)
    return [*numbers, *every_row(connection, spec, scope, following)]

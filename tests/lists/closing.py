"""A closed month: where the money of its remittances is, held to their net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.listing import sums
from app.listing.grouping import grouping
from app.lists import REMITTANCES
from app.lists.credit_reasons import closing_parts

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.listing.criteria import Criteria
    from app.listing.grouping import CurrencyTable
    from app.listing.scope import Scope


def check_closed(connection: Connection, scope: Scope, criteria: Criteria) -> tuple[CurrencyTable, ...]:
    """The table of each currency; credited, on its way, outside the bank, unknown and missing are its net."""
    whole = sums.totals(connection, REMITTANCES, scope, criteria)
    asked = criteria.grouped("credit_reason")
    tables = grouping(connection, REMITTANCES, scope, asked, compared=False).tables
    assert [table.currency for table in tables] == [line.currency for line in whole.lines]
    for table, line in zip(tables, whole.lines, strict=True):
        parts = closing_parts(table.lines)
        assert sum(parts.values()) == sum(group.now.net for group in table.lines) == line.net
    return tables

"""The fields of a place that say the same in every row of whoever looks: one shop, or one till.

What never differs is not repeated on each row of a list.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Select, func, select

from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.listing.source import in_scope
from app.models import Contract


def sole_place(scope: Scope) -> Reading[frozenset[str]]:
    """The names of those fields that do not differ between the contracts in ``scope``."""

    def made(rows: Rows) -> frozenset[str]:
        (row,) = rows
        return frozenset(name for name in row._fields if getattr(row, name))

    return Reading((_alike(scope.any_such),), made, scope.values)


@cache
def _alike(scope: AnyScope) -> Select[bool, bool]:
    outlet, label = func.coalesce(Contract.outlet_id, 0), func.coalesce(Contract.label, "")
    return select(
        (func.min(outlet) == func.max(outlet)).label("trade_name"),
        (func.min(label) == func.max(label)).label("label"),
    ).where(*in_scope(Contract.merchant_id, Contract.id, scope))

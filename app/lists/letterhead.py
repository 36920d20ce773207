"""The letterhead of a printed list: whose payments these are, as an accountant files them.

It comes with the list's own reading: without the merchant of an address, row security shows no outlet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import func, select

from app.listing.kinds import Statement
from app.listing.reading import Reading, Rows
from app.listing.scope import AnyScope, Scope
from app.listing.source import Condition, in_scope
from app.models import Contract, Outlet
from app.wording import formats
from app.wording.i18n import gettext, ngettext

#: SIRETs on one paper; more of them fill it, and the merchant's name says as much.
MOST_NAMED = 10


@dataclass(frozen=True)
class Letterhead:
    """The outlets in sight: the first of them by name, and how many there are."""

    outlets: tuple[Any, ...]
    number: int

    def words(self) -> str:
        """Name, SIRET and address of one outlet; the SIRETs of a few, in the language of the moment."""
        if self.number == 1:
            return " · ".join(_of_one(self.outlets[0]))
        counted = ngettext("%(num)s outlet", "%(num)s outlets", self.number, num=formats.number(self.number))
        if self.number > len(self.outlets):
            return counted
        return gettext(
            "%(outlets)s, SIRET %(sirets)s",
            outlets=counted,
            sirets=", ".join(outlet.siret for outlet in self.outlets),
        )


def letterhead(scope: Scope) -> Reading[Letterhead | None]:
    """The letterhead of what is in ``scope``; None while no outlet is."""

    def made(rows: Rows) -> Letterhead | None:
        return Letterhead(tuple(rows), rows[0].number) if rows else None

    return Reading((_outlets(scope.any_such),), made, scope.values)


@cache
def _outlets(scope: AnyScope) -> Statement:
    """The first outlets in ``scope`` by name, each with the number of all."""
    mine: list[Condition] = [Outlet.merchant_id == scope.merchant_id]
    if scope.contract_ids is not None:
        contracts = select(Contract.outlet_id).where(*in_scope(Contract.merchant_id, Contract.id, scope))
        mine.append(Outlet.id.in_(contracts))
    number = select(func.count()).select_from(Outlet).where(*mine).scalar_subquery()
    shown = Outlet.siret, Outlet.trade_name, Outlet.address, Outlet.postcode, Outlet.city
    first = select(*shown, number.label("number")).where(*mine)
    return first.order_by(Outlet.trade_name_key, Outlet.id).limit(MOST_NAMED)


def _of_one(outlet: Any) -> list[str]:
    town = " ".join(filter(None, (outlet.postcode, outlet.city)))
    parts = (outlet.trade_name, f"SIRET {outlet.siret}", ", ".join(filter(None, (outlet.address, town))))
    return [part for part in parts if part]

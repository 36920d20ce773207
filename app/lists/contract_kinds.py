"""The kinds of contracts: a chain has thousands of contracts, which differ in little.

The days that periods count from and the choices of forms are made of them. A statement that asks for both
goes through the contracts once.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

from sqlalchemy import CTE, Date, and_, bindparam, func, literal_column, select

from app.listing.scope import AnyScope
from app.listing.source import in_scope
from app.models import DEFAULT_TIME_ZONE, Contract, Outlet
from app.rules.time_zones import today

TODAY: Final = bindparam("today", type_=Date, callable_=today)
_EVER: Final = literal_column(f"date '{date.min}'", Date)
_FOREVER: Final = literal_column(f"date '{date.max}'", Date)
#: The source of a contract by what its files are about: one may bring payments, another telecollections.
_SOURCES: Final = {
    "remittances": func.coalesce(Contract.remittances_source_id, Contract.source_id),
    "transactions": func.coalesce(Contract.transactions_source_id, Contract.source_id),
}


@cache
def contract_kinds(scope: AnyScope) -> CTE:
    """The contracts in ``scope`` by application, bank, clock and sources, a column for each subject of these.

    ``since`` and ``until`` are the first and the last day on which one of a kind is valid, ``delivers`` says
    that one is today.
    """
    valid = and_(
        func.coalesce(Contract.valid_from, TODAY) <= TODAY,
        func.coalesce(Contract.valid_to, TODAY) >= TODAY,
    )
    kind = (
        Contract.application,
        Contract.bank_code,
        Contract.bank_name,
        func.coalesce(Outlet.time_zone, DEFAULT_TIME_ZONE).label("time_zone"),
        *(source.label(subject) for subject, source in _SOURCES.items()),
    )
    return (
        select(
            *kind,
            func.min(func.coalesce(Contract.valid_from, _EVER)).label("since"),
            func.max(func.coalesce(Contract.valid_to, _FOREVER)).label("until"),
            func.bool_or(valid).label("delivers"),
        )
        .outerjoin(Outlet, and_(Outlet.merchant_id == Contract.merchant_id, Outlet.id == Contract.outlet_id))
        .where(*in_scope(Contract.merchant_id, Contract.id, scope))
        .group_by(*(literal_column(str(place)) for place, _ in enumerate(kind, 1)))
        .cte("kinds")
    )

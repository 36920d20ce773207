"""The merchants of a reseller: found by any of their numbers, then one with all that is theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
    Subquery,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    outerjoin,
    select,
    update,
)

from app.accounts.sessions import end_sessions_at
from app.desk.paging import AnyRow, KeysetOrder, KeysetPage, page
from app.listing.filters import holds_words
from app.models import (
    UNCLAIMED_MERCHANT,
    Contract,
    Membership,
    Merchant,
    Outlet,
    Terminal,
)
from app.wording.searching import tidy

#: The usual order of the list.
BY_NAME = "name"
_BY_TRADE_NAME = KeysetOrder((Outlet.trade_name_key, Outlet.id), Outlet.id)


def merchants(
    connection: Connection,
    reseller_id: int,
    search: str = "",
    after: int | None = None,
    *,
    by: str = BY_NAME,
    among: Collection[int] | None = None,
) -> KeysetPage:
    """Merchants: ``id``, ``code``, ``name``, ``outlets``, ``contracts``, ``last_day``.

    ``search`` is part of a name or code, or a whole SIRET or contract number. ``last_day`` is the last
    day with a telecollection, None when there is none. ``by`` is one of :data:`ORDERS`, ``among`` the ids of
    the only ones wanted.
    """
    visible, order = _of(reseller_id), ORDERS[by]
    chosen = [] if among is None else [Merchant.id.in_(among)]
    wanted = [*visible, *chosen, *_matching(reseller_id, search), *order.behind(after, visible)]
    return page(connection, _facts(reseller_id).where(*wanted), order)


def merchant(connection: Connection, reseller_id: int, merchant_id: int) -> AnyRow | None:
    """One merchant, as :func:`merchants` gives them; None when it is not this reseller's."""
    return connection.execute(
        _facts(reseller_id).where(*_of(reseller_id), Merchant.id == merchant_id)
    ).one_or_none()


def people(connection: Connection, merchant_ids: Collection[int]) -> Mapping[int, int]:
    """How many people may enter each of ``merchant_ids``; those that nobody may are left out."""
    counted = (
        select(Membership.merchant_id, func.count())
        .where(Membership.merchant_id.in_(merchant_ids))
        .group_by(Membership.merchant_id)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def of_code(connection: Connection, reseller_id: int, code: str) -> int | None:
    """The id of the merchant with this code; None when there is none."""
    return connection.scalar(select(Merchant.id).where(*_of(reseller_id), Merchant.code == code))


def suspend(connection: Connection, reseller_id: int, merchant_id: int, *, suspended: bool) -> bool:
    """Close a merchant to all its people, or open it again; its payments go on arriving.

    Their sessions end, as they do whenever rights change. Returns False when it is not this reseller's,
    or was so already.
    """
    differs = Merchant.suspended_at.is_(None) if suspended else Merchant.suspended_at.is_not(None)
    changed = (
        update(Merchant)
        .where(*_of(reseller_id), Merchant.id == merchant_id, differs)
        .values(suspended_at=func.now() if suspended else None)
        .returning(Merchant.id)
    )
    if connection.scalar(changed) is None:
        return False
    end_sessions_at(connection, merchant_id)
    return True


def outlets(
    connection: Connection, reseller_id: int, merchant_id: int, search: str = "", after: int | None = None
) -> KeysetPage:
    """Outlets of a merchant by trade name, each with its ``contracts`` as a list of objects."""
    visible = [
        Outlet.merchant_id == merchant_id,
        exists(select(Merchant.id).where(*_of(reseller_id), Merchant.id == merchant_id)),
    ]
    matching = [_outlet_matches(search)] if search.strip() else []
    statement = select(
        Outlet.id, Outlet.siret, Outlet.trade_name, Outlet.postcode, Outlet.city, _contracts_of_outlet()
    ).where(*visible, *matching, *_BY_TRADE_NAME.behind(after, visible))
    return page(connection, statement, _BY_TRADE_NAME)


def contracts_without_outlet(connection: Connection, reseller_id: int, merchant_id: int) -> list[AnyRow]:
    """Contracts of a merchant that belong to no outlet."""
    return list(
        connection.execute(
            select(Contract.number, Contract.rank, Contract.application, Contract.label)
            .where(
                Contract.merchant_id == merchant_id,
                Contract.reseller_id == reseller_id,
                Contract.outlet_id.is_(None),
            )
            .order_by(Contract.number, Contract.rank, Contract.application)
        )
    )


def _of(reseller_id: int) -> list[ColumnElement[bool]]:
    return [Merchant.reseller_id == reseller_id, Merchant.id != UNCLAIMED_MERCHANT]


def _matching(reseller_id: int, search: str) -> list[ColumnElement[bool]]:
    words = tidy(search)
    if not words:
        return []
    outlets = select(Outlet.merchant_id).where(Outlet.reseller_id == reseller_id, _outlet_matches(words))
    contracts = select(Contract.merchant_id).where(
        Contract.reseller_id == reseller_id, func.ltrim(Contract.number, "0") == words.lstrip("0")
    )
    named = or_(holds_words(Merchant.name, words, Merchant.name_key), holds_words(Merchant.code, words))
    return [or_(named, Merchant.id.in_(outlets), Merchant.id.in_(contracts))]


def _outlet_matches(search: str) -> ColumnElement[bool]:
    words = tidy(search)
    digits = "".join(words.split())
    contract = exists(
        select(Contract.id).where(
            Contract.merchant_id == Outlet.merchant_id,
            Contract.outlet_id == Outlet.id,
            func.ltrim(Contract.number, "0") == words.lstrip("0"),
        )
    )
    return or_(holds_words(Outlet.trade_name, words, Outlet.trade_name_key), Outlet.siret == digits, contract)


def _by_merchant(model: Any, value: ColumnElement[Any]) -> Subquery:
    """``value`` over the rows of each merchant of the reseller: all in one pass (R15)."""
    own = select(model.merchant_id, value.label("value")).where(
        model.reseller_id == bindparam("reseller_id", type_=BigInteger)
    )
    return own.group_by(model.merchant_id).subquery()


def _facts(reseller_id: int) -> Select[Any]:
    return select(*_FACTS).select_from(_ROWS).params(reseller_id=reseller_id)


def _contracts_of_outlet() -> ColumnElement[Any]:
    described = func.jsonb_build_object(
        "number", Contract.number, "rank", Contract.rank, "application", Contract.application
    )
    ordered: Select[Any] = (
        select(described.label("described"))
        .where(Contract.merchant_id == Outlet.merchant_id, Contract.outlet_id == Outlet.id)
        .order_by(Contract.number, Contract.rank, Contract.application)
        .correlate(Outlet)
    )
    inner = ordered.subquery()
    return (
        select(func.coalesce(func.jsonb_agg(inner.c.described), func.jsonb_build_array()))
        .scalar_subquery()
        .label("contracts")
    )


_OUTLETS, _CONTRACTS = _by_merchant(Outlet, func.count()), _by_merchant(Contract, func.count())
_CALLS = _by_merchant(Terminal, func.max(Terminal.last_on))
_ROWS = (
    outerjoin(Merchant, _OUTLETS, _OUTLETS.c.merchant_id == Merchant.id)
    .outerjoin(_CONTRACTS, _CONTRACTS.c.merchant_id == Merchant.id)
    .outerjoin(_CALLS, _CALLS.c.merchant_id == Merchant.id)
)
_FACTS = (
    Merchant.id,
    Merchant.code,
    Merchant.name,
    Merchant.created_at,
    Merchant.suspended_at,
    func.coalesce(_OUTLETS.c.value, 0).label("outlets"),
    func.coalesce(_CONTRACTS.c.value, 0).label("contracts"),
    _CALLS.c.value.label("last_day"),
)
_LAST_CALL = func.coalesce(_CALLS.c.value, literal_column("date 'infinity'", Date))
#: The orders of the list: by name; or whose last call is the longest ago first, whoever never called last.
ORDERS = {
    BY_NAME: KeysetOrder((Merchant.name_key, Merchant.id), Merchant.id),
    "last_call": KeysetOrder((_LAST_CALL, Merchant.id), Merchant.id, rows=_ROWS),
}

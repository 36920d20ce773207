"""The reach of an access within a merchant: outlets and contracts, to choose from and in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.accounts.departments import NAMES, department
from app.accounts.grants import Actor, Grant
from app.accounts.users import UserError
from app.models import Contract, Outlet
from app.rules.cards import masked
from app.wording.i18n import gettext, ngettext
from app.wording.searching import folded

AnyRow = Row[*tuple[Any, ...]]
#: How many outlets, contracts or departments are named before they are only counted.
NAMED = 3
#: How many unknown contract numbers a fault names, and how much of each.
UNKNOWN_NAMED = 5
LONGEST_NUMBER = 20


def outlets_to_give(connection: Connection, actor: Actor) -> Sequence[AnyRow]:
    """The outlets (``id, trade_name, address, postcode, city, siret``) that the actor may let others see."""
    wanted = select(
        Outlet.id, Outlet.trade_name, Outlet.address, Outlet.postcode, Outlet.city, Outlet.siret
    ).where(Outlet.merchant_id == actor.merchant_id)
    if actor.grant.limited:
        wanted = wanted.where(Outlet.id.in_(actor.grant.outlet_ids))
    return connection.execute(wanted.order_by(Outlet.postcode, Outlet.trade_name_key, Outlet.siret)).all()


def contracts_named(connection: Connection, actor: Actor, numbers: Collection[str]) -> frozenset[int]:
    """The contracts in the actor's sight that bear ``numbers``; spreadsheets cut leading zeros.

    What is written exactly so comes first. Raises UserError naming those that nobody knows.
    """
    bare = func.ltrim(Contract.number, "0")
    wanted = select(Contract.number, Contract.id).where(
        Contract.merchant_id == actor.merchant_id, bare.in_({number.lstrip("0") for number in numbers})
    )
    if actor.sight is not None:
        wanted = wanted.where(Contract.id.in_(list(actor.sight)))
    exact, loose = defaultdict(set), defaultdict(set)
    for number, contract_id in connection.execute(wanted):
        exact[number].add(contract_id)
        loose[number.lstrip("0")].add(contract_id)
    found = {number: exact.get(number) or loose.get(number.lstrip("0"), set()) for number in numbers}
    unknown = [number for number, contracts in found.items() if not contracts]
    if unknown:
        raise UserError(_unknown(unknown))
    return frozenset().union(*found.values())


def numbers_of(connection: Connection, actor: Actor, contract_ids: Collection[int]) -> list[str]:
    """The contract numbers of ``contract_ids``, each once."""
    wanted = select(Contract.number).where(
        Contract.merchant_id == actor.merchant_id, Contract.id.in_(list(contract_ids))
    )
    return list(connection.scalars(wanted.distinct().order_by(Contract.number)))


def in_words(connection: Connection, merchant_id: int, grants: Iterable[Grant]) -> dict[Grant, str]:
    """What each grant lets see; two statements at most, whatever their number."""
    grants = set(grants)
    outlet_ids = {each for grant in grants for each in grant.outlet_ids}
    contract_ids = {each for grant in grants for each in grant.contract_ids}
    outlet = select(Outlet.id, Outlet.trade_name, Outlet.postcode).where(
        Outlet.merchant_id == merchant_id, Outlet.id.in_(outlet_ids)
    )
    contract = select(Contract.id, Contract.number).where(
        Contract.merchant_id == merchant_id, Contract.id.in_(contract_ids)
    )
    outlets = {row.id: row for row in connection.execute(outlet)} if outlet_ids else {}
    numbers = {row.id: row.number for row in connection.execute(contract)} if contract_ids else {}
    return {grant: _in_words(grant, outlets, numbers) for grant in grants}


def _in_words(grant: Grant, outlets: dict[int, AnyRow], numbers: dict[int, str]) -> str:
    if not grant.limited:
        return gettext("The whole merchant")
    shops = [outlets[each] for each in grant.outlet_ids if each in outlets]
    contracts = sorted({numbers[each] for each in grant.contract_ids if each in numbers})
    said = [_outlets_in_words(shops), _contracts_in_words(contracts)]
    return " · ".join(filter(None, said)) or gettext("Nothing any more")


def _outlets_in_words(shops: Sequence[AnyRow]) -> str:
    """Their names when they are few; otherwise how many, and in which departments."""
    if len(shops) <= NAMED:
        return ", ".join(sorted((shop.trade_name for shop in shops), key=folded))
    counted = ngettext("%(num)s outlet", "%(num)s outlets", len(shops))
    codes = Counter(code for shop in shops if (code := department(shop.postcode)))
    if not codes:
        return counted
    if len(codes) <= NAMED:
        return f"{counted} ({', '.join(NAMES[code] for code in sorted(codes))})"
    return gettext("%(outlets)s in %(num)s departments", outlets=counted, num=len(codes))


def _contracts_in_words(contracts: Sequence[str]) -> str:
    if not contracts:
        return ""
    if len(contracts) <= NAMED:
        return gettext("contract %(numbers)s", numbers=", ".join(contracts))
    return ngettext("%(num)s contract", "%(num)s contracts", len(contracts))


def _unknown(numbers: Sequence[str]) -> str:
    """Which numbers nobody knows; what may be a card number, or a group of one, is not said again."""
    said_again = masked(" ".join(numbers)).split(" ")
    named = ["…" if "*" in number else number[:LONGEST_NUMBER] for number in said_again[:UNKNOWN_NAMED]]
    if rest := len(numbers) - len(named):
        named.append(gettext("and %(num)s more", num=rest))
    said = ", ".join(named)
    return ngettext(
        "This merchant has no contract %(numbers)s.",
        "This merchant has no contracts %(numbers)s.",
        len(numbers),
        numbers=said,
    )

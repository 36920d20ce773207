"""The source of a list's rows: its table, what is joined to it, and whose rows may be seen.

Every statement is made from these declarations; this package names no table of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from sqlalchemy import ARRAY, BigInteger, BindParameter, ColumnElement, FromClause, and_, any_, false, literal

from app.listing.bounds import Bounds
from app.listing.kinds import Expression
from app.listing.scope import Scoped

Condition = ColumnElement[bool]


@dataclass(frozen=True, eq=False)
class Join:
    """A table whose columns fields read, joined to the rows before it: at most one row of it to each.

    ``on`` says which one; it names the merchant, so that no join leaves one (research: R14). ``within``
    bounds those of the rows of a period, so that no partition is looked into which holds none of them.
    """

    table: FromClause
    on: Callable[[Scoped], Condition]
    within: Callable[[Bounds], Condition] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Parent:
    """A row that many share, and that filters ask about: a contract, a telecollection.

    ``link`` are the columns of the rows that name it, ``keys`` the same of ``table``; ``joins`` are what its
    own filters read besides. Up to ``few`` parents, their rows are looked up one parent after the other;
    beyond, by the narrowest parent where months have few of those, else the list is walked along its index:
    so many parents have rows everywhere. ``within`` bounds the
    parents of the rows of a period.
    """

    table: FromClause
    merchant_id: Expression
    contract_id: Expression
    link: tuple[Expression, ...]
    keys: tuple[Expression, ...]
    joins: tuple[Join, ...] = ()
    few: int
    within: Callable[[Bounds], Condition] | None = None

    @cached_property
    def tables(self) -> frozenset[str]:
        """Names of the tables that its filters may read."""
        return frozenset(name_of(table) for table in (self.table, *(join.table for join in self.joins)))


@dataclass(frozen=True, kw_only=True, eq=False)
class ThirdSums:
    """The daily sums of each contract added up by the thirds of months, in columns of the same names.

    ``third`` is the first day of each; what nobody groups contracts by is left out.
    """

    table: FromClause
    third: Expression


@dataclass(frozen=True, kw_only=True, eq=False)
class BandSums:
    """The sums of the days of some merchants by bands of the field ``of``, in columns of the same names.

    :mod:`app.rules.amount_bands` says what each ``band`` is. Of a merchant there are those of all days, over
    all contracts, or none.
    """

    table: FromClause
    merchant_id: Expression
    day: Expression
    band: Expression
    of: str


@dataclass(frozen=True, kw_only=True, eq=False)
class DailySums:
    """The sums kept for each day and contract beside the rows, and over all contracts as ``all_contracts``.

    The contract is the narrowest parent of the rows. ``thirds`` are kept besides where a month of a chain has
    more rows here than can be added up while somebody waits, ``bands`` where ranges of amounts would read too
    many rows.
    """

    table: FromClause
    merchant_id: Expression
    contract_id: Expression
    day: Expression
    currency: Expression
    all_contracts: int
    thirds: ThirdSums | None = None
    bands: BandSums | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class ListSource:
    """The rows of a list.

    ``contract_id`` may hold several; it is None where rows belong to the merchant as a whole: then whoever is
    limited to some contracts sees none. ``day`` is the local day that the period and the partitions go by;
    None is a list without a period. ``instant`` is what orders the rows, ``local`` the same on the clock of
    their outlet, where that is known. ``parents`` go from the narrowest to the widest.
    """

    table: FromClause
    id: Expression
    merchant_id: Expression
    contract_id: Expression | None
    day: Expression | None
    instant: Expression
    currency: Expression
    local: Expression | None = None
    joins: tuple[Join, ...] = ()
    parents: tuple[Parent, ...] = ()
    daily: DailySums | None = None

    def joined(self, scope: Scoped, rows: FromClause, bounds: Bounds | None = None) -> FromClause:
        """``rows`` of the table, which lie within ``bounds``, with all that their fields read."""
        return with_joins(rows, self.joins, scope, bounds)

    def in_scope(self, scope: Scoped) -> Iterator[Condition]:
        """The conditions that no query of these rows does without."""
        return in_scope(self.merchant_id, self.contract_id, scope)

    def in_period(self, bounds: Bounds | None) -> Iterator[Condition]:
        """The local days, which partitions go by; none in a list without a period."""
        if self.day is not None and bounds is not None:
            yield self.day.between(bounds.first, bounds.last)


def in_scope(merchant_id: Expression, contract_id: Expression | None, scope: Scoped) -> Iterator[Condition]:
    """The conditions that no query does without."""
    yield merchant_id == scope.merchant_id
    if scope.contract_ids is not None:
        if contract_id is None:
            yield false()
        else:
            yield _is_of(contract_id, _ids(scope.contract_ids))


def _ids(contract_ids: tuple[int, ...] | BindParameter[Any]) -> Expression:
    if isinstance(contract_ids, BindParameter):
        return contract_ids
    return literal(list(contract_ids), ARRAY(BigInteger))


def _is_of(contract_id: Expression, mine: Expression) -> Condition:
    """Whether the contract of a row is one of ``mine``; where it names several, all of them must be.

    Such a row tells of all its contracts, so that whoever may not see one of them does not see the row.
    """
    if isinstance(cast("ColumnElement[Any]", contract_id).type, ARRAY):
        return contract_id.bool_op("<@")(mine)
    return contract_id == any_(mine)


def with_joins(
    rows: FromClause, joins: tuple[Join, ...], scope: Scoped, bounds: Bounds | None = None
) -> FromClause:
    """``rows`` with each of ``joins``, where there is one."""
    for join in joins:
        within = () if join.within is None or bounds is None else (join.within(bounds),)
        rows = rows.outerjoin(join.table, and_(join.on(scope), *within))
    return rows


def name_of(table: FromClause) -> str:
    """The name of a table, or of its alias."""
    return str(getattr(table, "name", ""))

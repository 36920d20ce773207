"""From scope and criteria to SQL: scope first, each filter where the column it reads lives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    and_,
    any_,
    exists,
    func,
    literal,
    literal_column,
    select,
)

from app.listing.criteria import Criteria
from app.listing.field import tables_of
from app.listing.kinds import Expression, Statement
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.models import Contract, Outlet, Remittance, Transaction

#: A terminal calls within days of a payment; a month of margin also bears a clock that is wrong.
COLLECTION_MARGIN = timedelta(days=31)
#: Up to so many contracts, or remittances, their rows are looked up one parent after the other;
#: beyond, the list is walked along its index: so many parents have rows everywhere.
FEW_CONTRACTS = 100
FEW_REMITTANCES = 1000

_NO_ID = literal_column("0", BigInteger)

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class SortedConditions:
    """The conditions of the filters, by what they read.

    ``own``: the listed rows alone; ``contract``: contracts and outlets alone; ``remittance``: the
    remittance of a transaction, along with its contract and outlet; ``joined``: a remittance that is
    listed, along with its contract and outlet.
    """

    own: tuple[Condition, ...]
    contract: tuple[Condition, ...]
    remittance: tuple[Condition, ...]
    joined: tuple[Condition, ...]

    @property
    def all(self) -> tuple[Condition, ...]:
        """Every condition, for rows that are joined to everything anyway."""
        return self.own + self.contract + self.remittance + self.joined


def asked_of(spec: ListSpec, criteria: Criteria) -> SortedConditions:
    """The conditions of ``criteria``, sorted by the tables they read."""
    conditions = [condition for field in spec.filters for condition in field.conditions(criteria.asked)]
    places = [_place(spec, tables_of(condition)) for condition in conditions]
    gathered: dict[str, tuple[Condition, ...]] = {
        name: tuple(condition for condition, place in zip(conditions, places, strict=True) if place == name)
        for name in ("own", "contract", "remittance", "joined")
    }
    return SortedConditions(**gathered)


def _place(spec: ListSpec, tables: frozenset[str]) -> str:
    if tables <= {spec.model.__tablename__}:
        return "own"
    if tables <= {Contract.__tablename__, Outlet.__tablename__}:
        return "contract"
    return "remittance" if spec.model is Transaction else "joined"


def in_scope(merchant_id: Expression, contract_id: Expression, scope: Scope) -> Iterator[Condition]:
    """The conditions that no query does without."""
    yield merchant_id == scope.merchant_id
    if scope.contract_ids is not None:
        yield contract_id == any_(literal(list(scope.contract_ids), ARRAY(BigInteger)))


def in_sight(spec: ListSpec, scope: Scope, criteria: Criteria) -> Iterator[Condition]:
    """Scope, then the local days, which partitions go by, and the instants, which indexes go by."""
    earliest, latest = criteria.period.instants
    yield from in_scope(spec.model.merchant_id, spec.model.contract_id, scope)
    yield spec.day.between(criteria.period.first, criteria.period.last)
    yield spec.instant >= earliest
    yield spec.instant < latest


def rows_alone(spec: ListSpec, scope: Scope, criteria: Criteria) -> tuple[FromClause, list[Condition]]:
    """Where the rows are, and what they must meet whatever their parents."""
    asked = asked_of(spec, criteria)
    rows: FromClause = spec.model.__table__
    source = _with_contract(rows, spec.model.contract_id, scope) if asked.joined else rows
    return source, [*in_sight(spec, scope, criteria), *asked.own, *asked.joined]


@dataclass(frozen=True)
class Parents:
    """The contracts, or the remittances, that the filters leave: theirs are the rows asked for.

    ``link`` are the columns of ``rows`` that name a parent, as ``found`` selects it. ``few`` holds
    all parents when ``is_few``; otherwise their number is not known.
    """

    rows: FromClause
    link: tuple[Expression, ...]
    found: Statement
    few: CTE
    is_few: Condition

    def of(self, parents: Iterable[Expression]) -> Condition:
        """True for the rows of one of ``parents``."""
        return and_(*(column == parent for column, parent in zip(self.link, parents, strict=True)))

    @property
    def probe(self) -> Condition:
        """True for rows that have such a parent, looked up row by row: for a page of many.

        OFFSET keeps the planner from computing all the parents first.
        """
        same = self.of(self.found.selected_columns)
        return exists(self.found.where(same).offset(0).correlate(self.rows))

    def all_joined(self, source: FromClause) -> tuple[FromClause, Condition]:
        """``source`` joined to all such parents, and what is true for their rows: for sums of many.

        An outer join keeps the planner, which cannot know how many there are, from looping over them.
        """
        parents = self.found.subquery("parents")
        has_parent = func.coalesce(next(iter(parents.c)), _NO_ID) != _NO_ID
        return source.outerjoin(parents, self.of(parents.c)), has_parent


def parents_of(spec: ListSpec, scope: Scope, criteria: Criteria) -> Parents | None:
    """The parents that filters and scope are about; None when only the rows themselves matter."""
    asked = asked_of(spec, criteria)
    rows = spec.model.__table__
    if asked.remittance:
        link = (Transaction.remittance_id, Transaction.collected_on)
        found = _remittances(scope, criteria, (*asked.contract, *asked.remittance))
        return _parents(rows, link, found, FEW_REMITTANCES)
    if asked.contract or scope.contract_ids is not None:
        return _parents(rows, (spec.model.contract_id,), contracts(scope, asked.contract), FEW_CONTRACTS)
    return None


def _parents(rows: FromClause, link: tuple[Expression, ...], found: Statement, most: int) -> Parents:
    few = found.limit(most + 1).cte("few")
    is_few = select(func.count() <= most).select_from(few).scalar_subquery()
    return Parents(rows, link, found, few, is_few)


def contracts(scope: Scope, where: Iterable[Condition]) -> Statement:
    """The ids of the contracts in scope that meet ``where``."""
    return (
        select(Contract.id)
        .select_from(_with_outlet(Contract.__table__))
        .where(*in_scope(Contract.merchant_id, Contract.id, scope), *where)
    )


def _remittances(scope: Scope, criteria: Criteria, where: Iterable[Condition]) -> Statement:
    """The keys of the remittances in scope that meet ``where``, along with contract and outlet."""
    return (
        select(Remittance.id, Remittance.collected_on)
        .select_from(_with_contract(Remittance.__table__, Remittance.contract_id, scope))
        .where(
            *in_scope(Remittance.merchant_id, Remittance.contract_id, scope),
            Remittance.collected_on >= criteria.period.first - COLLECTION_MARGIN,
            *where,
        )
    )


def joined(spec: ListSpec, scope: Scope, rows: FromClause) -> FromClause:
    """``rows`` of a list with all that their fields read: remittance, contract and outlet."""
    if spec.model is Transaction:
        own = and_(
            Remittance.merchant_id == scope.merchant_id,
            Remittance.id == Transaction.remittance_id,
            Remittance.collected_on == Transaction.collected_on,
        )
        rows = rows.outerjoin(Remittance, own)
    return _with_contract(rows, spec.model.contract_id, scope)


def _with_contract(rows: FromClause, contract_id: Expression, scope: Scope) -> FromClause:
    own = and_(Contract.merchant_id == scope.merchant_id, Contract.id == contract_id)
    return _with_outlet(rows.outerjoin(Contract, own))


def _with_outlet(rows: FromClause) -> FromClause:
    own = and_(Outlet.merchant_id == Contract.merchant_id, Outlet.id == Contract.outlet_id)
    return rows.outerjoin(Outlet, own)

"""Conditions in SQL, from scope and criteria: each filter stands where the column it reads lives."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import (
    CTE,
    BigInteger,
    BinaryExpression,
    FromClause,
    and_,
    exists,
    func,
    literal_column,
    select,
)

from app.listing.criteria import Criteria
from app.listing.field import tables_of
from app.listing.kinds import Expression, Statement
from app.listing.measures import COUNT
from app.listing.scope import Scoped
from app.listing.source import BandSums, Condition, ListSource, Parent, in_scope, name_of, with_joins
from app.listing.spec import ListSpec

#: So many parents are looked at, to tell whether all are of a few narrower ones.
MOST_LOOKED_AT = 10_000
#: So many rows of a range of amounts are sorted; of more, the first ones are found among all of the period.
FEW_OF_AMOUNTS = 10_000
_NO_ID = literal_column("0", BigInteger)


@dataclass(frozen=True)
class SortedConditions:
    """The conditions of the filters, by what they read.

    ``own``: the listed rows alone; ``parents``: one tuple for each parent of the source, the parent alone;
    ``joined``: the rows along with what is joined to them.
    """

    own: tuple[Condition, ...]
    parents: tuple[tuple[Condition, ...], ...]
    joined: tuple[Condition, ...]

    @property
    def all(self) -> tuple[Condition, ...]:
        """Every condition, for rows that are joined to everything anyway."""
        return (*self.own, *self.of_parents, *self.joined)

    @property
    def of_parents(self) -> tuple[Condition, ...]:
        """The conditions of all parents."""
        return tuple(condition for conditions in self.parents for condition in conditions)

    @property
    def widest(self) -> int | None:
        """The place of the widest parent that is asked about: it knows what the narrower ones do."""
        asked = [place for place, conditions in enumerate(self.parents) if conditions]
        return asked[-1] if asked else None


def sorted_conditions(spec: ListSpec, criteria: Criteria) -> SortedConditions:
    """The conditions of ``criteria``, sorted by the tables they read."""
    source = spec.source
    places: dict[int | str, list[Condition]] = {}
    for field in spec.askable:
        for condition in criteria.conditions(field):
            places.setdefault(_place(source, tables_of(condition)), []).append(condition)
    return SortedConditions(
        own=tuple(places.get("own", ())),
        parents=tuple(tuple(places.get(place, ())) for place in range(len(source.parents))),
        joined=tuple(places.get("joined", ())),
    )


def _place(source: ListSource, tables: frozenset[str]) -> int | str:
    if tables <= {name_of(source.table)}:
        return "own"
    known = (place for place, parent in enumerate(source.parents) if tables <= parent.tables)
    return next(known, "joined")


def in_sight(spec: ListSpec, scope: Scoped, criteria: Criteria) -> Iterator[Condition]:
    """Scope, then the local days, which partitions go by, and the instants, which indexes go by."""
    source, bounds = spec.source, criteria.bounds
    yield from source.in_scope(scope)
    yield from source.in_period(bounds)
    if source.day is not None and bounds is not None:
        yield source.instant >= bounds.earliest
        yield source.instant < bounds.latest


def rows_alone(
    spec: ListSpec, scope: Scoped, criteria: Criteria, *, limited: bool = True
) -> tuple[FromClause, list[Condition]]:
    """Where the rows are, and what they must meet whatever their parents.

    Not ``limited``, no index leads to a range of amounts.
    """
    conditions, source = sorted_conditions(spec, criteria), spec.source
    rows = source.joined(scope, source.table, criteria.bounds) if conditions.joined else source.table
    limits = _limits(spec, scope, criteria) if limited else ()
    return rows, [*in_sight(spec, scope, criteria), *limits, *conditions.own, *conditions.joined]


def _limits(spec: ListSpec, scope: Scoped, criteria: Criteria) -> Iterator[Condition]:
    """What an index can go by: a bound of amounts, of which every currency of the period has its own.

    The daily sums know these currencies. Where they know none, there are no rows.
    """
    daily, bounds = spec.source.daily, criteria.bounds
    if daily is None or bounds is None:
        return
    days = daily.merchant_id == scope.merchant_id, daily.contract_id == daily.all_contracts
    for limit in _asked_limits(spec, criteria):
        furthest = func.min if limit.operator is operator.ge else func.max
        found = select(furthest(limit.right)).where(*days, daily.day.between(bounds.first, bounds.last))
        yield BinaryExpression(limit.left, found.scalar_subquery(), limit.operator)


def _asked_limits(spec: ListSpec, criteria: Criteria) -> Iterator[BinaryExpression[bool]]:
    """The limits of all fields: of the values of filters, or of any such."""
    known = criteria.of_any_values
    for field in spec.askable:
        yield from field.limits(criteria.filters) if known is None else known.limits.get(field.name, ())


def has_bands(bands: BandSums, scope: Scoped) -> Condition:
    """Whether there are sums by bands of the merchant in sight: then there are those of all their days."""
    found = exists(select(bands.band).where(bands.merchant_id == scope.merchant_id))
    return select(found).scalar_subquery()


def are_few(spec: ListSpec, scope: Scoped, criteria: Criteria) -> Condition | None:
    """Whether so few rows are of the amounts asked for that to sort them is quicker than to search for them.

    None where no range of amounts is asked for, or nothing tells.
    """
    daily, bounds, asked = spec.source.daily, criteria.bounds, criteria.asked.bands
    if daily is None or daily.bands is None or bounds is None or asked is None:
        return None
    bands = daily.bands
    days = bands.merchant_id == scope.merchant_id, bands.day.between(bounds.first, bounds.last)
    number = select(func.sum(bands.table.c[COUNT]) <= FEW_OF_AMOUNTS).where(*days, asked.around)
    return func.coalesce(number.scalar_subquery(), has_bands(bands, scope))


@dataclass(frozen=True)
class Few:
    """Parents of rows by the columns of these that name one, ``link``: all of them when ``is_few``."""

    link: tuple[Expression, ...]
    keys: CTE
    is_few: Condition

    def of(self, parents: Iterable[Expression]) -> Condition:
        """True for the rows of one of ``parents``."""
        return and_(*(column == parent for column, parent in zip(self.link, parents, strict=True)))

    def joined(self, rows: FromClause) -> FromClause:
        """``rows`` of these parents."""
        return rows.join(self.keys, self.of(self.keys.c))


@dataclass(frozen=True)
class Parents:
    """The parents that the filters leave, such as contracts: theirs are the rows asked for.

    ``found`` selects them. ``few`` holds them when they are; otherwise their number is not known. Of months
    ``narrowest`` may then hold the narrowest parents: the contracts of a shop with many telecollections. Of
    days, to plan that takes longer than it saves.
    """

    rows: FromClause
    found: Statement
    few: Few
    narrowest: Few | None

    @property
    def probe(self) -> Condition:
        """True for rows that have such a parent, looked up row by row: for a page of many.

        OFFSET keeps the planner from computing all the parents first.
        """
        same = self.few.of(self.found.selected_columns)
        return exists(self.found.where(same).offset(0).correlate(self.rows))

    def all_joined(self, source: FromClause) -> tuple[FromClause, Condition]:
        """``source`` joined to all such parents, and what is true for their rows: for sums of many.

        An outer join keeps the planner, which cannot know how many there are, from looping over them.
        """
        parents = self.found.subquery("parents")
        has_parent = func.coalesce(next(iter(parents.c)), _NO_ID) != _NO_ID
        return source.outerjoin(parents, self.few.of(parents.c)), has_parent


def parents_of(spec: ListSpec, scope: Scoped, criteria: Criteria) -> Parents | None:
    """The parents that filters and scope are about; None when only the rows themselves matter."""
    conditions, source = sorted_conditions(spec, criteria), spec.source
    place = conditions.widest
    if place is None and source.parents and scope.contract_ids is not None:
        place = 0
    if place is None:
        return None
    parent = source.parents[place]
    found = parents_found(parent, scope, criteria, conditions.of_parents)
    few = _few(parent.link, found, parent.few)
    is_long = criteria.period is not None and criteria.period.is_long
    narrowest = _narrowest(source, parent, found) if place and is_long else None
    return Parents(source.table, found, few, narrowest)


def _few(link: tuple[Expression, ...], found: Statement, most: int, *of_enough: Condition) -> Few:
    few = found.limit(most + 1).cte()
    number = select(func.count() <= most).select_from(few).scalar_subquery()
    return Few(link, few, and_(*of_enough, number))


def _narrowest(source: ListSource, parent: Parent, found: Statement) -> Few:
    """The narrowest parents of those ``found``, where these are not too many to look at."""
    narrowest = source.parents[0]
    some = found.with_only_columns(parent.contract_id.label("contract_id")).limit(MOST_LOOKED_AT + 1).cte()
    are_known = select(func.count() <= MOST_LOOKED_AT).select_from(some).scalar_subquery()
    return _few(narrowest.link, select(some.c.contract_id).distinct(), narrowest.few, are_known)


def parents_found(
    parent: Parent, scope: Scoped, criteria: Criteria, where: Iterable[Condition] = ()
) -> Statement:
    """The keys of the parents in scope that meet ``where``."""
    bounds = criteria.bounds
    within = () if parent.within is None or bounds is None else (parent.within(bounds),)
    return (
        select(*parent.keys)
        .select_from(with_joins(parent.table, parent.joins, scope))
        .where(*in_scope(parent.merchant_id, parent.contract_id, scope), *within, *where)
    )

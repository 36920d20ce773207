"""Sums over a whole filter: from the daily sums when these know all that is asked, else from the rows.

Both ways give the same figures, held by a property test. Totals are the series of one group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Executable,
    FromClause,
    Label,
    and_,
    func,
    select,
    union_all,
)
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from app.listing.bounds import Bounds
from app.listing.criteria import Criteria
from app.listing.dimension import Dimension, KnownPart
from app.listing.field import columns_of, tables_of
from app.listing.kinds import Expression, Statement
from app.listing.measures import COUNT, sum_of
from app.listing.question import KEPT, Question
from app.listing.scope import Scope, Scoped
from app.listing.source import Condition, DailySums, Parent, in_scope, name_of, with_joins
from app.listing.spec import ListSpec
from app.listing.summed import CurrencyTotals, Group, Totals
from app.listing.where import (
    SortedConditions,
    has_bands,
    in_sight,
    parents_found,
    parents_of,
    rows_alone,
    sorted_conditions,
)

E = TypeVar("E", bound=ColumnElement[Any])
_GROUP, _CURRENCY = "group_key", "currency"


def totals(connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria) -> Totals:
    """The sums of all the rows of ``criteria``, whatever its page."""
    groups = series(connection, spec, scope, criteria)
    return groups[0].totals if groups else Totals(0, ())


def series(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, by: Dimension | None = None
) -> tuple[Group, ...]:
    """The sums for each value of ``by``, in its order; one group, or none, without it."""
    question = Question.of(spec, scope, criteria)
    found = connection.execute(_sums(question, by), question.values)
    lines = _lines(spec, tuple(found.keys()), found)
    return tuple(
        Group(key, _totals(line for _, line in lines)) for key, lines in groupby(lines, lambda line: line[0])
    )


@lru_cache(maxsize=KEPT)
def _sums(asked: Question, by: Dimension | None) -> Executable:
    """The statement of :func:`series`."""
    spec, scope, criteria = asked.spec, asked.scope, asked.criteria
    daily: Executable | None = daily_sums(spec, scope, criteria, by)
    if daily is None and by is not None and by.known is not None:
        daily = _sums_in_parts(spec, scope, criteria, by, by.known)
    if daily is None:
        daily = banded_sums(spec, scope, criteria, by)
    return row_sums(spec, scope, criteria, by) if daily is None else daily


def _sums_in_parts(
    spec: ListSpec, scope: Scoped, criteria: Criteria, by: Dimension, known: KnownPart
) -> Executable | None:
    """The groups of what the daily sums know, and of the other rows; None where they know nothing."""
    of_days = daily_sums(spec, scope, criteria, replace(by, daily=known.daily), known.of_days)
    if of_days is None:
        return None
    return _all_of(spec, by, of_days, row_sums(spec, scope, criteria, by, known.of_rows))


def _all_of(spec: ListSpec, by: Dimension | None, *sums: Statement | CompoundSelect[Any]) -> Statement:
    """``sums`` of rows that are apart, added up by group and currency."""
    parts = union_all(*(part.order_by(None) for part in sums)).subquery("parts")
    keys = [parts.c[_CURRENCY]] if by is None else [parts.c[_GROUP], parts.c[_CURRENCY]]
    added_up = (sum_of(measure.name, parts.c[measure.name]) for measure in spec.measures)
    return select(*keys, *added_up).group_by(*keys).order_by(*keys)


def banded_sums(
    spec: ListSpec, scope: Scoped, criteria: Criteria, by: Dimension | None = None
) -> Statement | None:
    """The sums of a range of amounts: of the bands within it, and of the rows beside these.

    Of the rows alone where the merchant has no bands. None where these do not know what is asked.
    """
    daily, asked = spec.source.daily, criteria.asked.bands
    if daily is None or daily.bands is None or asked is None or scope.contract_ids is not None:
        return None
    known, bands = _known_of_bands(spec, criteria, daily, by), daily.bands
    if known is None or criteria.bounds is None:
        return None
    kept = dict(bands.table.c.items())
    where = bands.merchant_id == scope.merchant_id
    keys = _keys(None if by is None else by.daily, daily.currency)
    within = (
        select(
            *(_moved(daily, one, kept) for one in (*keys, *(measure.of_days for measure in spec.measures)))
        )
        .where(where, bands.day.between(criteria.bounds.first, criteria.bounds.last), asked.within)
        .where(*(_moved(daily, condition, kept) for condition in known))
        .group_by(*(_moved(daily, key, kept) for key in keys))
    )
    banded = has_bands(bands, scope)
    beside = (replace(criteria, of_any_values=end) for end in asked.ends)
    return _all_of(
        spec,
        by,
        within,
        *(row_sums(spec, scope, end, by, banded) for end in beside),
        row_sums(spec, scope, criteria, by, ~banded),
    )


def _known_of_bands(
    spec: ListSpec, criteria: Criteria, daily: DailySums, by: Dimension | None
) -> list[Condition] | None:
    """What is asked of the daily sums besides amounts; None where these or their bands do not know it."""
    if daily.bands is None or (by is not None and by.daily is None):
        return None
    known = [one for field in spec.askable for one in criteria.daily_conditions(field)]
    asked = sorted_conditions(spec, criteria)
    of_amounts = next(
        len(tuple(criteria.conditions(field))) for field in spec.fields if field.name == daily.bands.of
    )
    if asked.joined or asked.of_parents or len(known) + of_amounts != len(asked.own) or of_amounts > 1:
        return None
    read = _read(daily, (*known, None if by is None else by.daily))
    return known if {*read} <= {*daily.bands.table.c.keys()} else None


def _lines(
    spec: ListSpec, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[tuple[Any, CurrencyTotals]]:
    """The group and the sums of each row. A chain has hundreds of groups, each with two dozen sums."""
    measures = tuple(measure.name for measure in spec.measures)
    places = tuple(map(names.index, measures))
    signed = [(names.index(measure.name), measure.sign) for measure in spec.measures if measure.sign]
    group = names.index(_GROUP) if _GROUP in names else None
    currency = names.index(_CURRENCY)
    for row in rows:
        sums = {name: row[place] for name, place in zip(measures, places, strict=True)}
        net = sum(sign * row[place] for place, sign in signed)
        yield None if group is None else row[group], CurrencyTotals(row[currency], sums, net)


def _totals(lines: Iterable[CurrencyTotals]) -> Totals:
    found = tuple(lines)
    return Totals(sum(line.count for line in found), found)


def row_sums(
    spec: ListSpec, scope: Scoped, criteria: Criteria, by: Dimension | None = None, *where: Condition
) -> Statement | CompoundSelect[Any]:
    """The sums, added up from the rows; ``where`` leaves some of these out, but not by parent."""
    currency, parent = spec.source.currency, _parent_of(spec, by)
    if by is not None and parent is not None:
        parts = _from_rows(spec, scope, criteria, [*_links(parent.link), *_keys(None, currency)])
        return _added_up(spec, scope, parts.subquery("parts"), by, parent)
    keys = _keys(None if by is None else by.rows, currency)
    if by is None or _is_own(spec, by.rows):
        return _from_rows(spec, scope, criteria, keys, *where).order_by(*(key.name for key in keys))
    return (
        _measured(spec, keys)
        .select_from(spec.source.joined(scope, spec.source.table, criteria.bounds))
        .where(*in_sight(spec, scope, criteria), *sorted_conditions(spec, criteria).all, *where)
        .order_by(*(key.name for key in keys))
    )


def _measured(spec: ListSpec, keys: Sequence[Label[Any]]) -> Statement:
    """The measures of the rows that share ``keys``."""
    return select(*keys, *(measure.of_rows for measure in spec.measures)).group_by(*keys)


def _from_rows(
    spec: ListSpec, scope: Scoped, criteria: Criteria, keys: Sequence[Label[Any]], *where: Condition
) -> Statement | CompoundSelect[Any]:
    """The measures of the rows asked for by ``keys``, which read the rows alone."""
    source, own = rows_alone(spec, scope, criteria)
    rows = _measured(spec, keys).where(*own, *where)
    parents = parents_of(spec, scope, criteria)
    if parents is None:
        return rows.select_from(source)
    few, narrowest, (joined, has_parent) = parents.few, parents.narrowest, parents.all_joined(source)
    parts = [rows.select_from(few.joined(source)).where(few.is_few)]
    others = rows.where(~few.is_few, has_parent)
    if narrowest is not None:
        parts.append(others.select_from(narrowest.joined(joined)).where(narrowest.is_few))
        others = others.where(~narrowest.is_few)
    return union_all(*parts, others.select_from(joined))


def _parent_of(spec: ListSpec, by: Dimension | None) -> Parent | None:
    """The narrowest parent that a dimension reads, and nothing else; None for one that reads rows."""
    if by is None or _is_own(spec, by.rows):
        return None
    read = tables_of(by.rows)
    return next((parent for parent in spec.source.parents if read <= parent.tables), None)


def _links(link: Sequence[Expression]) -> list[Label[Any]]:
    return [column.label(f"link_{place}") for place, column in enumerate(link)]


def _added_up(spec: ListSpec, scope: Scoped, parts: FromClause, by: Dimension, parent: Parent) -> Statement:
    """``parts``, the sums by parent, added up by what the parents tell: far fewer than there are rows."""
    measures = [sum_of(measure.name, parts.c[measure.name]) for measure in spec.measures]
    return _of_parents(scope, parts, measures, by, parent)


def _of_parents(
    scope: Scoped, parts: FromClause, measures: Iterable[ColumnElement[int]], by: Dimension, parent: Parent
) -> Statement:
    """``measures`` of ``parts``, which name their parent, by what the parents tell."""
    keys = _keys(by.rows, parts.c[_CURRENCY])
    pairs = zip(parent.keys, (parts.c[name.name] for name in _links(parent.link)), strict=True)
    on = and_(parent.merchant_id == scope.merchant_id, *(key == named for key, named in pairs))
    return (
        select(*keys, *measures)
        .select_from(with_joins(parts.outerjoin(parent.table, on), parent.joins, scope))
        .group_by(*keys)
        .order_by(*(key.name for key in keys))
    )


def daily_sums(
    spec: ListSpec, scope: Scoped, criteria: Criteria, by: Dimension | None = None, *asked: Condition
) -> Statement | None:
    """The sums, added up from the daily ones that meet ``asked``; None when these do not know what is."""
    daily, conditions = spec.source.daily, sorted_conditions(spec, criteria)
    known = [condition for field in spec.askable for condition in criteria.daily_conditions(field)]
    if daily is None or not _is_known(spec, conditions, len(known), by):
        return None
    by_contract = by is not None and by.daily is None
    where = (*_daily_scope(spec, daily, scope, criteria, by_contract=by_contract), *known, *asked)
    rows = _Days(daily, where, criteria.bounds)
    if by is not None and by_contract:
        links = [*_links([daily.contract_id]), *_keys(None, daily.currency)]
        return _of_parents(scope, *_in_parts(spec, links, rows), by, spec.source.parents[0])
    keys = _keys(None if by is None else by.daily, daily.currency)
    if scope.contract_ids is None and not conditions.of_parents:
        sums = select(*keys, *(measure.of_days for measure in spec.measures)).where(*rows.conditions)
    else:
        parts, measures = _in_parts(spec, keys, rows)
        keys = [parts.c[key.name].label(key.name) for key in keys]
        sums = select(*keys, *measures)
    return sums.group_by(*keys).order_by(*(key.name for key in keys))


@dataclass(frozen=True)
class _Days:
    """The daily sums of what is asked for: what they meet besides their days, and these."""

    daily: DailySums
    where: tuple[Condition, ...]
    bounds: Bounds | None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All that they meet."""
        if self.bounds is None:
            return self.where
        return (*self.where, self.daily.day.between(self.bounds.first, self.bounds.last))

    def by_thirds(self, columns: Mapping[str, Column[Any]], figures: Mapping[str, Any]) -> FromClause | None:
        """``columns`` of as few rows as tell the same, of which ``figures`` add up; None where none do."""
        thirds, bounds = self.daily.thirds, self.bounds
        if thirds is None or bounds is None:
            return None
        kept = dict(thirds.table.c.items())
        if not {*columns, *_read(self.daily, self.where)} <= {*kept}:
            return None
        whole = thirds.third.between(bounds.first_third, bounds.last_third)
        where = (_moved(self.daily, condition, kept) for condition in self.where)
        parts = [select(*(kept[name] for name in columns)).where(*where, whole)]
        for edge in bounds.edges:
            signed = {name: (edge.sign * columns[name]).label(name) for name in figures}
            days = self.daily.day.between(edge.first, edge.last)
            parts.append(select(*{**columns, **signed}.values()).where(*self.where, days))
        return union_all(*parts).subquery("days")


def _in_parts(
    spec: ListSpec, keys: Sequence[Label[Any]], rows: _Days
) -> tuple[FromClause, list[ColumnElement[int]]]:
    """The daily sums of contracts added up by ``keys`` as far as measures are apart; the measures of these.

    A chain has a row for each contract and day. Of these each figure is added up once, and the conditions
    of the measures, of which remittances have two dozen, are looked at for what is left: a thirtieth of it.
    """
    daily = rows.daily
    figures = _read(daily, (measure.daily for measure in spec.measures))
    states = _read(daily, (where for measure in spec.measures for where in measure.daily_where))
    apart: list[ColumnElement[Any]] = [*keys, *states.values()]
    sums = [sum_of(name, column) for name, column in figures.items()]
    days = rows.by_thirds({**_read(daily, keys), **states, **figures}, figures)
    if days is None:
        found = select(*apart, *sums).where(*rows.conditions).group_by(*apart)
    else:
        of_days = dict(days.c.items())
        apart, sums = ([_moved(daily, one, of_days) for one in each] for each in (apart, sums))
        # Of what a third has outside of the period alone, nothing is left.
        found = select(*apart, *sums).group_by(*apart).having(func.sum(days.c[COUNT]) != 0)
    parts = found.subquery("parts")
    moved = {name: parts.c[name] for name in (*figures, *states)}
    return parts, [_moved(daily, measure.of_days, moved) for measure in spec.measures]


def _read(daily: DailySums, expressions: Iterable[Expression | None]) -> dict[str, Column[Any]]:
    """The columns of the daily sums that ``expressions`` read, by name."""
    found = (columns_of(expression) for expression in expressions if expression is not None)
    return {column.name: column for columns in found for column in columns if _is_of(daily, column)}


def _moved(daily: DailySums, expression: E, columns: Mapping[str, ColumnElement[Any]]) -> E:
    """``expression``, read from ``columns`` in the place of the daily sums' own of the same name."""

    def place(element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
        if isinstance(element, CTE):
            return element  # the one that other branches read: a copy of it would be another of its name
        return columns[element.name] if isinstance(element, Column) and _is_of(daily, element) else None

    moved: E = replacement_traverse(expression, {}, place)
    return moved


def _is_of(daily: DailySums, column: Column[Any]) -> bool:
    return name_of(column.table) == name_of(daily.table)


def _is_known(spec: ListSpec, conditions: SortedConditions, known: int, by: Dimension | None) -> bool:
    """Whether the daily sums know every measure, every filter but those of contracts, and the dimension."""
    measured = all(measure.daily is not None for measure in spec.measures)
    wider = conditions.joined or any(conditions.parents[1:])
    grouped = by is None or by.daily is not None or _parent_of(spec, by) in spec.source.parents[:1]
    return measured and not wider and known >= len(conditions.own) and grouped


def _daily_scope(
    spec: ListSpec, daily: DailySums, scope: Scoped, criteria: Criteria, *, by_contract: bool
) -> Iterator[Condition]:
    """The contracts' own sums when they matter, otherwise the one sum over all of them."""
    yield from in_scope(daily.merchant_id, daily.contract_id, scope)
    asked = sorted_conditions(spec, criteria).of_parents
    if asked:
        found = parents_found(spec.source.parents[0], scope, criteria, asked).cte("asked")
        yield daily.contract_id.in_(select(*found.c))
    elif by_contract and scope.contract_ids is None:
        yield daily.contract_id != daily.all_contracts
    elif scope.contract_ids is None:
        yield daily.contract_id == daily.all_contracts


def _keys(group: Expression | None, currency: Expression) -> list[Label[Any]]:
    """The columns of the groups: the value of the dimension, if there is one, and the currency."""
    its_currency: Label[Any] = currency.label(_CURRENCY)
    return [its_currency] if group is None else [group.label(_GROUP), its_currency]


def _is_own(spec: ListSpec, expression: Expression) -> bool:
    """Whether ``expression`` reads the listed rows alone."""
    return tables_of(expression) <= {name_of(spec.source.table)}

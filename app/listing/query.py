"""The questions about rows: a page of a list, and one row, within the scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Label,
    and_,
    bindparam,
    column,
    func,
    select,
    true,
    union_all,
)

from app.database.isolation import keep_plans
from app.listing.constants import written_out
from app.listing.criteria import Criteria
from app.listing.cursor import Cursor
from app.listing.field import Args, tables_of
from app.listing.kinds import Row, Statement
from app.listing.order import Order
from app.listing.question import KEPT, Question
from app.listing.scope import Scope, Scoped
from app.listing.source import Condition, ListSource, name_of
from app.listing.spec import ListSpec
from app.listing.where import Few, are_few, parents_of, rows_alone, sorted_conditions

PAGE_SIZE = 50
LARGEST_ID = 2**63 - 1
_AT, _VALUE = "cursor_at", "cursor_value"
_IDS, _DAYS = "ids", "days"
#: The keys of rows that were chosen before.
_GIVEN = (
    func.unnest(bindparam(_IDS, type_=ARRAY(BigInteger)), bindparam(_DAYS, type_=ARRAY(Date)))
    .table_valued(column("id", BigInteger), column("day", Date), name="chosen")
    .render_derived()
)


@dataclass(frozen=True)
class Page:
    """Rows in order, by field name; ``next_args`` is the address of those that follow, if any."""

    rows: tuple[Row, ...]
    next_args: Args | None


def page(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, size: int = PAGE_SIZE
) -> Page:
    """The rows of ``criteria``, from its cursor on, ``size`` at most.

    Sums are asked for before: where these rows keep their plan, so does all that comes after them.
    """
    question = Question.of(spec, scope, criteria)
    asked, values = _page(question, size), dict(question.values)
    if asked.chosen is not None:
        chosen = connection.execute(asked.chosen, values).all()
        values |= {_IDS: [row.id for row in chosen], _DAYS: [row.day for row in chosen]}
    if asked.keeps_plan:
        keep_plans(connection)
    found = connection.execute(asked.rows, values)
    names = tuple(found.keys())
    # A page looks up thousands of values by name: a dict finds them at once, those that are not there too.
    every = [dict(zip(names, values, strict=True)) for values in found.all()]
    rows = tuple(every[:size])
    if len(every) <= size:
        return Page(rows, None)
    following = criteria.with_after(_cursor(criteria, rows[-1]))
    return Page(rows, following.to_args(pinned=True))


@dataclass(frozen=True, eq=False)
class _PageStatements:
    """``rows`` are those of a page; ``chosen``, where it is not None, finds their keys before.

    ``keeps_plan`` says whether the plan of ``rows`` is the same for all values.
    """

    rows: Statement
    chosen: Statement | None
    keeps_plan: bool


@lru_cache(maxsize=KEPT)
def _page(asked: Question, size: int) -> _PageStatements:
    """One statement where the plan is kept of all of it, or where none can be.

    Else two of them: which rows they are is planned for the values of the question, but what fields need
    besides is looked up in the same way for all rows, and takes longer to plan. Whoever is limited to some
    contracts has what comes after the rows planned for these as well.
    """
    spec, scope, criteria = asked.spec, asked.scope, asked.criteria
    walked = is_walked(spec, scope, criteria)
    if walked or spec.source.day is None or scope.contract_ids is not None:
        return _PageStatements(page_statement(spec, scope, criteria, size), None, keeps_plan=walked)
    chosen = select(*_chosen(spec, scope, criteria, size + 1).c)
    return _PageStatements(_rows_of(spec, scope, criteria, _GIVEN), chosen, keeps_plan=True)


def is_walked(spec: ListSpec, scope: Scoped, criteria: Criteria) -> bool:
    """Whether the rows are read in their order along one index, or one after the other of each contract.

    There is no other way then, whatever is asked for, and to plan it takes longer than to go it. A connection
    keeps 1 to 2 MB for each such plan: not for the rare questions of contracts by several of their fields.
    Whoever is limited to some contracts needs a plan for these: one for any of them would go through all.
    """
    conditions, by_value = sorted_conditions(spec, criteria), Order.of(criteria).value is not None
    if spec.source.day is None or scope.contract_ids is not None or by_value:
        return False
    of_contracts, *of_others = (*conditions.parents, ())
    return len(of_contracts) <= 1 and not any((conditions.own, conditions.joined, *of_others))


def page_statement(spec: ListSpec, scope: Scoped, criteria: Criteria, size: int) -> Statement:
    """The statement of :func:`page`: one row more than ``size`` tells whether others follow.

    The rows are chosen first, by index and bounded; what their fields need is joined to these only.
    """
    chosen = _chosen(spec, scope, criteria, size + 1)
    within = () if is_walked(spec, scope, criteria) else spec.source.in_period(criteria.bounds)
    return _rows_of(spec, scope, criteria, chosen, *within)


def _rows_of(
    spec: ListSpec, scope: Scoped, criteria: Criteria, chosen: FromClause, *within: Condition
) -> Statement:
    """The rows whose keys are ``chosen``, with their fields; ``within`` bounds what a plan looks at."""
    source, order = spec.source, Order.of(criteria)
    same = [*within, source.merchant_id == scope.merchant_id, source.id == chosen.c.id]
    if source.day is not None:
        same.append(source.day == chosen.c.day)
    return (
        select(*_columns(spec), *_cursor_columns(order))
        .select_from(source.joined(scope, chosen.join(source.table, and_(*same)), criteria.bounds))
        .order_by(*ordering(criteria))
    )


def ordering(criteria: Criteria) -> list[ColumnElement[Any]]:
    """ORDER BY of the whole list."""
    order = Order.of(criteria)
    return order.directed(order.keys)


def _cursor_columns(order: Order) -> Iterator[Label[Any]]:
    yield order.source.instant.label(_AT)
    if order.value is not None:
        yield order.value.label(_VALUE)


def _chosen(spec: ListSpec, scope: Scoped, criteria: Criteria, size: int) -> FromClause:
    """The keys of the rows of a page."""
    source, order = spec.source, Order.of(criteria)
    table, where = rows_alone(spec, scope, criteria)
    if order.value is not None and not tables_of(order.value) <= {name_of(source.table)}:
        return _chosen_among_all(spec, scope, criteria, size)
    rows = select(*_keys(source, order)).select_from(table).where(*where, *_behind(order, criteria))
    rows = rows.order_by(*order.directed(order.keys)).limit(size)
    parents = parents_of(spec, scope, criteria)
    if parents is None:
        few_of_amounts = are_few(spec, scope, criteria) if order.value is None else None
        if few_of_amounts is None:
            return rows.subquery("chosen")
        return _chosen_by_amounts(spec, scope, criteria, size, few_of_amounts)
    few, narrowest = parents.few, parents.narrowest
    parts = [_of_few(order, rows, few, size)]
    others = rows.where(~few.is_few, parents.probe)
    if narrowest is not None:
        parts.append(_of_few(order, others, narrowest, size))
        others = others.where(~narrowest.is_few)
    return union_all(*parts, others).subquery("chosen")


def _chosen_by_amounts(
    spec: ListSpec, scope: Scoped, criteria: Criteria, size: int, of_few: Condition
) -> FromClause:
    """The same of a range of amounts in the order of time.

    The planner knows no limit of amounts, and would go through a month for a few payments, or sort one.
    """
    source, order = spec.source, Order.of(criteria)
    few, walked = (rows_alone(spec, scope, criteria, limited=limited) for limited in (True, False))
    keys, behind = tuple(_keys(source, order)), _behind(order, criteria)
    # OFFSET keeps the planner from looking for them in their order.
    found = select(*keys).select_from(few[0]).where(*few[1], *behind).offset(0).subquery("few")
    parts = (
        (select(found).where(of_few), (found.c.at, found.c.id)),
        (select(*keys).select_from(walked[0]).where(*walked[1], *behind, ~of_few), order.keys),
    )
    ordered = (part.order_by(*order.directed(by)).limit(size) for part, by in parts)
    return union_all(*ordered).subquery("chosen")


def _chosen_among_all(spec: ListSpec, scope: Scoped, criteria: Criteria, size: int) -> FromClause:
    """The same in an order by what is joined to the rows, which no index keeps: all of them are looked at."""
    source, order = spec.source, Order.of(criteria)
    # By their days alone: to the planner the instants besides would leave a tenth of the rows.
    where = (
        *source.in_scope(scope),
        *source.in_period(criteria.bounds),
        *sorted_conditions(spec, criteria).all,
    )
    return (
        select(*_keys(source, order))
        .select_from(source.joined(scope, source.table, criteria.bounds))
        .where(*where, *_behind(order, criteria))
        .order_by(*order.directed(order.keys))
        .limit(size)
        .subquery("chosen")
    )


def _keys(source: ListSource, order: Order) -> Iterator[Label[Any]]:
    yield source.id.label("id")
    yield source.instant.label("at")
    if source.day is not None:
        yield source.day.label("day")
    if order.value is not None:
        yield order.value.label("value")


def _of_few(order: Order, rows: Statement, parents: Few, size: int) -> Statement:
    """The first rows of each parent, and the first of these."""
    firsts = rows.where(parents.of(parents.keys.c)).lateral("firsts")
    names = ("at", "id") if order.value is None else ("value", "at", "id")
    return (
        select(firsts)
        .select_from(parents.keys.join(firsts, true()))
        .where(parents.is_few)
        .order_by(*order.directed(firsts.c[name] for name in names))
        .limit(size)
    )


@cache
def _columns(spec: ListSpec) -> tuple[Label[Any], ...]:
    fields = {field.name: field.column for field in spec.fields}
    return tuple(written_out(column.label(name)) for name, column in {**spec.row_keys, **fields}.items())


def _behind(order: Order, criteria: Criteria) -> list[ColumnElement[bool]]:
    """The rows behind the cursor, in the order of the list."""
    return [] if criteria.after is None else [order.behind(criteria.after)]


def _cursor(criteria: Criteria, row: Row) -> Cursor:
    return Cursor(criteria.sort, row[_AT], row["id"], row.get(_VALUE))


def one(connection: Connection, spec: ListSpec, scope: Scope, row_id: int) -> Row | None:
    """Every field of a row; None when there is none, or none in scope."""
    return _one(connection, spec, scope, row_id, _columns(spec))


def printable(connection: Connection, spec: ListSpec, scope: Scope, row_id: int) -> Row | None:
    """A row with all that its ticket needs; None when there is none in scope, or the list has no tickets."""
    if spec.ticket is None:
        return None
    further: Iterable[Label[Any]] = (column.label(name) for name, column in spec.ticket.columns.items())
    return _one(connection, spec, scope, row_id, (*_columns(spec), *further))


def _one(
    connection: Connection, spec: ListSpec, scope: Scope, row_id: int, columns: Iterable[Label[Any]]
) -> Row | None:
    if not 0 < row_id <= LARGEST_ID:
        return None
    source = spec.source
    statement = (
        select(*columns)
        .select_from(source.joined(scope, source.table))
        .where(*source.in_scope(scope), source.id == row_id)
    )
    return connection.execute(statement).mappings().one_or_none()

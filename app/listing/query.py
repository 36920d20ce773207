"""The questions the pages ask of the database: a page of a list, one row, sums, freshness.

Each is one statement. Scope comes second in every call and first in every WHERE.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, select, true, tuple_, union_all

from app.listing.criteria import Criteria
from app.listing.cursor import Cursor
from app.listing.field import Args
from app.listing.freshness import Freshness, freshness
from app.listing.kinds import Expression, Row, Statement
from app.listing.scope import Scope
from app.listing.source import Parents, in_scope, joined, parents_of, rows_alone
from app.listing.spec import ListSpec
from app.listing.sums import CurrencyTotals, Totals, totals

__all__ = [
    "CurrencyTotals",
    "Freshness",
    "Page",
    "Totals",
    "freshness",
    "one",
    "page",
    "printable",
    "totals",
]

PAGE_SIZE = 50
LARGEST_ID = 2**63 - 1
_AT, _SIZE = "cursor_at", "cursor_size"


@dataclass(frozen=True)
class Page:
    """Rows in order, by field name; ``next_args`` is the address of those that follow, if any."""

    rows: tuple[Row, ...]
    next_args: Args | None


def page(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, size: int = PAGE_SIZE
) -> Page:
    """The rows of ``criteria``, from its cursor on, ``size`` at most."""
    found = connection.execute(page_statement(spec, scope, criteria, size)).mappings().all()
    rows = tuple(found[:size])
    if len(found) <= size:
        return Page(rows, None)
    following = criteria.with_after(_cursor(criteria, rows[-1]))
    return Page(rows, following.to_args(pinned=True))


def page_statement(spec: ListSpec, scope: Scope, criteria: Criteria, size: int) -> Statement:
    """The statement of :func:`page`: one row more than ``size`` tells whether others follow.

    The rows are chosen first, by index and bounded; what their fields need is joined to these only.
    """
    chosen = _chosen(spec, scope, criteria, size + 1)
    model = spec.model
    same = and_(
        model.merchant_id == scope.merchant_id,
        model.id == chosen.c.id,
        spec.day == chosen.c.day,
        spec.day.between(criteria.period.first, criteria.period.last),
    )
    return (
        select(*_columns(spec), spec.instant.label(_AT), spec.amount.label(_SIZE))
        .select_from(joined(spec, scope, chosen.join(model.__table__, same)))
        .order_by(*ordering(spec, criteria))
    )


def _chosen(spec: ListSpec, scope: Scope, criteria: Criteria, size: int) -> FromClause:
    """The keys of the rows of a page."""
    source, where = rows_alone(spec, scope, criteria)
    keys = [
        spec.model.id.label("id"),
        spec.day.label("day"),
        spec.instant.label("at"),
        spec.amount.label("size"),
    ]
    rows = select(*keys).select_from(source).where(*where, *_behind(spec, criteria))
    rows = rows.order_by(*ordering(spec, criteria)).limit(size)
    parents = parents_of(spec, scope, criteria)
    if parents is None:
        return rows.subquery("chosen")
    many = rows.where(~parents.is_few, parents.probe)
    return union_all(_of_few(criteria, rows, parents, size), many).subquery("chosen")


def _of_few(criteria: Criteria, rows: Statement, parents: Parents, size: int) -> Statement:
    """The first rows of each parent, and the first of these."""
    firsts = rows.where(parents.of(parents.few.c)).lateral("firsts")
    names = ("size", "at", "id") if by_amount(criteria) else ("at", "id")
    return (
        select(firsts)
        .select_from(parents.few.join(firsts, true()))
        .where(parents.is_few)
        .order_by(*_directed(criteria, (firsts.c[name] for name in names)))
        .limit(size)
    )


def _columns(spec: ListSpec) -> list[ColumnElement[Any]]:
    fields = {field.name: field.column for field in spec.fields}
    return [column.label(name) for name, column in {**spec.row_keys, **fields}.items()]


def _order(spec: ListSpec, criteria: Criteria) -> tuple[Expression, ...]:
    """The columns a list is ordered by: never NULL, and ending with the id."""
    first = (spec.amount,) if by_amount(criteria) else ()
    return (*first, spec.instant, spec.model.id)


def by_amount(criteria: Criteria) -> bool:
    """Whether the list is ordered by amount; otherwise it is by time."""
    return criteria.sort.endswith("amount")


def ordering(spec: ListSpec, criteria: Criteria) -> list[ColumnElement[Any]]:
    """ORDER BY: all columns in the same direction, so that one index answers."""
    return _directed(criteria, _order(spec, criteria))


def _directed(criteria: Criteria, columns: Iterable[Expression]) -> list[ColumnElement[Any]]:
    descending = criteria.sort.startswith("-")
    return [column.desc() if descending else column.asc() for column in columns]


def _behind(spec: ListSpec, criteria: Criteria) -> list[ColumnElement[bool]]:
    """The rows behind the cursor, in the order of the list."""
    after = criteria.after
    if after is None:
        return []
    place = (after.at, after.id) if after.size is None else (after.size, after.at, after.id)
    columns = tuple_(*_order(spec, criteria))
    return [columns < place if criteria.sort.startswith("-") else columns > place]


def _cursor(criteria: Criteria, row: Row) -> Cursor:
    return Cursor(row[_AT], row["id"], row[_SIZE] if by_amount(criteria) else None)


def one(connection: Connection, spec: ListSpec, scope: Scope, row_id: int) -> Row | None:
    """Every field of a row; None when there is none, or none in scope."""
    return _one(connection, spec, scope, row_id, _columns(spec))


def printable(connection: Connection, spec: ListSpec, scope: Scope, row_id: int) -> Row | None:
    """A row with all that its ticket needs; None when there is none in scope, or the list has no tickets."""
    if spec.ticket is None:
        return None
    columns = _columns(spec)
    columns += [column.label(name) for name, column in spec.ticket.columns.items()]
    return _one(connection, spec, scope, row_id, columns)


def _one(
    connection: Connection, spec: ListSpec, scope: Scope, row_id: int, columns: list[ColumnElement[Any]]
) -> Row | None:
    if not 0 < row_id <= LARGEST_ID:
        return None
    own = in_scope(spec.model.merchant_id, spec.model.contract_id, scope)
    statement = (
        select(*columns)
        .select_from(joined(spec, scope, spec.model.__table__))
        .where(*own, spec.model.id == row_id)
    )
    return connection.execute(statement).mappings().one_or_none()

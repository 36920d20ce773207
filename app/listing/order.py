"""The order of a list, and the rows behind a place in it: by index where one keeps that order.

Rows without a value come last, whichever way the list goes. Those that share one follow in order of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Case, ColumnElement, FunctionElement, and_, or_, tuple_
from sqlalchemy.sql import visitors

from app.listing.criteria import Criteria
from app.listing.cursor import Cursor
from app.listing.field import columns_of
from app.listing.kinds import Expression
from app.listing.source import Condition, ListSource, name_of


@dataclass(frozen=True)
class Order:
    """The order of a list, before its instants and ids; ``value`` None is by these alone.

    ``nullable`` says that some rows have no value.
    """

    source: ListSource
    value: Expression | None
    falling: bool
    nullable: bool

    @classmethod
    def of(cls, criteria: Criteria) -> Order:
        """The order that ``criteria`` asks for."""
        source, value = criteria.spec.source, criteria.ordered_by
        nullable = value is not None and not _is_never_null(source, value)
        falling = criteria.sort.startswith("-") and not criteria.is_by_place
        return cls(source, value, falling=falling, nullable=nullable)

    @cached_property
    def keys(self) -> tuple[Expression, ...]:
        """The columns that tell rows apart, the first ones first."""
        value = () if self.value is None else (self.value,)
        return (*value, self.source.instant, self.source.id)

    def directed(self, keys: Iterable[Expression]) -> list[ColumnElement[Any]]:
        """ORDER BY of ``keys``, or of columns that hold them: one direction, so that one index answers."""
        ordered: list[ColumnElement[Any]] = [key.desc() if self.falling else key.asc() for key in keys]
        if self.nullable:
            ordered[0] = ordered[0].nulls_last()
        return ordered

    def behind(self, after: Cursor) -> Condition:
        """The rows behind a cursor."""
        tie = (after.at, after.id)
        if self.value is None:
            return self._passed(self.keys, tie)
        last = self._passed(self.keys[1:], tie)
        if after.value is None:
            return and_(self.value.is_(None), last)
        behind = self._passed(self.keys, (after.value, *tie))
        return or_(behind, self.value.is_(None)) if self.nullable else behind

    def _passed(self, keys: tuple[Expression, ...], place: tuple[object, ...]) -> Condition:
        return tuple_(*keys) < place if self.falling else tuple_(*keys) > place


def _is_never_null(source: ListSource, value: Expression) -> bool:
    """Whether every row has a value: it is made of columns of the rows themselves that are never NULL."""
    own = name_of(source.table)
    parts = visitors.iterate(cast("ColumnElement[Any]", getattr(value, "expression", value)))
    return not any(_makes_null(part) for part in parts) and all(
        column.table.name == own and not column.nullable for column in columns_of(value)
    )


def _makes_null(part: Any) -> bool:
    """Whether ``part`` gives NULL where its columns do not: a CASE without ELSE, NULLIF."""
    if isinstance(part, Case):
        return part.else_ is None
    return isinstance(part, FunctionElement) and part.name == "nullif"

"""Conditions of filters apart from their values: one statement answers for others of these.

Building a statement takes longer than sending it, and people ask for another contract each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BinaryExpression, BindParameter, ColumnElement, bindparam
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from app.listing.field import Field

C = TypeVar("C", bound=ColumnElement[bool])
Values = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class Asked:
    """The conditions of filters by field, of rows and daily sums; ``values`` are those of their parameters.

    ``limits`` bound the rows by what the daily sums tell (:meth:`app.listing.field.Field.limits`).

    Two are equal when nothing but their values differs.
    """

    rows: Mapping[str, tuple[ColumnElement[bool], ...]]
    days: Mapping[str, tuple[ColumnElement[bool], ...]]
    limits: Mapping[str, tuple[BinaryExpression[bool], ...]]
    values: Mapping[str, Any]

    @classmethod
    def of(cls, fields: Iterable[Field], filters: Values) -> Asked:
        """What ``filters`` ask of ``fields``."""
        if not filters:
            return cls({}, {}, {}, {})
        values: dict[str, Any] = {}
        rows, days, limits = {}, {}, {}
        for field in fields:
            rows[field.name] = tuple(_named(one, values) for one in field.conditions(filters))
            days[field.name] = tuple(_named(one, values) for one in field.daily_conditions(filters))
            limits[field.name] = tuple(_named(one, values) for one in field.limits(filters))
        return cls(_present(rows), _present(days), _present(limits), values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Asked) or self._names != other._names:
            return False
        return all(one.compare(two) for one, two in zip(self._all, other._all, strict=True))

    def __hash__(self) -> int:
        return hash(self._names)

    @property
    def _names(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        """What is cheap to compare: the fields, and how many conditions each has."""
        return tuple(
            tuple((name, len(found)) for name, found in each.items())
            for each in (self.rows, self.days, self.limits)
        )

    @property
    def _all(self) -> tuple[ColumnElement[bool], ...]:
        every = (*self.rows.values(), *self.days.values(), *self.limits.values())
        return tuple(condition for conditions in every for condition in conditions)


def _present(conditions: Mapping[str, tuple[C, ...]]) -> Mapping[str, tuple[C, ...]]:
    return {name: found for name, found in conditions.items() if found}


def _named(condition: C, values: dict[str, Any]) -> C:
    """``condition`` with a parameter in the place of each value, which is put into ``values`` by its name."""

    def place(element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
        if not isinstance(element, BindParameter):
            return None
        name = f"asked_{len(values)}"
        values[name] = element.effective_value
        return bindparam(name, type_=element.type, expanding=element.expanding)

    named: C = replacement_traverse(condition, {}, place)
    return named

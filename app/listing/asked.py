"""Conditions of filters apart from their values: one statement answers for others of these.

Building a statement takes longer than sending it, and people ask for another contract each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import BinaryExpression, BindParameter, ColumnElement, bindparam
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from app.listing.field import ENDS, Field
from app.listing.source import BandSums
from app.rules.amount_bands import in_bands

C = TypeVar("C", bound=ColumnElement[bool])
Values = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class Asked:
    """The conditions of filters by field, of rows and daily sums; ``values`` are those of their parameters.

    ``limits`` bound the rows by what the daily sums tell (:meth:`app.listing.field.Field.limits`). ``bands``
    is what a range of amounts is to the sums by bands, where the list keeps any.

    Two are equal when nothing but their values differs.
    """

    rows: Mapping[str, tuple[ColumnElement[bool], ...]]
    days: Mapping[str, tuple[ColumnElement[bool], ...]]
    limits: Mapping[str, tuple[BinaryExpression[bool], ...]]
    values: Mapping[str, Any]
    bands: AskedBands | None = None

    @classmethod
    def of(cls, fields: Sequence[Field], filters: Values, banded: BandSums | None = None) -> Asked:
        """What ``filters`` ask of ``fields``, of which the sums ``banded`` know one by bands."""
        if not filters:
            return cls({}, {}, {}, {})
        values: dict[str, Any] = {}
        asked = cls.adding(fields, filters, values)
        return asked if banded is None else replace(asked, bands=_in_bands(fields, filters, banded, values))

    @classmethod
    def adding(cls, fields: Iterable[Field], filters: Values, values: dict[str, Any]) -> Asked:
        """What ``filters`` ask, whose values are added to ``values``."""
        rows, days, limits = {}, {}, {}
        for field in fields:
            rows[field.name] = tuple(_named(one, values) for one in field.conditions(filters))
            days[field.name] = tuple(_named(one, values) for one in field.daily_conditions(filters))
            limits[field.name] = tuple(_named(one, values) for one in field.limits(filters))
        return cls(_present(rows), _present(days), _present(limits), values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Asked) or self._names != other._names:
            return False
        return all(one.compare(two) for one, two in zip(self.conditions, other.conditions, strict=True))

    def __hash__(self) -> int:
        return hash(self._names)

    @property
    def _names(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        """What is cheap to compare: the fields, and how many conditions each has."""
        beside = () if self.bands is None else self.bands.ends
        return tuple(
            tuple((name, len(found)) for name, found in each.items())
            for one in (self, *beside)
            for each in (one.rows, one.days, one.limits)
        )

    @property
    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """All of them, those beside the bands too: two that differ in one are asked by two statements."""
        every = (*self.rows.values(), *self.days.values(), *self.limits.values())
        beside = () if self.bands is None else self.bands.ends
        return (*chain.from_iterable(every), *chain.from_iterable(end.conditions for end in beside))


@dataclass(frozen=True, eq=False)
class AskedBands:
    """A range of amounts as whole bands, ``within``, and as the same questions of what lies beside these.

    ``around`` are the bands that hold all of it.
    """

    within: ColumnElement[bool]
    around: ColumnElement[bool]
    ends: tuple[Asked, ...]


def _in_bands(
    fields: Sequence[Field], filters: Values, banded: BandSums, values: dict[str, Any]
) -> AskedBands | None:
    """What ``filters`` ask of the sums by bands; None where they ask for no range of what these are of."""
    names = tuple(f"{banded.of}_{end}" for end in ENDS)
    low, high = (filters.get(name, (None,))[0] for name in names)
    if low is None and high is None:
        return None
    found = in_bands(low, high)
    within, around = (
        _named(banded.band.between(found.first - beside, found.last + beside), values) for beside in (0, 1)
    )
    others = {name: given for name, given in filters.items() if name not in names}
    ends = (
        {**others, **{name: (given,) for name, given in zip(names, end, strict=True) if given is not None}}
        for end in found.ends
    )
    return AskedBands(within, around, tuple(Asked.adding(fields, end, values) for end in ends))


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

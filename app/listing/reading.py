"""Readings: what is read beside the rows of a list, several of them in one statement.

The selects of a reading are built once for everybody, and what differs from one question to the next is a
parameter; so a page that asks for several things costs one way to the database and back, and no building.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ARRAY,
    Connection,
    Date,
    DateTime,
    Row,
    ScalarSelect,
    Select,
    SelectBase,
    func,
    select,
)
from sqlalchemy.engine import result_tuple
from sqlalchemy.types import TypeEngine

from app.listing.constants import with_constants

S = TypeVar("S")
T = TypeVar("T")
#: Rows of one of the selects, with its columns by name.
Rows = Sequence[Row[Any]]


@dataclass(frozen=True, eq=False)
class Reading(Generic[T]):
    """A reading: some selects, and what is made of their rows.

    ``selects`` are built once, by functions that remember them; ``values`` holds their parameters. ``make``
    takes the rows of each of them. Without any, nothing is asked.
    """

    selects: tuple[SelectBase, ...]
    make: Callable[..., T]
    values: Mapping[str, Any] = field(default_factory=dict)

    def read(self, connection: Connection) -> T:
        """Read all of it, in one statement."""
        if not self.selects:
            return self.make()
        statement, readers = _together(self.selects)
        found = connection.execute(statement, dict(self.values)).one()
        return self.make(*(reader(rows) for reader, rows in zip(readers, found, strict=True)))

    def beside(self, other: Reading[S]) -> Reading[tuple[T, S]]:
        """Both of them, read in one statement."""

        def made(one: T, two: S) -> tuple[T, S]:
            return one, two

        return together(made, self, other)


def together(make: Callable[..., T], *readings: Reading[Any]) -> Reading[T]:
    """What ``make`` makes of what each of ``readings`` finds, read in one statement."""

    def made(*found: Rows) -> T:
        left = iter(found)
        return make(*(one.make(*islice(left, len(one.selects))) for one in readings))

    values = {name: value for one in readings for name, value in one.values.items()}
    return Reading(tuple(select for one in readings for select in one.selects), made, values)


def known(value: T) -> Reading[T]:
    """What needs no reading."""
    return Reading((), lambda: value)


@cache
def _together(selects: tuple[SelectBase, ...]) -> tuple[Select[Any], tuple[Callable[[Any], Rows], ...]]:
    """One statement with the rows of each of ``selects`` as a JSON list of lists, and what reads these."""
    return with_constants(select(*map(_as_json, selects))), tuple(map(_reader, selects))


def _as_json(rows: SelectBase) -> ScalarSelect[Any]:
    found = rows.subquery()
    listed = func.json_agg(func.json_build_array(*found.c))
    return select(func.coalesce(listed, func.json_build_array())).select_from(found).scalar_subquery()


def _reader(rows: SelectBase) -> Callable[[Any], Rows]:
    columns = rows.selected_columns
    row = result_tuple(columns.keys())
    made = ((place, _maker(column.type)) for place, column in enumerate(columns))
    others = [(place, make) for place, make in made if make is not None]

    def read(found: Any) -> Rows:
        for values in found:
            for place, make in others:
                if values[place] is not None:
                    values[place] = make(values[place])
        return [row(values) for values in found]

    return read


def _maker(type_: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What makes a value of its column's type of how JSON holds it; None where that is the value itself."""
    if isinstance(type_, ARRAY):
        item = _maker(type_.item_type)
        return None if item is None else lambda items: [None if one is None else item(one) for one in items]
    if isinstance(type_, DateTime):
        return datetime.fromisoformat
    return date.fromisoformat if isinstance(type_, Date) else None

"""The columns of a list's table on a desk: those that it has by itself, or those that somebody chose.

The date, what a row is called and the amount are always there; all that is between can be chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from app.listing.field import Field
from app.listing.spec import ListSpec

#: Columns between what a row is called and its amount that fit at 1,024 px; what else is chosen stands below.
FITTING: Final = 5


@dataclass(frozen=True)
class TableColumns:
    """The fields of each column, and ``below`` those on a second line of the row."""

    columns: tuple[tuple[Field, ...], ...]
    below: tuple[Field, ...] = ()


@cache
def choosable(spec: ListSpec) -> tuple[Field, ...]:
    """The fields that can be chosen: the table's own first, both sets in the catalogue's order."""
    ends = {name for names in _ends(spec) for name in names}
    offered = [field for field in spec.fields if field.is_column and field.name not in ends]
    first = usual(spec)
    return tuple(sorted(offered, key=lambda field: field.name not in first))


@cache
def usual(spec: ListSpec) -> frozenset[str]:
    """The names of the fields that the table has by itself and that can be chosen."""
    return frozenset(name for names in spec.table_columns[2:-1] for name in names)


def known_columns(spec: ListSpec, names: Collection[str]) -> tuple[str, ...]:
    """Those of ``names`` that can be chosen, in the order of their boxes."""
    return tuple(field.name for field in choosable(spec) if field.name in names)


def table_columns(
    spec: ListSpec, chosen: Collection[str] = (), hidden: Collection[str] = (), unfilled: Collection[str] = ()
) -> TableColumns:
    """The columns with the fields ``chosen``; without any, the table's own but for those ``hidden``.

    A column of one field keeps it; one of several that are all hidden goes, and so does what is ``unfilled``.
    """
    date, title, amount = _ends(spec)
    names = list(_of_choice(spec, chosen) if chosen else _without(spec, hidden, unfilled))
    fitting, below = names[:FITTING], names[FITTING:]
    columns = tuple(tuple(spec.by_name[name] for name in each) for each in (date, title, *fitting, amount))
    return TableColumns(columns, tuple(spec.by_name[name] for each in below for name in each))


def _ends(spec: ListSpec) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The columns that are always there."""
    date, title, *_, amount = spec.table_columns
    return date, title, amount


def _of_choice(spec: ListSpec, chosen: Collection[str]) -> Iterator[tuple[str, ...]]:
    """What is left of the table's own columns, then each further field in a column of its own."""
    for names in spec.table_columns[2:-1]:
        if left := tuple(name for name in names if name in chosen):
            yield left
    own = usual(spec)
    yield from ((name,) for name in known_columns(spec, chosen) if name not in own)


def _without(spec: ListSpec, hidden: Collection[str], unfilled: Collection[str]) -> Iterator[tuple[str, ...]]:
    for names in spec.table_columns[2:-1]:
        filled = [name for name in names if name not in unfilled]
        if shown := tuple(name for name in filled if name not in hidden or len(filled) == 1):
            yield shown

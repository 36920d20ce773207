"""A field of a list, declared once: everything else reads the declaration.

Filter form, chips, table, phone card, details, totals, CSV and JSON all come from the fields of a list.
A new column is one field in its list's module, and its French words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, cast

from sqlalchemy import BinaryExpression, Column, ColumnElement
from sqlalchemy.sql import visitors

from app.listing.amounts import AmountFilter
from app.listing.filter_groups import WHAT
from app.listing.filters import Choice, Filter, RangeFilter
from app.listing.kinds import Expression, Kind, Row
from app.wording.days import capital
from app.wording.i18n import gettext

#: Where a field stands on the card of a phone.
Slot = Literal["title", "aside", "meta", "badge"]
#: How loudly a badge speaks.
Tone = Literal["good", "info", "warn", "bad"]
#: What the names of the bounds of a range end in.
ENDS: Final = ("from", "to")
#: Parameters of an address, in order.
Args = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Link:
    """A page of a list: the row ``id``, or else the rows that ``args`` ask for.

    ``list`` is the name of the list, ``words`` are in the language of the moment where the link stands alone.
    """

    list: str
    id: int | None = None
    args: Args = ()
    words: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """One thing to know about a row.

    ``name`` is the URL parameter, the JSON key and the key of a row. ``column`` is what is shown;
    ``filter`` makes it a filter, ``filter_group`` is the heading of its input in the form;
    ``filter_column`` and ``filter_kind`` are what a filter compares and how, when these differ from
    ``column`` and ``kind``; ``daily`` is the same thing in the daily sums. ``sort`` lets the list be
    ordered by this field: by ``sort_column``, when that is not what its kind orders ``column`` by.

    ``section`` is the title of its group among the details; None is for what a part of its own shows there.
    ``slot`` is its place on the card of a phone, None for none. ``in_table`` says whether it is a column of
    the table: usually what can be asked for, or stands on the card. ``tones`` are those of its codes when it
    is a badge; what is not there is the ordinary case, and quiet. ``link`` is where its value leads,
    ``void`` whether it is struck out. ``elsewhere`` are choices of its filter that another list answers.
    ``copied`` is for what people need elsewhere: a button copies it. ``full_label`` is its label where there
    is room, when ``label`` is short for it. ``is_key`` says that it is of use to programs alone, and in no
    file for people. ``permission`` is what a role needs to see it. ``filled_by`` are the measures of which
    one is not zero where a row holds something; where all are, the table has no column for it by itself.
    ``narrow`` reads its filter for a merchant who has some of its values alone (see
    :func:`app.listing.visible.seen_by`); what none of these can be is refused.
    """

    name: str
    label: str
    kind: Kind
    column: Expression
    section: str | None = None
    filter: bool = False
    filter_group: str = WHAT
    filter_kind: Filter | None = None
    filter_column: Expression | None = None
    narrow: Filter | None = None
    daily: Expression | None = None
    sort: bool = False
    sort_column: Expression | None = None
    slot: Slot | None = None
    in_table: bool | None = None
    tones: Mapping[str, Tone] = field(default_factory=dict)
    link: Callable[[Row], Link | None] | None = None
    void: Callable[[Row], bool] | None = None
    elsewhere: Mapping[str, Link] = field(default_factory=dict)
    copied: bool = False
    full_label: str = ""
    is_key: bool = False
    filled_by: tuple[str, ...] = ()
    permission: str = "list"

    @property
    def title(self) -> str:
        """The label in the language of the moment."""
        return gettext(self.label)

    @property
    def full_title(self) -> str:
        """The label in full, in the language of the moment."""
        return gettext(self.full_label or self.label)

    @property
    def is_column(self) -> bool:
        """Whether it is a column of the table."""
        return self.in_table if self.in_table is not None else self.filter or self.slot is not None

    @cached_property
    def order(self) -> Expression:
        """What a list is ordered by when it is by this field."""
        return self.kind.order(self.column) if self.sort_column is None else self.sort_column

    def show(self, row: Row) -> str:
        """The text for a page, in the language of the moment."""
        return self.kind.show(row[self.name], row)

    def cell(self, row: Row) -> str:
        """The text of its cell, in the language of the moment."""
        return self.kind.cell(row[self.name], row)

    def below(self, row: Row) -> str:
        """The text below the name of a row on a phone, in the language of the moment."""
        return self.kind.below(row[self.name], row)

    def badge(self, row: Row) -> str:
        """The text of its badge, in the language of the moment; empty for none."""
        return self.kind.badge(row[self.name], row)

    def tone(self, row: Row) -> Tone | None:
        """How loudly the badge of ``row`` speaks; None when it is the ordinary case."""
        return self.tones.get(self.kind.tone_key(row[self.name], row))

    def explain(self, row: Row) -> str | None:
        """A sentence about the value, where one helps."""
        return self.kind.explain(row[self.name])

    def json(self, row: Row) -> Any:
        """The value of the JSON property."""
        return self.kind.json(row[self.name])

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Codes and words to choose from; empty for other widgets."""
        filter_kind = self.filter_kind or self.kind
        further = ((code, capital(gettext(link.words))) for code, link in self.elsewhere.items())
        return (*filter_kind.choices(), *further) if isinstance(filter_kind, Choice) else ()

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of an address that ask for this field (the period is apart)."""
        return tuple(self._parameters())

    def _parameters(self) -> Iterator[Parameter]:
        filter_kind = self.filter_kind or self.kind
        if not self.filter or not isinstance(filter_kind, Filter):
            return
        yield Parameter(self.name, self, filter_kind)
        if isinstance(filter_kind, RangeFilter):
            for end, kind in zip(ENDS, filter_kind.ends, strict=True):
                yield Parameter(f"{self.name}_{end}", self, kind, single=True)

    def conditions(self, values: Mapping[str, tuple[Any, ...]]) -> Iterator[ColumnElement[bool]]:
        """What the values of the parameters ask of the rows."""
        yield from self._conditions(self._filtered, values)

    def daily_conditions(self, values: Mapping[str, tuple[Any, ...]]) -> Iterator[ColumnElement[bool]]:
        """The same of the daily sums; nothing when these do not know this field."""
        if self.daily is not None:
            yield from self._conditions(self.daily, values)

    def limits(self, values: Mapping[str, tuple[Any, ...]]) -> Iterator[BinaryExpression[bool]]:
        """What bounds the rows for an index, as the daily sums tell: see :meth:`AmountFilter.limits`."""
        filter_kind = self.filter_kind or self.kind
        if isinstance(filter_kind, AmountFilter):
            yield from filter_kind.limits(self._filtered, *self._range(values))

    @property
    def _filtered(self) -> Expression:
        """What a filter compares."""
        return self.column if self.filter_column is None else self.filter_column

    def _range(self, values: Mapping[str, tuple[Any, ...]]) -> tuple[Any, Any]:
        """The lower and the upper bound of what is asked for, None where there is none."""
        low, high = (values.get(f"{self.name}_{end}", (None,))[0] for end in ENDS)
        return low, high

    def _conditions(
        self, column: Expression, values: Mapping[str, tuple[Any, ...]]
    ) -> Iterator[ColumnElement[bool]]:
        filter_kind = self.filter_kind or self.kind
        if isinstance(filter_kind, Filter) and self.name in values:
            yield filter_kind.where(column, values[self.name])
        low, high = self._range(values)
        if isinstance(filter_kind, RangeFilter) and (low is not None or high is not None):
            yield filter_kind.between(column, low, high)


@dataclass(frozen=True, eq=False)
class Parameter:
    """A name in the address, and the kind that reads it. ``single`` takes one value only."""

    name: str
    field: Field
    kind: Filter
    single: bool = False

    @property
    def label(self) -> str:
        """What its input is called, in the language of the moment."""
        return self.kind.input_label(self.field.title)


def columns_of(expression: Expression) -> tuple[Column[Any], ...]:
    """The columns of tables that ``expression`` reads."""
    elements = visitors.iterate(cast("ColumnElement[Any]", getattr(expression, "expression", expression)))
    return tuple(element for element in elements if isinstance(element, Column))


def tables_of(expression: Expression) -> frozenset[str]:
    """Names of the tables whose columns ``expression`` reads."""
    return frozenset(column.table.name for column in columns_of(expression))

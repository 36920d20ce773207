"""A field of a list, declared once, and a list of fields: everything else reads these.

Filter form, chips, table, phone card, details, totals, CSV and JSON all come from the catalogues
``remittances`` and ``transactions``. A new column is one line there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement
from sqlalchemy.sql import visitors

from app.listing.amounts import Amount, AtLeast, AtMost
from app.listing.filters import Asked, Choice
from app.listing.kinds import Expression, Kind, Row
from app.models import Remittance, Transaction
from app.wording.i18n import gettext

#: Where a field stands on the card of a phone.
Slot = Literal["title", "aside", "meta", "badge"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """One thing to know about a row.

    ``name`` is the URL parameter, the JSON key and the key of a row. ``column`` is what is shown;
    ``asked`` and ``ask`` are what a filter compares and how, when these differ from ``column`` and
    ``kind``; ``daily`` is the same thing in the daily sums. ``slot`` None means: details only, on a
    phone. ``sort`` lets the list be ordered by this field.
    """

    name: str
    label: str
    kind: Kind
    column: Expression
    filter: bool = False
    ask: Asked | None = None
    asked: Expression | None = None
    daily: Expression | None = None
    sort: bool = False
    slot: Slot | None = None

    @property
    def title(self) -> str:
        """The label in the language of the moment."""
        return gettext(self.label)

    @property
    def widget(self) -> str:
        """How the filter is filled in: period, text, choice, card or amount."""
        asked = self.ask or self.kind
        return asked.widget if isinstance(asked, Asked) else "period"

    def show(self, row: Row) -> str:
        """The text for a page, in the language of the moment."""
        return self.kind.show(row[self.name], row)

    def explain(self, row: Row) -> str | None:
        """A sentence about the value, where one helps."""
        return self.kind.explain(row[self.name])

    def json(self, row: Row) -> Any:
        """The value of the JSON property."""
        return self.kind.json(row[self.name])

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Codes and words to choose from; empty for other widgets."""
        asked = self.ask or self.kind
        return asked.choices() if isinstance(asked, Choice) else ()

    def parameters(self) -> Iterator[Parameter]:
        """The parameters of an address that ask for this field (the period is apart)."""
        asked = self.ask or self.kind
        if not self.filter or not isinstance(asked, Asked):
            return
        yield Parameter(self.name, self, asked)
        if isinstance(asked, Amount):
            yield Parameter(f"{self.name}_from", self, AtLeast(currency=asked.currency), single=True)
            yield Parameter(f"{self.name}_to", self, AtMost(currency=asked.currency), single=True)

    def conditions(self, values: Mapping[str, tuple[Any, ...]]) -> Iterator[ColumnElement[bool]]:
        """What the values of the parameters ask of the rows."""
        yield from self._conditions(self.column if self.asked is None else self.asked, values)

    def daily_conditions(self, values: Mapping[str, tuple[Any, ...]]) -> Iterator[ColumnElement[bool]]:
        """The same of the daily sums; nothing when these do not know this field."""
        if self.daily is not None:
            yield from self._conditions(self.daily, values)

    def _conditions(
        self, column: Expression, values: Mapping[str, tuple[Any, ...]]
    ) -> Iterator[ColumnElement[bool]]:
        asked = self.ask or self.kind
        if isinstance(asked, Asked) and self.name in values:
            yield asked.where(column, values[self.name])
        low, high = (values.get(f"{self.name}_{end}", (None,))[0] for end in ("from", "to"))
        if isinstance(asked, Amount) and (low is not None or high is not None):
            yield asked.between(column, low, high)


@dataclass(frozen=True, eq=False)
class Parameter:
    """A name in the address, and the kind that reads it. ``single`` takes one value only."""

    name: str
    field: Field
    kind: Asked
    single: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class ListSpec:
    """One of the two lists.

    ``on`` is the local day that the period and the partitions go by, ``at`` the instant that orders
    the rows, ``size`` the amount without sign, ``keys`` the columns that rows carry besides the
    fields (links, tickets).
    """

    name: str
    title: str
    model: type[Remittance | Transaction]
    on: Expression
    at: Expression
    size: Expression
    keys: Mapping[str, Expression]
    fields: tuple[Field, ...]

    @cached_property
    def filters(self) -> tuple[Field, ...]:
        """The fields that can be asked for, in the order of the form."""
        return tuple(field for field in self.fields if field.filter)

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters of an address by name; the period, the order and the page are apart."""
        return {found.name: found for field in self.filters for found in field.parameters()}

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {field.name: field for field in self.fields}

    @property
    def columns(self) -> tuple[Field, ...]:
        """The columns of the table on a desktop: every field that can be asked for."""
        return self.filters

    @cached_property
    def sorts(self) -> tuple[str, ...]:
        """The values of ``sort``, the usual one first."""
        names = [field.name for field in self.fields if field.sort]
        return tuple(f"{sign}{name}" for name in names for sign in ("-", ""))

    def card(self, slot: Slot) -> tuple[Field, ...]:
        """The fields of a place of the phone card."""
        return tuple(field for field in self.fields if field.slot == slot)

    @property
    def details(self) -> tuple[Field, ...]:
        """Every field, for the page of one row."""
        return self.fields


def tables_of(expression: ColumnElement[Any]) -> frozenset[str]:
    """Names of the tables whose columns ``expression`` reads."""
    elements = visitors.iterate(expression)
    return frozenset(element.table.name for element in elements if isinstance(element, Column))

"""Criteria: the question of an address, immutable. The same address means the same rows.

The law, held by a property test: ``Criteria.from_args(spec, c.to_args(), days) == c``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import ColumnElement

from app.listing.asked import Asked
from app.listing.asked_period import DATES, KEPT, PERIOD, Texts, asked_period, single
from app.listing.bounds import ANY_BOUNDS, Bounds
from app.listing.cursor import Cursor
from app.listing.dimension import group_args
from app.listing.field import Args, Field, Parameter
from app.listing.filters import InvalidValueError
from app.listing.kinds import Expression
from app.listing.parameter_fault import ParameterFault, too_many
from app.listing.period import RELATIVE, Days, Period
from app.listing.spec import ListSpec
from app.listing.table_columns import known_columns
from app.rules.cards import masked
from app.wording.i18n import N_, gettext

SORT, AFTER, BY, COLUMNS = "sort", "after", "by", "columns"
#: What an address of the page may say besides: how it is shown, not which rows.
OF_THE_PAGE = frozenset({BY, COLUMNS, "pages", "view"})
#: Values of one parameter: enough for the contracts of a region, too few to hurt.
MOST_VALUES = 100
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Chip:
    """An active filter in words, and the address without it."""

    label: str
    text: str
    remove_args: Args


@dataclass(frozen=True)
class Criteria:
    """The period, the values asked for by parameter, the order, and where the page starts.

    ``period`` is None in a list that has none.

    ``relative`` is the name of the period when it moves with the ``days``. ``by`` is the dimension that the
    page groups by, "" for the rows themselves; ``columns`` are the fields chosen for its table, none for the
    list's own. ``of_any_values`` are the conditions of a statement that is built once, and leaves the values
    of filters and the days to its parameters: see :attr:`of_any`.

    What is not known, not understood or too much is in ``faults`` by parameter, and nothing is to be shown
    then: these would be the rows of another question.
    """

    spec: ListSpec
    days: Days
    period: Period | None
    filters: Mapping[str, tuple[Any, ...]]
    sort: str
    relative: str | None = None
    after: Cursor | None = None
    by: str = ""
    columns: tuple[str, ...] = ()
    of_any_values: Asked | None = field(default=None, compare=False)
    faults: Mapping[str, ParameterFault] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    @classmethod
    def from_args(cls, spec: ListSpec, args: Iterable[tuple[str, str]], days: Days) -> Criteria:
        """Read the parameters of an address."""
        texts = _by_name(args)
        faults: dict[str, ParameterFault] = {}
        sort = _sort(spec, texts, faults)
        period, relative = asked_period(spec, texts, days, faults)
        _refuse_unknown(spec, texts, faults)
        asked = cls(
            spec=spec,
            days=days,
            period=period,
            relative=relative,
            filters=MappingProxyType(_filters(spec, texts, faults)),
            sort=sort,
            by=next((name for name in texts.get(BY, ()) if name in spec.groupings), ""),
            columns=known_columns(spec, texts.get(COLUMNS, ())),
        )
        after = asked.read_cursor(texts, faults)
        return replace(asked, after=after, faults=MappingProxyType(faults))

    def read_cursor(self, texts: Texts, faults: dict[str, ParameterFault]) -> Cursor | None:
        """The place where the page starts, of this order; what is wrong with it is put among the faults."""
        text = single(AFTER, texts, faults)
        value = self.ordered_by
        type_ = type(None) if value is None else cast("ColumnElement[Any]", value).type.python_type
        try:
            return None if text is None else Cursor.parse(text, self.sort, type_)
        except InvalidValueError as refused:
            faults[AFTER] = ParameterFault.of(refused)
            return None

    @property
    def bounds(self) -> Bounds | None:
        """The days as a statement compares with them; None in a list that has none."""
        if self.period is None:
            return None
        return Bounds.of(self.period) if self.of_any_values is None else ANY_BOUNDS

    @cached_property
    def asked(self) -> Asked:
        """What the filters ask, apart from their values."""
        daily = self.spec.source.daily
        bands = None if daily is None else daily.bands
        return self.of_any_values or Asked.of(self.spec.askable, self.filters, bands)

    @property
    def of_any(self) -> Criteria:
        """The same of any days and of any values, which are not in it."""
        return replace(self, filters=MappingProxyType({}), of_any_values=self.asked)

    def conditions(self, field: Field) -> Iterable[ColumnElement[bool]]:
        """What the filters ask of ``field``."""
        known = self.of_any_values
        return field.conditions(self.filters) if known is None else known.rows.get(field.name, ())

    def daily_conditions(self, field: Field) -> Iterable[ColumnElement[bool]]:
        """The same of the daily sums."""
        known = self.of_any_values
        return field.daily_conditions(self.filters) if known is None else known.days.get(field.name, ())

    @property
    def is_by_place(self) -> bool:
        """Whether the rows are in the order of their places: those of one day, when no other is asked for."""
        is_day = self.period is not None and self.period.days == 1
        return self.spec.place is not None and is_day and self.sort == self.spec.sorts[0]

    @property
    def ordered_by(self) -> Expression | None:
        """What comes before time in the order of the rows; None in an order by time alone."""
        if self.spec.place is not None and self.is_by_place:
            return self.spec.place.order
        return self.spec.sorted_by(self.sort)

    def to_args(self, *, pinned: bool = False) -> Args:
        """The parameters that differ from the default; ``pinned`` names the period in any case."""
        return tuple(self._args(pinned=pinned))

    def _args(self, *, pinned: bool) -> Iterator[tuple[str, str]]:
        yield from self._period_args(pinned=pinned)
        for name in self.filters:
            yield from ((name, text) for text in self.values(name))
        if self.sort != self.spec.sorts[0]:
            yield SORT, self.sort
        if self.after:
            yield AFTER, self.after.text()
        if self.by:
            yield BY, self.by
        yield from ((COLUMNS, name) for name in self.columns)

    def _period_args(self, *, pinned: bool) -> Iterator[tuple[str, str]]:
        if self.period is None:
            return
        if pinned or self.relative is None:
            yield from zip(DATES, self._days(), strict=True)
        elif self.relative != self.spec.usual_period:
            yield PERIOD, self.relative

    def _days(self) -> tuple[str, ...]:
        """The two days of the period, as the address writes them."""
        return (self.period.first.isoformat(), self.period.last.isoformat()) if self.period else ()

    def values(self, name: str) -> tuple[str, ...]:
        """The texts of a parameter's values, as the address writes them."""
        if name in DATES:
            return self._days()[DATES.index(name) :][:1]
        parameter = self.spec.parameters[name]
        return tuple(parameter.kind.unparse(value) for value in self.filters.get(name, ()))

    def raw(self, name: str) -> str:
        """The text to put back in the input of a parameter: what was typed, when it is wrong."""
        if name in self.faults:
            return self.faults[name].typed
        return next(iter(self.values(name)), "")

    def without(self, name: str, value: Any = None) -> Criteria:
        """The same without a parameter, or without one value of it; ``date`` stands for the period."""
        if name == "date" or name in (*DATES, PERIOD):
            return self.over(self.spec.usual_period)
        left = tuple(kept for kept in self.filters.get(name, ()) if value is not None and kept != value)
        filters = {key: left if key == name else values for key, values in self.filters.items()}
        return replace(self, filters=_present(filters), after=None, faults={})

    def over(self, period: str | Period) -> Criteria:
        """The same rows of other days, from the first page: those of a relative period, or of two days."""
        if isinstance(period, Period):
            return replace(self, period=period, relative=None, after=None, faults={})
        if self.period is None:
            return replace(self, after=None, faults={})
        moved = RELATIVE[period].of(self.days)
        return replace(self, period=moved, relative=period, after=None, faults={})

    def with_sort(self, sort: str) -> Criteria:
        """The same in another order, from the first page. ``sort`` is one of the list's sorts."""
        return replace(self, sort=sort, after=None, faults={})

    def grouped(self, by: str = "") -> Criteria:
        """The same rows grouped by a dimension; the rows themselves without one."""
        return replace(self, by=by, after=None)

    def of_group(self, key: Any) -> Criteria:
        """The rows of one group: those of its days, or those that a filter more asks for."""
        dimension, rows = self.spec.groupings[self.by], self.grouped()
        if dimension.span is not None and self.period is not None:
            span = dimension.span(key)
            first, last = max(span.first, self.period.first), min(span.last, self.period.last)
            return rows.over(Period(first, last))
        ((name, text),) = group_args(dimension, key)
        value = self.spec.parameters[name].kind.parse(text)
        return replace(rows, filters=MappingProxyType({**self.filters, name: (value,)}))

    def with_after(self, after: Cursor) -> Criteria:
        """The same from the row behind ``after``."""
        return replace(self, after=after, faults={})

    def chips(self) -> tuple[Chip, ...]:
        """The active filters in words, in the order of the form."""
        return (*self._period_chips(), *self._filter_chips())

    def _period_chips(self) -> Iterator[Chip]:
        if self.period is not None and self.relative != self.spec.usual_period:
            yield Chip(gettext("Date"), self.period.in_words(), self.without("date").to_args())

    def _filter_chips(self) -> Iterator[Chip]:
        for name, values in self.filters.items():
            parameter = self.spec.parameters[name]
            for value in values:
                remove = self.without(name, value).to_args()
                yield Chip(parameter.field.title, parameter.kind.say(value), remove)

    def filters_in_words(self) -> Iterator[str]:
        """Each filter by its name and value, in the language of the moment."""
        yield from (f"{chip.label} {chip.text}" for chip in self._filter_chips())

    def in_words(self) -> str:
        """The list, the period and the filters in one line, in the language of the moment."""
        filters = [*self.filters_in_words()]
        if self.by:
            filters.append(gettext("grouped by %(what)s", what=self.spec.groupings[self.by].title.lower()))
        days = (self.period.in_words(),) if self.period is not None else ()
        return ", ".join([gettext(self.spec.title), *days, *filters])


def _by_name(args: Iterable[tuple[str, str]]) -> Texts:
    """The texts of each parameter, without empty ones and without doubles."""
    texts: dict[str, list[str]] = {}
    for name, text in args:
        known = texts.setdefault(name, [])
        if text.strip() and text not in known:
            known.append(text)
    return texts


def unknown_parameter(name: str) -> InvalidValueError:
    """The refusal of a parameter that a list does not know."""
    return InvalidValueError(N_("This list has no filter “%(name)s”"), name=shown_name(name), secret=True)


def shown_name(name: str) -> str:
    """The name of a parameter as it may be said again: anything can be pasted there."""
    return masked(name)[:_LONGEST_NAME]


def _refuse_unknown(spec: ListSpec, texts: Texts, faults: dict[str, ParameterFault]) -> None:
    """What is no parameter of this list is a fault: nobody is answered another question than they ask."""
    known = {
        *spec.parameters,
        SORT,
        AFTER,
        *OF_THE_PAGE,
        *(() if spec.source.day is None else (*DATES, PERIOD, KEPT)),
    }
    for name in texts:
        if name not in known:
            faults[name] = ParameterFault.of(unknown_parameter(name))


def _filters(spec: ListSpec, texts: Texts, faults: dict[str, ParameterFault]) -> dict[str, tuple[Any, ...]]:
    """The values of each parameter, in the order of the form."""
    named = ((name, parameter) for name, parameter in spec.parameters.items() if name in texts)
    filters = {name: _values(parameter, texts[name], faults) for name, parameter in named}
    for name in spec.parameters if filters else ():
        _check_range(name, filters, texts, faults)
    return _present(filters)


def _present(filters: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {name: values for name, values in filters.items() if values}


def _values(parameter: Parameter, texts: Sequence[str], faults: dict[str, ParameterFault]) -> tuple[Any, ...]:
    most = 1 if parameter.single else MOST_VALUES
    if len(texts) > most:
        faults[parameter.name] = ParameterFault.of(too_many(most))
    values: dict[Any, None] = {}
    for text in texts[:most]:
        try:
            values[parameter.kind.parse(text)] = None
        except InvalidValueError as refused:
            faults[parameter.name] = ParameterFault.of(refused, text)
    return tuple(values)


def _check_range(
    name: str, filters: dict[str, tuple[Any, ...]], texts: Texts, faults: dict[str, ParameterFault]
) -> None:
    """A range that ends before it starts is a fault of both its ends."""
    low, high = f"{name}_from", f"{name}_to"
    if filters.get(low) and filters.get(high) and filters[low] > filters[high]:
        refused = InvalidValueError(N_("The smallest amount is above the largest"))
        for end in (low, high):
            faults[end] = ParameterFault.of(refused, texts[end][0])
            filters[end] = ()


def _sort(spec: ListSpec, texts: Texts, faults: dict[str, ParameterFault]) -> str:
    text = single(SORT, texts, faults)
    if text is not None and text not in spec.sorts:
        faults[SORT] = ParameterFault.of(InvalidValueError(N_("This order is not possible"), secret=True))
    return text if text in spec.sorts else spec.sorts[0]

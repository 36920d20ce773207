"""What is asked: immutable, and written in the address. The same address means the same rows.

The law, held by a property test: ``Criteria.from_args(spec, c.to_args(), today) == c``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from app.listing.cursor import Cursor
from app.listing.field import Args, Parameter
from app.listing.filters import Refused
from app.listing.period import Period, parse_day, period_of
from app.listing.spec import ListSpec
from app.rules.cards import holds_card
from app.wording.i18n import N_, gettext

Texts = Mapping[str, Sequence[str]]

DATES = ("date_from", "date_to")
#: Values of one parameter: enough for the contracts of a region, too few to hurt.
MOST_VALUES = 100


@dataclass(frozen=True)
class Fault:
    """What is wrong with a parameter; ``typed`` is what to show again, empty for what is secret."""

    message: str
    values: Mapping[str, Any]
    typed: str

    @classmethod
    def of(cls, refused: Refused, typed: str = "") -> Fault:
        """The fault of a value that was refused."""
        secret = refused.secret or holds_card(typed)
        return cls(refused.message, refused.values, "" if secret else typed)

    def text(self) -> str:
        """The message in the language of the moment."""
        return gettext(self.message, **self.values)


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

    A value that is not understood is in ``faults`` by parameter and is left out of the rest.
    """

    spec: ListSpec
    today: date
    period: Period | None
    asked: Mapping[str, tuple[Any, ...]]
    sort: str
    after: Cursor | None = None
    faults: Mapping[str, Fault] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    @classmethod
    def from_args(cls, spec: ListSpec, args: Iterable[tuple[str, str]], today: date) -> Criteria:
        """Read the parameters of an address; unknown ones are ignored."""
        texts = _by_name(args)
        faults: dict[str, Fault] = {}
        sort = _sort(spec, texts, faults)
        return cls(
            spec=spec,
            today=today,
            period=None if spec.source.day is None else _period(texts, today, faults),
            asked=MappingProxyType(_asked(spec, texts, faults)),
            sort=sort,
            after=_after(spec, texts, sort, faults),
            faults=MappingProxyType(faults),
        )

    def to_args(self, *, pinned: bool = False) -> Args:
        """The parameters that differ from the default; ``pinned`` names the period in any case."""
        return tuple(self._args(pinned=pinned))

    def _args(self, *, pinned: bool) -> Iterator[tuple[str, str]]:
        if self.period is not None and (pinned or not self._usual_period()):
            yield from zip(DATES, self._days(), strict=True)
        for name in self.asked:
            yield from ((name, text) for text in self.values(name))
        if self.sort != self.spec.sorts[0]:
            yield "sort", self.sort
        if self.after:
            yield "after", self.after.text()

    def _days(self) -> tuple[str, ...]:
        """The two days of the period, as the address writes them."""
        return (self.period.first.isoformat(), self.period.last.isoformat()) if self.period else ()

    def _usual_period(self) -> bool:
        return self.period is None or self.period == Period.up_to(self.today)

    def values(self, name: str) -> tuple[str, ...]:
        """The texts of a parameter's values, as the address writes them."""
        if name in DATES:
            return self._days()[DATES.index(name) :][:1]
        parameter = self.spec.parameters[name]
        return tuple(parameter.kind.unparse(value) for value in self.asked.get(name, ()))

    def raw(self, name: str) -> str:
        """The text to put back in the input of a parameter: what was typed, when it is wrong."""
        if name in self.faults:
            return self.faults[name].typed
        return next(iter(self.values(name)), "")

    def without(self, name: str, value: Any = None) -> Criteria:
        """The same without a parameter, or without one value of it; ``date`` stands for the period."""
        if name == "date" or name in DATES:
            usual = None if self.period is None else Period.up_to(self.today)
            return replace(self, period=usual, after=None, faults={})
        left = tuple(kept for kept in self.asked.get(name, ()) if value is not None and kept != value)
        asked = {key: left if key == name else values for key, values in self.asked.items()}
        return replace(self, asked=_present(asked), after=None, faults={})

    def with_sort(self, sort: str) -> Criteria:
        """The same in another order, from the first page. ``sort`` is one of the list's sorts."""
        return replace(self, sort=sort, after=None, faults={})

    def with_after(self, after: Cursor) -> Criteria:
        """The same from the row behind ``after``."""
        return replace(self, after=after, faults={})

    def chips(self) -> tuple[Chip, ...]:
        """The active filters in words, in the order of the form."""
        return (*self._period_chips(), *self._filter_chips())

    def _period_chips(self) -> Iterator[Chip]:
        if self.period is not None and not self._usual_period():
            yield Chip(gettext("Date"), self.period.in_words(), self.without("date").to_args())

    def _filter_chips(self) -> Iterator[Chip]:
        for name, values in self.asked.items():
            parameter = self.spec.parameters[name]
            for value in values:
                remove = self.without(name, value).to_args()
                yield Chip(parameter.field.title, parameter.kind.say(value), remove)

    def in_words(self) -> str:
        """The list, the period and the filters in one line, in the language of the moment."""
        filters = (f"{chip.label} {chip.text}" for chip in self._filter_chips())
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


def _period(texts: Texts, today: date, faults: dict[str, Fault]) -> Period:
    first, last = (_day(name, texts, faults) for name in DATES)
    try:
        return period_of(first, last, today)
    except Refused as refused:
        faults |= {name: Fault.of(refused, texts[name][0]) for name in DATES if texts.get(name)}
        return Period.up_to(today)


def _day(name: str, texts: Texts, faults: dict[str, Fault]) -> date | None:
    for text in texts.get(name, ())[:1]:
        try:
            return parse_day(text)
        except Refused as refused:
            faults[name] = Fault.of(refused, text)
    return None


def _asked(spec: ListSpec, texts: Texts, faults: dict[str, Fault]) -> dict[str, tuple[Any, ...]]:
    """The values of each parameter, in the order of the form."""
    asked = {
        name: _values(parameter, texts.get(name, ()), faults) for name, parameter in spec.parameters.items()
    }
    for name in spec.parameters:
        _check_range(name, asked, texts, faults)
    return _present(asked)


def _present(asked: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {name: values for name, values in asked.items() if values}


def _values(parameter: Parameter, texts: Sequence[str], faults: dict[str, Fault]) -> tuple[Any, ...]:
    most = 1 if parameter.single else MOST_VALUES
    if len(texts) > most:
        refused = Refused(N_("%(most)d values at most"), most=most)
        faults[parameter.name] = Fault.of(refused)
    values: dict[Any, None] = {}
    for text in texts[:most]:
        try:
            values[parameter.kind.parse(text)] = None
        except Refused as refused:
            faults[parameter.name] = Fault.of(refused, text)
    return tuple(values)


def _check_range(
    name: str, asked: dict[str, tuple[Any, ...]], texts: Texts, faults: dict[str, Fault]
) -> None:
    """A range that ends before it starts is a fault of both its ends."""
    low, high = f"{name}_from", f"{name}_to"
    if asked.get(low) and asked.get(high) and asked[low] > asked[high]:
        refused = Refused(N_("The smallest amount is above the largest"))
        for end in (low, high):
            faults[end] = Fault.of(refused, texts[end][0])
            asked[end] = ()


def _sort(spec: ListSpec, texts: Texts, faults: dict[str, Fault]) -> str:
    for text in texts.get("sort", ())[:1]:
        if text in spec.sorts:
            return text
        faults["sort"] = Fault.of(Refused(N_("This order is not possible"), secret=True))
    return spec.sorts[0]


def _after(spec: ListSpec, texts: Texts, sort: str, faults: dict[str, Fault]) -> Cursor | None:
    for text in texts.get("after", ())[:1]:
        try:
            return Cursor.parse(text, sort, spec.sort_type(sort))
        except Refused as refused:
            faults["after"] = Fault.of(refused)
    return None

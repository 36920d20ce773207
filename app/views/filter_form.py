"""The filter form: which inputs, with what in them, and what is wrong beside each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from app.listing.criteria import BY, COLUMNS, DATES, Criteria
from app.listing.field import Field, Parameter
from app.listing.spec import Choices
from app.wording.i18n import N_, gettext

#: The words of the two ends of the period.
_ENDS = {"date_from": N_("From"), "date_to": N_("To")}


class Input(NamedTuple):
    """One input. ``text`` is what it holds, ``fault`` what is wrong with it, "" when nothing is."""

    name: str
    id: str
    label: str
    widget: str
    text: str
    fault: str
    choices: tuple[tuple[str, str], ...] = ()
    suggestions: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
    mode: str = ""


@dataclass(frozen=True)
class FilterForm:
    """The inputs of a list's form; ``offered`` are the choices that the merchant's own rows decide."""

    criteria: Criteria
    offered: Mapping[str, Choices]

    @cached_property
    def common(self) -> tuple[Input, ...]:
        """The inputs of the filters in sight."""
        fields = map(self.criteria.spec.by_name.__getitem__, self.criteria.spec.usual_filters)
        return tuple(shown for field in fields for shown in self._inputs(field, common=True))

    @cached_property
    def further(self) -> tuple[Input, ...]:
        """The inputs of all other filters, and the ends of the ranges in sight."""
        fields = self.criteria.spec.filters
        return tuple(shown for field in fields for shown in self._inputs(field, common=False))

    @property
    def further_in_use(self) -> bool:
        """Whether one of the other filters holds something: then it must be in sight."""
        return any(shown.text or shown.fault for shown in self.further)

    @property
    def notices(self) -> tuple[str, ...]:
        """What is wrong with parameters that have no input."""
        inputs = {shown.name for shown in (*self.common, *self.further)}
        faults = self.criteria.faults.items()
        return tuple(fault.text() for name, fault in faults if name not in inputs)

    @property
    def to_mend(self) -> tuple[Input, ...]:
        """The inputs with something wrong in them."""
        return tuple(shown for shown in (*self.common, *self.further) if shown.fault)

    @property
    def kept_period(self) -> str:
        """The relative period that stays unless other days are typed; "" for days that do not move."""
        return self.criteria.relative or ""

    def hidden(self) -> Iterator[tuple[str, str]]:
        """What has no input and stays: the groups asked for, the grouping, the columns."""
        for field in self.criteria.spec.group_filters:
            yield from ((field.name, text) for text in self.criteria.values(field.name))
        if self.criteria.by:
            yield BY, self.criteria.by
        yield from ((COLUMNS, name) for name in self.criteria.columns)

    def sorts(self) -> tuple[tuple[str, str], ...]:
        """The orders of the list and their words."""
        spec = self.criteria.spec
        return tuple((sort, spec.sort_words(sort)) for sort in spec.sorts)

    def _inputs(self, field: Field, *, common: bool) -> Iterator[Input]:
        if common and field.name == "date" and self.criteria.period is not None:
            yield from (_day_input(self.criteria, name) for name in DATES)
        in_sight = field.name in self.criteria.spec.usual_filters
        for parameter in field.parameters():
            if common == (in_sight and parameter.name == field.name):
                yield from self._parameter_inputs(parameter)

    def _parameter_inputs(self, parameter: Parameter) -> Iterator[Input]:
        """An input, and one more for each further value of its parameter."""
        name, kind = parameter.name, parameter.kind
        for index, text in enumerate((self.criteria.raw(name), *self.criteria.values(name)[1:])):
            yield Input(
                name=name,
                id=f"f-{name}-{index}" if index else f"f-{name}",
                label=parameter.label,
                widget=kind.widget,
                text=text,
                fault="" if index else _fault(self.criteria, name),
                suggestions=kind.suggestions(),
                choices=_with(self.offered.get(name) or parameter.field.choices(), text),
                pattern=kind.pattern,
                mode=kind.mode,
            )


def _day_input(criteria: Criteria, name: str) -> Input:
    """An end of the period."""
    return Input(
        name=name,
        id=f"f-{name}",
        label=gettext(_ENDS[name]),
        widget="date",
        text=criteria.raw(name),
        fault=_fault(criteria, name),
    )


def _fault(criteria: Criteria, name: str) -> str:
    return criteria.faults[name].text() if name in criteria.faults else ""


def _with(choices: Choices, text: str) -> Choices:
    """The choices, with the one in use even if we do not know it."""
    return choices if not choices or not text or text in dict(choices) else (*choices, (text, text))

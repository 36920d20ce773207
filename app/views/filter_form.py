"""The filter form: which inputs, with what in them, and what is wrong beside each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from app.listing.asked_period import DATES
from app.listing.criteria import BY, COLUMNS, Criteria
from app.listing.field import Field, Parameter
from app.listing.filter_groups import FILTER_GROUPS, HOW_MUCH
from app.listing.spec import Choices
from app.wording.i18n import N_, gettext, language

#: The words of the two ends of the period.
_ENDS = {"date_from": N_("From"), "date_to": N_("To")}
#: Up to so many choices are boxes to tick, any number of them; of more, one is chosen.
MOST_BOXES = 8
#: Inputs by which nothing is asked that are kept: those of the lists, for a few dozen merchants.
_MOST_UNASKED: Final = 4_000


class Input(NamedTuple):
    """One input. ``text`` is what it holds, ``fault`` what is wrong with it, ``note`` what is to be known.

    ``ticked`` are the values of its boxes that are ticked; None where it has none.
    """

    name: str
    id: str
    label: str
    widget: str
    text: str
    fault: str
    choices: tuple[tuple[str, str], ...] = ()
    suggestions: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
    advice: str = ""
    mode: str = ""
    ticked: frozenset[str] | None = None
    note: str = ""


class InputGroup(NamedTuple):
    """The inputs under one heading, in the language of the moment: two to a row, or three (``in_threes``)."""

    title: str
    inputs: tuple[Input, ...]
    in_threes: bool


@dataclass(frozen=True)
class FilterForm:
    """The inputs of a list's form; ``offered`` are the choices that the merchant's own rows decide.

    ``notes`` are what is to be said at an input, by its name.
    """

    criteria: Criteria
    offered: Mapping[str, Choices]
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @cached_property
    def groups(self) -> tuple[InputGroup, ...]:
        """The inputs of all filters, under the headings that have any."""
        return tuple(group for group in map(self._group, FILTER_GROUPS) if group.inputs)

    @property
    def inputs(self) -> Iterator[Input]:
        """All inputs, in the order of the form."""
        return (shown for group in self.groups for shown in group.inputs)

    @property
    def notices(self) -> tuple[str, ...]:
        """What is wrong with parameters that have no input."""
        names = {shown.name for shown in self.inputs}
        return tuple(fault.text() for name, fault in self.criteria.faults.items() if name not in names)

    @property
    def to_mend(self) -> tuple[Input, ...]:
        """The inputs with something wrong in them."""
        return tuple(shown for shown in self.inputs if shown.fault)

    @property
    def days(self) -> Iterator[Input]:
        """The two ends of the period for a form of their own; what is wrong with one is said in this one."""
        for end in (_day_input(self.criteria, name) for name in DATES):
            yield end._replace(id=f"{end.id}-alone", text="" if end.fault else end.text, fault="")

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

    def _group(self, title: str) -> InputGroup:
        fields = (field for field in self.criteria.spec.filters if field.filter_group == title)
        inputs = tuple(shown for field in fields for shown in self._inputs(field))
        return InputGroup(gettext(title), inputs, in_threes=title == HOW_MUCH)

    def _inputs(self, field: Field) -> Iterator[Input]:
        if field.name == "date" and self.criteria.period is not None:
            yield from (_day_input(self.criteria, name) for name in DATES)
        for parameter in field.parameters:
            name = parameter.name
            offered, note = self.offered.get(name), self.notes.get(name, "")
            if name in self.criteria.filters or name in self.criteria.faults:
                yield from self._asked(parameter, _choices(parameter, offered), note)
            else:
                yield _unasked(parameter, offered, note, language())

    def _asked(self, parameter: Parameter, choices: Choices, note: str) -> Iterator[Input]:
        """The inputs of a parameter that is asked for: what is wrong with it stands at the first."""
        name, fault = parameter.name, _fault(self.criteria, parameter.name)
        texts = (self.criteria.raw(name), *self.criteria.values(name)[1:])
        if _has_boxes(parameter, choices):
            values = tuple(filter(None, texts))
            for value in values:
                choices = _with(choices, value)
            yield _input(parameter, choices, texts[0], fault=fault, ticked=frozenset(values), note=note)
            return
        for index, text in enumerate(texts):
            shown = "" if index else fault
            yield _input(parameter, _with(choices, text), text, index, fault=shown, note=note)


@lru_cache(maxsize=_MOST_UNASKED)
def _unasked(parameter: Parameter, offered: Choices | None, note: str, _language: str) -> Input:
    """The input of a parameter that is not asked for: the same for all to whom the same is offered."""
    choices = _choices(parameter, offered)
    ticked: frozenset[str] | None = frozenset() if _has_boxes(parameter, choices) else None
    return _input(parameter, choices, "", ticked=ticked, note=note)


def _choices(parameter: Parameter, offered: Choices | None) -> Choices:
    return offered or parameter.field.choices()


def _has_boxes(parameter: Parameter, choices: Choices) -> bool:
    """Whether its values are few. One that another list answers cannot be ticked beside others."""
    return 0 < len(choices) <= MOST_BOXES and not parameter.field.elsewhere


def _input(
    parameter: Parameter,
    choices: Choices,
    text: str,
    index: int = 0,
    *,
    fault: str = "",
    ticked: frozenset[str] | None = None,
    note: str = "",
) -> Input:
    """An input, the first of its parameter (``index`` 0) or one for a further value."""
    name, kind = parameter.name, parameter.kind
    return Input(
        name=name,
        id=f"f-{name}-{index}" if index else f"f-{name}",
        label=parameter.label,
        widget=kind.widget,
        text=text,
        fault=fault,
        suggestions=kind.suggestions(),
        choices=choices,
        pattern=kind.pattern,
        advice=gettext(kind.advice) if kind.advice else "",
        mode=kind.mode,
        ticked=ticked,
        note=note,
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

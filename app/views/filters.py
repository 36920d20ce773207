"""The filter form: which inputs, with what in them, and what is wrong beside each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.listing.criteria import DATES, Criteria
from app.listing.field import Field, Parameter
from app.wording.i18n import N_, gettext

#: The words of the two ends of the period.
_ENDS = {"date_from": N_("From"), "date_to": N_("To")}


@dataclass(frozen=True)
class Input:
    """One input. ``text`` is what it holds, ``fault`` what is wrong with it, "" when nothing is."""

    name: str
    id: str
    label: str
    widget: str
    text: str
    fault: str
    choices: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
    mode: str = ""


def common_inputs(criteria: Criteria) -> Iterator[Input]:
    """The inputs of the filters in sight."""
    for name in criteria.spec.usual_filters:
        yield from _inputs(criteria, criteria.spec.by_name[name], common=True)


def further_inputs(criteria: Criteria) -> Iterator[Input]:
    """The inputs of all other filters, and the ends of the ranges in sight."""
    for field in criteria.spec.filters:
        yield from _inputs(criteria, field, common=False)


def further_in_use(criteria: Criteria) -> bool:
    """Whether one of the other filters holds something: then it must be in sight."""
    return any(criteria.values(i.name) or i.fault for i in further_inputs(criteria))


def sort_options(criteria: Criteria) -> tuple[tuple[str, str], ...]:
    """The orders of the list and their words."""
    return tuple((sort, criteria.spec.sort_words(sort)) for sort in criteria.spec.sorts)


def _inputs(criteria: Criteria, field: Field, *, common: bool) -> Iterator[Input]:
    if common and field.name == "date":
        yield from (_day_input(criteria, name) for name in DATES)
    in_sight = field.name in criteria.spec.usual_filters
    for parameter in field.parameters():
        if common == (in_sight and parameter.name == field.name):
            yield from _parameter_inputs(criteria, parameter)


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


def _parameter_inputs(criteria: Criteria, parameter: Parameter) -> Iterator[Input]:
    """An input, and one more for each further value of its parameter."""
    name, kind = parameter.name, parameter.kind
    for index, text in enumerate((criteria.raw(name), *criteria.values(name)[1:])):
        yield Input(
            name=name,
            id=f"f-{name}-{index}" if index else f"f-{name}",
            label=parameter.label,
            widget=kind.widget,
            text=text,
            fault="" if index else _fault(criteria, name),
            choices=_choices(parameter.field, text),
            pattern=kind.pattern,
            mode=kind.mode,
        )


def _fault(criteria: Criteria, name: str) -> str:
    return criteria.faults[name].text() if name in criteria.faults else ""


def _choices(field: Field, text: str) -> tuple[tuple[str, str], ...]:
    """The choices, with the one in use even if we do not know it."""
    choices = field.choices()
    return choices if not choices or not text or text in dict(choices) else (*choices, (text, text))

"""The filter form: which inputs, with what in them, and what is wrong beside each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.listing.criteria import DATES, Criteria
from app.listing.field import Field
from app.lists import REMITTANCES, TRANSACTIONS
from app.wording.i18n import N_, gettext

#: The filters in sight; all others stand under "more filters".
COMMON = {
    REMITTANCES.name: ("date", "application", "trade_name", "amount", "status", "number"),
    TRANSACTIONS.name: ("date", "amount", "card", "application", "outcome", "trade_name"),
}
#: The words of an input that is not simply called like its field.
LABELS = {
    "date_from": N_("From"),
    "date_to": N_("To"),
    "amount_from": N_("Amount from"),
    "amount_to": N_("Amount to"),
    "card": N_("Card (last 4 digits)"),
}
SORTS = {
    "-date": N_("Newest first"),
    "date": N_("Oldest first"),
    "-amount": N_("Largest amount first"),
    "amount": N_("Smallest amount first"),
}
#: Only what our inputs may hold: a full card number does not even leave the browser.
PATTERNS = {"card": r"[0-9]{4}|[0-9]{6}[ *.xX\-]*[0-9]{4}"}
INPUT_MODES = {"amount": "decimal", "card": "numeric"}


@dataclass(frozen=True)
class Input:
    """One input. ``text`` is what it holds, ``fault`` what is wrong with it, "" when nothing is."""

    name: str
    id: str
    label: str
    widget: str
    text: str
    fault: str
    choices: tuple[tuple[str, str], ...]
    pattern: str
    mode: str


def common_inputs(criteria: Criteria) -> Iterator[Input]:
    """The inputs of the filters in sight."""
    for name in COMMON[criteria.spec.name]:
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
    return tuple((sort, gettext(SORTS[sort])) for sort in criteria.spec.sorts)


def _inputs(criteria: Criteria, field: Field, *, common: bool) -> Iterator[Input]:
    in_sight = field.name in COMMON[criteria.spec.name]
    if field.name == "date":
        names: tuple[str, ...] = DATES if common else ()
    else:
        names = tuple(p.name for p in field.parameters() if common == (in_sight and p.name == field.name))
    for name in names:
        yield from _input(criteria, field, name)


def _input(criteria: Criteria, field: Field, name: str) -> Iterator[Input]:
    """An input, and one more for each further value of its parameter."""
    fault = criteria.faults[name].text() if name in criteria.faults else ""
    for index, text in enumerate((criteria.raw(name), *criteria.values(name)[1:])):
        yield Input(
            name=name,
            id=f"f-{name}-{index}" if index else f"f-{name}",
            label=gettext(LABELS[name]) if name in LABELS else field.title,
            widget="date" if name in DATES else field.widget,
            text=text,
            fault="" if index else fault,
            choices=_choices(field, text),
            pattern=PATTERNS.get(field.widget, ""),
            mode=INPUT_MODES.get(field.widget, ""),
        )


def _choices(field: Field, text: str) -> tuple[tuple[str, str], ...]:
    """The choices, with the one in use even if we do not know it."""
    choices = field.choices()
    return choices if not choices or not text or text in dict(choices) else (*choices, (text, text))

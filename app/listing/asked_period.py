"""The period of an address: its parameters, and the days that they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.listing.filters import InvalidValueError
from app.listing.parameter_fault import ParameterFault, too_many
from app.listing.period import RELATIVE, Days, Period, parse_day, period_of
from app.listing.spec import ListSpec
from app.wording.i18n import N_

Texts = Mapping[str, Sequence[str]]

DATES = ("date_from", "date_to")
PERIOD = "period"
#: The relative period that a form or a further page stands at: it holds unless other days are given.
KEPT = "kept"


def asked_period(
    spec: ListSpec, texts: Texts, days: Days, faults: dict[str, ParameterFault]
) -> tuple[Period | None, str | None]:
    """The period, and its name when it is a relative one."""
    if spec.source.day is None:
        return None, None
    usual = RELATIVE[spec.usual_period].of(days), spec.usual_period
    name = single(PERIOD, texts, faults)
    first, last = (_day(end, texts, faults) for end in DATES)
    kept = _named(KEPT, texts, faults)
    if name is not None:
        return _relative(name, texts, days, faults) or usual
    if first is None and last is None:
        return usual if kept is None else (RELATIVE[kept].of(days), kept)
    try:
        period = period_of(first, last, days)
        return period, kept if kept is not None and RELATIVE[kept].of(days) == period else None
    except InvalidValueError as refused:
        faults |= {end: ParameterFault.of(refused, texts[end][0]) for end in DATES if texts.get(end)}
        return usual


def _relative(
    name: str, texts: Texts, days: Days, faults: dict[str, ParameterFault]
) -> tuple[Period, str] | None:
    if any(texts.get(end) for end in DATES):
        faults[PERIOD] = ParameterFault.of(
            InvalidValueError(N_("Ask for a period or for two days, not for both")), name
        )
        return None
    known = _named(PERIOD, texts, faults)
    return None if known is None else (RELATIVE[known].of(days), known)


def _named(parameter: str, texts: Texts, faults: dict[str, ParameterFault]) -> str | None:
    """The relative period that a parameter names."""
    name = single(parameter, texts, faults)
    if name is not None and name not in RELATIVE:
        faults[parameter] = ParameterFault.of(InvalidValueError(N_("No period has this name")), name)
        return None
    return name


def single(name: str, texts: Texts, faults: dict[str, ParameterFault]) -> str | None:
    """The one text of a parameter that takes one value."""
    found = texts.get(name, ())
    if len(found) > 1:
        faults[name] = ParameterFault.of(too_many(1))
        return None
    return next(iter(found), None)


def _day(name: str, texts: Texts, faults: dict[str, ParameterFault]) -> date | None:
    text = single(name, texts, faults)
    try:
        return None if text is None else parse_day(text)
    except InvalidValueError as refused:
        faults[name] = ParameterFault.of(refused, text or "")
        return None

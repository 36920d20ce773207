"""The quick periods above a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.listing.criteria import Criteria
from app.listing.field import Args
from app.listing.period import Period
from app.wording.i18n import N_, gettext

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class QuickPeriod:
    """One tap: its words, its address, and whether it is the one in use."""

    text: str
    args: Args
    current: bool


def quick_periods(criteria: Criteria) -> Iterator[QuickPeriod]:
    """The usual periods, with every other filter kept; none in a list without a period."""
    if criteria.period is None:
        return
    for message, period in _periods(criteria.today):
        moved = replace(criteria, period=period, after=None)
        yield QuickPeriod(gettext(message), moved.to_args(), period == criteria.period)


def _periods(today: date) -> Iterator[tuple[str, Period]]:
    yesterday = today - _DAY
    month = today.replace(day=1)
    yield N_("Yesterday"), Period(yesterday, yesterday)
    yield N_("7 days"), Period.up_to(today)
    yield N_("30 days"), Period(today - 29 * _DAY, today)
    yield N_("This month"), Period(month, today)
    yield N_("Last month"), Period((month - _DAY).replace(day=1), month - _DAY)


def only_period(criteria: Criteria) -> Args:
    """The period of ``criteria`` without its filters."""
    return replace(criteria, asked={}, after=None).to_args()


def from_the_start(criteria: Criteria) -> Args:
    """The same list from its first page."""
    return replace(criteria, after=None).to_args()


def week_up_to(day: date) -> Args:
    """The usual number of days, ending with ``day``."""
    week = Period.up_to(day)
    return (("date_from", week.first.isoformat()), ("date_to", week.last.isoformat()))

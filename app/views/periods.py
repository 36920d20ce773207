"""The quick periods above a list, and the ways out of an empty one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.listing.criteria import Criteria
from app.listing.field import Args
from app.listing.period import CHART_DAYS, LONGEST_DAYS, RELATIVE, Freshness, Period, month_of
from app.wording import formats
from app.wording.days import month_alone
from app.wording.i18n import gettext


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
    for name, relative in RELATIVE.items():
        moved = criteria.over(name)
        month = (month_alone(relative.of(criteria.days).first),) if relative.is_month else ()
        words = " · ".join((gettext(relative.words), *month))
        yield QuickPeriod(words, moved.to_args(), name == criteria.relative)


@dataclass(frozen=True)
class AdjacentPeriods:
    """The periods beside the one shown, each as long or a month as well; ``after`` None at the last day."""

    before: Args
    after: Args | None


def step(criteria: Criteria, period: Period) -> AdjacentPeriods:
    """The day before and after ``period``, the one shown, its months, or as many days as it has."""
    end = criteria.days.end
    before, after = _months_beside(period, end) or _as_long(period)
    later = None if period.last >= end else criteria.over(after).to_args()
    return AdjacentPeriods(criteria.over(before).to_args(), later)


def _as_long(period: Period) -> tuple[Period, Period]:
    width = timedelta(days=period.days)
    before = Period(period.first - width, period.last - width)
    return before, Period(period.first + width, period.last + width)


def _months_beside(period: Period, end: date) -> tuple[Period, Period] | None:
    """The months beside ``period``, which is one up to its last day or to ``end``; None when it is none."""
    own = month_of(period.first)
    if period.days == 1 or (period.first, period.last) != (own.first, min(own.last, end)):
        return None
    before, after = month_of(own.first - timedelta(days=1)), month_of(own.last + timedelta(days=1))
    return before, replace(after, last=max(after.first, min(after.last, end)))


def untold(period: Period, fresh: Freshness, today: date) -> Iterator[str]:
    """What no file can tell of ``period``, each part in a sentence; nothing where none was ever received."""
    if fresh.since is None:
        return
    if period.first < fresh.since:
        yield gettext("No data before %(day)s.", day=formats.day(fresh.since))
    if period.first <= today <= period.last and today == fresh.to_come(today):
        yield gettext("Today's data arrive tomorrow.")
    if period.last > today:
        yield gettext("Days to come have no data yet.")


def untold_days(criteria: Criteria, fresh: Freshness | None) -> frozenset[date]:
    """The days of a chart of the period whose emptiness means nothing: no file tells of them."""
    period = criteria.period
    if period is None or fresh is None or fresh.since is None:
        return frozenset()
    charted = Period.up_to(period.last, max(period.days, CHART_DAYS))
    return frozenset(fresh.untold(charted, criteria.days.today))


def only_period(criteria: Criteria) -> Args:
    """The period of ``criteria`` without its filters."""
    return replace(criteria, filters={}, after=None, faults={}).to_args()


def without_last(criteria: Criteria) -> Args:
    """The same without the filter that was added last, in the order of the form."""
    return criteria.without(list(criteria.filters)[-1]).to_args()


def over_all(criteria: Criteria) -> Args | None:
    """The same question over all that is kept; None when it is already."""
    if criteria.period is None or criteria.period.days >= LONGEST_DAYS:
        return None
    return criteria.over(Period.up_to(criteria.days.end, LONGEST_DAYS)).to_args()


def from_the_start(criteria: Criteria) -> Args:
    """The same list from its first page."""
    return replace(criteria, after=None, faults={}).to_args()

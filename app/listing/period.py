"""A period: whole local days, both ends counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from app.listing.filters import InvalidValueError, clean
from app.wording import formats
from app.wording.i18n import N_, gettext

DEFAULT_DAYS = 7
#: Days of the chart beside a shorter period.
CHART_DAYS = 14
#: Days of the longest period that has a chart, and is compared with the one before it.
MONTH_DAYS = 31
#: History is kept 15 months: that is what one look can span.
LONGEST_DAYS = 460
#: Of more days statements look rows up in ways that take longer to plan than those of days are worth.
_MOST_SHORT_DAYS = 62
_DAY = timedelta(days=1)
_EARLIEST, _LATEST = date(2000, 1, 1), date(2099, 12, 31)
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_FRENCH = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")


@dataclass(frozen=True)
class Period:
    """From the day ``first`` to the day ``last``, ``first <= last``."""

    first: date
    last: date

    @classmethod
    def up_to(cls, last: date, days: int = DEFAULT_DAYS) -> Period:
        """So many days, ending with ``last``."""
        return cls(last - (days - 1) * _DAY, last)

    @property
    def days(self) -> int:
        """Number of days, both ends counted."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period to compare with: as many days before; of a month or its first weeks the month before."""
        last_before = self.first - _DAY
        month = month_of(self.first)
        if self.first != month.first or self.last > month.last or self.days <= DEFAULT_DAYS:
            return Period.up_to(last_before, self.days)
        earlier = month_of(last_before)
        last = earlier.last if self == month else min(earlier.last, earlier.first + (self.days - 1) * _DAY)
        return Period(earlier.first, last)

    @property
    def is_long(self) -> bool:
        """Whether it is one of months."""
        return self.days > _MOST_SHORT_DAYS

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """Bounds (the second one excluded) of the instants that bear these dates on some clock.

        Local clocks run from 12 hours behind UTC to 14 ahead of it.
        """
        midnight = time(tzinfo=UTC)
        return (
            datetime.combine(self.first - _DAY, midnight),
            datetime.combine(self.last + 2 * _DAY, midnight),
        )

    @property
    def each_day(self) -> list[date]:
        """Its days, one after the other."""
        return [self.first + place * _DAY for place in range(self.days)]

    def split(self, days: int) -> Iterator[Period]:
        """The same days in periods of at most ``days`` days."""
        first = self.first
        while first <= self.last:
            last = min(first + (days - 1) * _DAY, self.last)
            yield Period(first, last)
            first = last + _DAY

    def in_words(self) -> str:
        """``05/03/2026`` or ``du 01/03/2026 au 07/03/2026``, in the language of the moment."""
        first, last = (formats.day(day) for day in (self.first, self.last))
        return first if first == last else gettext("from %(first)s to %(last)s", first=first, last=last)


@dataclass(frozen=True)
class SourceDays:
    """The first and the last day received from a source, by the clock of some of its outlets.

    It owes days from ``since`` to ``until``, and none up to ``up_to``; ``delivers`` says that one of its
    contracts is valid today.
    """

    source_id: int
    time_zone: str
    since: date
    until: date
    delivers: bool
    first: date
    last: date
    up_to: date


@dataclass(frozen=True)
class Days:
    """The days that relative periods count from.

    ``yesterday`` is the last day that has ended on the clock of every outlet in sight; ``last_night`` the
    last day received from any of their sources, None when nothing ever was. ``sources`` are these, None where
    they have not been read.
    """

    today: date
    yesterday: date
    last_night: date | None = None
    sources: tuple[SourceDays, ...] | None = None

    @classmethod
    def of(cls, today: date) -> Days:
        """The days by one clock, when nothing is known of what was received."""
        return cls(today, today - _DAY)

    @property
    def end(self) -> date:
        """The last day that can be there."""
        return self.last_night or self.yesterday


def in_periods(days: Iterable[date]) -> Iterator[Period]:
    """The periods that ``days``, in their order, make up."""
    for _, run in groupby(enumerate(days), lambda numbered: numbered[1] - numbered[0] * _DAY):
        together = [day for _, day in run]
        yield Period(together[0], together[-1])


def month_of(day: date) -> Period:
    """The month of ``day``, whole."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - _DAY)


def _month_to(day: date) -> Period:
    return Period(day.replace(day=1), day)


@dataclass(frozen=True)
class Relative:
    """A period that moves with the days: its words (a message identifier), and what it is now.

    ``is_month`` says that it lies in one month, which has a name.
    """

    words: str
    of: Callable[[Days], Period]
    is_month: bool = False


#: The values of ``period`` in an address.
RELATIVE: Mapping[str, Relative] = {
    "last-night": Relative(N_("Last night"), lambda days: Period(days.end, days.end)),
    "yesterday": Relative(N_("Yesterday"), lambda days: Period(days.yesterday, days.yesterday)),
    "last-7-days": Relative(N_("7 days"), lambda days: Period.up_to(days.end, 7)),
    "last-30-days": Relative(N_("30 days"), lambda days: Period.up_to(days.end, 30)),
    "this-month": Relative(N_("This month"), lambda days: _month_to(days.end), is_month=True),
    "last-month": Relative(
        N_("Last month"), lambda days: month_of(days.end.replace(day=1) - _DAY), is_month=True
    ),
}


@dataclass(frozen=True)
class Freshness:
    """The first and last day received, None when nothing ever was; the days of a period that are missing.

    ``before`` are those missing of the days before the period that a chart shows beside it, and of those
    that a period of a month is compared with. ``late`` are the names of the sources that are missing a day
    of the period, where there are several in sight. Every source is known since ``whole_since``; None where
    none began after its contracts were valid.
    """

    since: date | None
    up_to: date | None
    missing: tuple[date, ...]
    before: tuple[date, ...] = ()
    late: tuple[str, ...] = ()
    whole_since: date | None = None

    def to_come(self, today: date) -> date:
        """The first day that nothing can tell of yet: ``today``, or a later one where its own is there."""
        return today if self.up_to is None else max(today, self.up_to + _DAY)

    def tells_of(self, day: date, today: date) -> bool:
        """Whether a day without rows is one on which nothing happened."""
        came = self.since is not None and self.since <= day < self.to_come(today)
        return came and day not in self.missing and day not in self.before

    def untold(self, period: Period, today: date) -> tuple[date, ...]:
        """The days of ``period`` that no file tells of: missing, before the first one, today and later."""
        return tuple(day for day in period.each_day if not self.tells_of(day, today))

    def is_whole(self, period: Period, today: date) -> bool:
        """Whether every source tells of all of ``period``: before its first file its rows are not there."""
        begun = self.whole_since is None or self.whole_since <= period.first
        return begun and not self.untold(period, today)


def parse_day(text: str) -> date:
    """``2026-03-05`` or ``05/03/2026``. Raises InvalidValueError."""
    typed = clean(text)
    if found := _ISO.fullmatch(typed):
        year, month, day = found.groups()
    elif found := _FRENCH.fullmatch(typed):
        day, month, year = found.groups()
    else:
        raise InvalidValueError(N_("Type a date, such as 05/03/2026"))
    try:
        parsed = date(int(year), int(month), int(day))
    except ValueError:
        raise InvalidValueError(N_("This day does not exist")) from None
    if not _EARLIEST <= parsed <= _LATEST:
        raise InvalidValueError(N_("This day does not exist"))
    return parsed


def period_of(first: date | None, last: date | None, days: Days) -> Period:
    """The period between two days, one of which may be left out. Raises InvalidValueError."""
    if first is None:
        return Period.up_to(last or days.end)
    last = last or max(days.end, min(first, days.today))
    if last < first:
        raise InvalidValueError(N_("The period ends before it starts"))
    if (last - first).days >= LONGEST_DAYS:
        raise InvalidValueError(N_("Choose a period of 15 months at most"))
    return Period(first, last)

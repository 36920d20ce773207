"""The schedule of a source: by when its next file is due, as somebody said or as its files have shown."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.models import DEFAULT_TIME_ZONE, ExpectedDays
from app.rules.holidays import public_holidays

#: Files of so long show a rhythm: those before are forgotten, and a shorter history shows none.
HISTORY, SHORTEST = timedelta(weeks=8), timedelta(weeks=2)
#: The share of files that come in time, of the days of a week that have one; a later one is an exception.
IN_TIME, USUAL = 0.9, 0.8
#: How much later than usual a file may come before anybody is told.
MARGIN = timedelta(hours=1)
#: By when a file is due that somebody expects on certain days, and that has shown no hour of its own.
END_OF_MORNING: Final = time(12)

_DAY = timedelta(days=1)
_MINUTES = 24 * 60
_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
_DAILY, _WORKING = frozenset(range(7)), frozenset(range(5))


@dataclass(frozen=True)
class Schedule:
    """The hour by which a file is due, on the portal's clock, and on which days of the week (0 is Monday)."""

    at: time
    weekdays: frozenset[int]

    def missed(self, last: datetime | None, now: datetime) -> datetime | None:
        """The hour that passed without a file, ``last`` being when the last one came; None while none did.

        A file counts for the first hour after it, so that one of a Saturday is that of a Monday.
        """
        due = self._last_before(now)
        return due if due is not None and (last is None or last <= self._before(due)) else None

    def _before(self, due: datetime) -> datetime:
        return self._last_before(due - timedelta(minutes=1)) or due - _DAY

    def _last_before(self, moment: datetime) -> datetime | None:
        """The last hour at which a file was due; None when there was none in a month."""
        today = moment.astimezone(_ZONE).date()
        hours = (self._hour(today - _DAY * back) for back in range(32))
        return next((hour for hour in hours if hour <= moment and self.is_due(hour.date())), None)

    def _hour(self, day: date) -> datetime:
        return datetime.combine(day, self.at, _ZONE)

    def is_due(self, day: date) -> bool:
        """Whether a file is due on a day; a holiday and its morrow are days of rest, if there are any."""
        return day.weekday() in self.weekdays and (self.weekdays == _DAILY or not _is_rest(day))


def schedule(
    arrivals: Sequence[datetime], at: time | None = None, days: ExpectedDays | None = None
) -> Schedule | None:
    """The schedule of a source whose files came at ``arrivals``; None for one whose files nobody waits for.

    ``at`` and ``days`` are what somebody has said; what is None is learnt.
    """
    if days is ExpectedDays.NONE:
        return None
    recent = [arrival for arrival in arrivals if arrival > max(arrivals) - HISTORY]
    hour = at or (_usual_hour(recent) if recent else END_OF_MORNING)
    weekdays = _weekdays(recent, hour) if days is None else _said(days, recent, hour)
    return Schedule(hour, weekdays) if weekdays else None


def _said(days: ExpectedDays, arrivals: Sequence[datetime], at: time) -> frozenset[int]:
    if days is ExpectedDays.WEEKLY:
        found = [day.weekday() for day in _days_of(arrivals, at)]
        return frozenset({max(_WORKING, key=found.count)})
    return _DAILY if days is ExpectedDays.DAILY else _WORKING


def _usual_hour(arrivals: Sequence[datetime]) -> time:
    """The hour by which nearly all files had come, with a margin, in the shortest stretch of the clock."""
    minutes = sorted(_minute(arrival) for arrival in arrivals)
    around = minutes + [minute + _MINUTES for minute in minutes]
    held = math.ceil(IN_TIME * len(minutes))
    stretches = zip(around[: len(minutes)], around[held - 1 :], strict=False)
    _, end = min((end - start, end) for start, end in stretches)
    late = (end + MARGIN // timedelta(minutes=1)) % _MINUTES
    return time(late // 60, late % 60)


def _minute(arrival: datetime) -> int:
    local = arrival.astimezone(_ZONE)
    return local.hour * 60 + local.minute


def _weekdays(arrivals: Sequence[datetime], at: time) -> frozenset[int]:
    """The days of the week on which a file has usually come; none when too few came to tell."""
    days = _days_of(arrivals, at)
    if not days or max(days) - min(days) < SHORTEST:
        return frozenset()
    every = [min(days) + _DAY * number for number in range((max(days) - min(days)).days + 1)]
    return frozenset(weekday for weekday in _DAILY if _is_usual(weekday, every, days))


def _is_usual(weekday: int, every: Sequence[date], days: Collection[date]) -> bool:
    held = [day for day in every if day.weekday() == weekday and not _is_rest(day)]
    return len(held) > 1 and sum(day in days for day in held) >= USUAL * len(held)


def _days_of(arrivals: Sequence[datetime], at: time) -> set[date]:
    """The days whose hour files came for: those after it come for the next day's."""
    local = [arrival.astimezone(_ZONE) for arrival in arrivals]
    return {one.date() + (_DAY if one.time() > at else timedelta()) for one in local}


def _is_rest(day: date) -> bool:
    return not public_holidays().isdisjoint({day, day - _DAY})

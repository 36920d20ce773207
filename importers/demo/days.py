"""The calendar of the demo: holidays, nights of clock change, and how much each till sells on each day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from importers.demo.estate import Estate
from importers.demo.trades import TRADES, Trade

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
PARIS = ZoneInfo("Europe/Paris")
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
_YEARLY_GROWTH = 0.05
_SUMMER = (6, 7, 8)


def days_from(first_day: date, count: int) -> list[date]:
    """``count`` days from ``first_day`` on."""
    return [first_day + timedelta(days=number) for number in range(count)]


def is_holiday(day: date) -> bool:
    """Whether ``day`` is a French public holiday."""
    if (day.month, day.day) in _FIXED_HOLIDAYS:
        return True
    return (day - easter(day.year)).days in _AFTER_EASTER


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (anonymous algorithm, Meeus 1991)."""
    century, of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    lag = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * (year % 19) + century - leaps - lag + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def clock_changes(days: list[date]) -> dict[date, int]:
    """The days on which the clock of Paris changes -> +1 (spring: an hour is missing) or -1 (autumn)."""
    found = {}
    for day in days:
        before, after = (_offset(day + timedelta(days=step)) for step in (0, 1))
        if before != after:
            found[day] = 1 if after > before else -1
    return found


def _offset(day: date) -> timedelta:
    offset = datetime.combine(day, time(), PARIS).utcoffset()
    return offset or timedelta()


def demand(rng: np.random.Generator, estate: Estate, days: list[date], total: int) -> Floats:
    """Expected payments [till, day], ``total`` altogether; 0 where a till is closed or not yet there."""
    tills = estate.tills
    ordinary = np.array([[_ordinary(trade, day) for day in days] for trade in TRADES.values()])
    rhythm = ordinary[tills["trade"]]
    rhythm *= tills["weight"].to_numpy()[:, None] * _open(estate, days)
    rhythm *= 1 + _YEARLY_GROWTH * np.arange(len(days)) / 365
    # Rain, strikes, markets: a day is good or bad for a whole outlet at once.
    outlets = tills.groupby(["merchant", "outlet"], sort=False).ngroup().to_numpy()
    rhythm *= rng.lognormal(0, 0.13, (outlets.max() + 1, len(days)))[outlets]
    expected: Floats = rhythm * (total / rhythm.sum())
    return expected


def _ordinary(trade: Trade, day: date) -> float:
    """How a trade does on ``day``, whoever keeps the shop."""
    if trade.away and trade.away[0] <= (day.month, day.day) <= trade.away[1]:
        return 0.0
    factor = trade.payments * trade.week[day.weekday()] * trade.months[day.month - 1]
    return factor * (trade.holidays if is_holiday(day) else 1.0)


def _open(estate: Estate, days: list[date]) -> Flags:
    """[till, day]: open on its own account; each chain shop also closes a week in summer."""
    tills = estate.tills
    weekdays = np.array([day.weekday() for day in days])
    closed = tills["closed"].to_numpy()[:, None] == weekdays
    before = np.arange(len(days)) < tills["installed"].to_numpy()[:, None]
    weeks = np.array([day.isocalendar().week if day.month in _SUMMER else -1 for day in days])
    away = (tills["holiday"].to_numpy()[:, None] == weeks) & (tills["merchant"] == 0).to_numpy()[:, None]
    shut: Flags = closed | before | away
    return ~shut

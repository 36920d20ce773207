"""Days as files write them, all rows at once.

Days are ``datetime64[D]``; what no calendar has, or lies outside [2000, 2100), is NaT: a reader refuses
it before a partition is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Days = NDArray[np.datetime64]

#: Two-digit years from here on belong to the last century.
_PIVOT = 60
_CENTURY = 100
_FIRST, _AFTER_LAST = np.datetime64("2000-01-01"), np.datetime64("2100-01-01")
_NO_DAY = np.datetime64("NaT", "D")


def full_years(short: Numbers) -> Numbers:
    """Years of two digits as years of four: 26 is 2026, 61 is 1961."""
    return np.where(short >= _PIVOT, short + 1900, short + 2000)


def of_months(years: Numbers, months: Numbers, days: Numbers) -> Days:
    """Days of a year, a month (1 to 12) and a day of the month."""
    month = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (months - 1).astype(
        "timedelta64[M]"
    )
    found = month.astype("datetime64[D]") + (days - 1).astype("timedelta64[D]")
    same_month = found.astype("datetime64[M]") == month
    return _bounded(found, (months >= 1) & (months <= 12) & (days >= 1) & same_month)  # noqa: PLR2004


def of_years(years: Numbers, days: Numbers) -> Days:
    """Days of a year and a day of the year (1 to 366), as Julian dates give them."""
    year = (years - 1970).astype("datetime64[Y]")
    found = year.astype("datetime64[D]") + (days - 1).astype("timedelta64[D]")
    return _bounded(found, (days >= 1) & (found.astype("datetime64[Y]") == year))


def _bounded(days: Days, known: NDArray[np.bool_]) -> Days:
    return np.where(known & (days >= _FIRST) & (days < _AFTER_LAST), days, _NO_DAY)

"""Working days of banks in France: Monday to Friday, neither a French bank holiday nor a TARGET closing day.

Source: shared format page "Money", section 7.1.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import chain

import numpy as np
from dateutil.easter import easter
from numpy.typing import NDArray

Days = NDArray[np.datetime64]

# Month and day: 1 January, 1 and 8 May, 14 July, 15 August, 1 and 11 November, 25 and 26 December.
_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26))
# Days from Easter: Good Friday, Easter Monday, Ascension, Whit Monday.
_MOVING = (-2, 1, 39, 50)
_YEARS = range(2000, 2100)


def holidays(year: int) -> frozenset[date]:
    """The days of a year on which banks are closed, weekends aside."""
    fixed = (date(year, month, day) for month, day in _FIXED)
    return frozenset(chain(fixed, (easter(year) + timedelta(days=days) for days in _MOVING)))


@cache
def _calendar() -> np.busdaycalendar:
    closed = sorted(day for year in _YEARS for day in holidays(year))
    return np.busdaycalendar(holidays=np.array(closed, dtype="datetime64[D]"))


def after(days: Days, count: int | NDArray[np.int64]) -> Days:
    """The ``count``-th working day after each day, one count for all or one for each.

    With 0 it is the day itself, or the first working day that follows it.
    """
    first = np.busday_offset(days.astype("datetime64[D]"), 0, roll="forward", busdaycal=_calendar())
    starts_open = np.is_busday(days.astype("datetime64[D]"), busdaycal=_calendar())
    steps = np.where(starts_open | (np.asarray(count) == 0), count, np.maximum(np.asarray(count) - 1, 0))
    return np.busday_offset(first, steps, busdaycal=_calendar())

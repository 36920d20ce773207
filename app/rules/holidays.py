"""The public holidays of France (Code du travail, art. L3133-1)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import chain

from dateutil.easter import easter

# Month and day: 1 January, 1 and 8 May, 14 July, 15 August, 1 and 11 November, 25 December.
_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days from Easter Sunday: Easter Monday, Ascension, Whit Monday.
_MOVING = (1, 39, 50)
_YEARS = range(2000, 2100)


def of_year(year: int) -> frozenset[date]:
    """The public holidays of a year."""
    fixed = (date(year, month, day) for month, day in _FIXED)
    return frozenset(chain(fixed, (easter(year) + timedelta(days=days) for days in _MOVING)))


@cache
def public_holidays() -> frozenset[date]:
    """Those of every year that the portal knows of: 2000 to 2099."""
    return frozenset(chain.from_iterable(map(of_year, _YEARS)))

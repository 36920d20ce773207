"""Bounds of a period as statements compare with them: values, or parameters of one that is built once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Date, DateTime, bindparam, literal

from app.listing.period import Period

_AT: Final = DateTime(timezone=True)


@dataclass(frozen=True, eq=False)
class Bounds:
    """The first and the last local day, both counted; the instants that they can be, the second excluded."""

    first: BindParameter[date]
    last: BindParameter[date]
    earliest: BindParameter[datetime]
    latest: BindParameter[datetime]

    @classmethod
    def of(cls, period: Period) -> Bounds:
        """The bounds of one period."""
        earliest, latest = period.instants
        days = literal(period.first, Date), literal(period.last, Date)
        return cls(*days, literal(earliest, _AT), literal(latest, _AT))


#: Those of any period, whose values are :func:`values_of`.
ANY_BOUNDS: Final = Bounds(
    bindparam("first_day", type_=Date),
    bindparam("last_day", type_=Date),
    bindparam("earliest", type_=_AT),
    bindparam("latest", type_=_AT),
)


def values_of(period: Period | None) -> Mapping[str, Any]:
    """What ``period`` is to a statement with :data:`ANY_BOUNDS`."""
    if period is None:
        return {}
    earliest, latest = period.instants
    return {"first_day": period.first, "last_day": period.last, "earliest": earliest, "latest": latest}

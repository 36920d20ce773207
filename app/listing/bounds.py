"""Bounds of a period as statements compare with them: values, or parameters of one that is built once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, Date, DateTime, bindparam, literal

from app.listing.period import Period
from app.rules.thirds import cover

_AT: Final = DateTime(timezone=True)
#: The parameters of a period, and their types.
_TYPES: Final = {
    "first_day": Date(),
    "last_day": Date(),
    "earliest": _AT,
    "latest": _AT,
    "first_third": Date(),
    "last_third": Date(),
    **{
        f"{edge}_{name}": type_
        for edge in ("left", "right")
        for name, type_ in (("sign", BigInteger()), ("first", Date()), ("last", Date()))
    },
}


@dataclass(frozen=True, eq=False)
class EdgeBounds:
    """Days at one end of a period beside its thirds, and whether they are added or taken away."""

    sign: BindParameter[int]
    first: BindParameter[date]
    last: BindParameter[date]


@dataclass(frozen=True, eq=False)
class Bounds:
    """The first and the last local day, both counted; the instants that they can be, the second excluded.

    ``first_third``, ``last_third`` and ``edges`` are the same days as :class:`app.rules.thirds.Cover`.
    """

    first: BindParameter[date]
    last: BindParameter[date]
    earliest: BindParameter[datetime]
    latest: BindParameter[datetime]
    first_third: BindParameter[date]
    last_third: BindParameter[date]
    edges: tuple[EdgeBounds, EdgeBounds]

    @classmethod
    def of(cls, period: Period) -> Bounds:
        """The bounds of one period."""
        return _bounds({name: literal(value, _TYPES[name]) for name, value in values_of(period).items()})


def _bounds(named: Mapping[str, BindParameter[Any]]) -> Bounds:
    first, last, earliest, latest, first_third, last_third, *edges = (named[name] for name in _TYPES)
    return Bounds(
        *(first, last, earliest, latest, first_third, last_third),
        (EdgeBounds(*edges[:3]), EdgeBounds(*edges[3:])),
    )


#: Those of any period, whose values are :func:`values_of`.
ANY_BOUNDS: Final = _bounds({name: bindparam(name, type_=type_) for name, type_ in _TYPES.items()})


def values_of(period: Period | None) -> Mapping[str, Any]:
    """What ``period`` is to a statement with :data:`ANY_BOUNDS`."""
    if period is None:
        return {}
    thirds = cover(period.first, period.last)
    edges = (value for edge in thirds.edges for value in (edge.sign, edge.first, edge.last))
    values = period.first, period.last, *period.instants, thirds.first, thirds.last, *edges
    return dict(zip(_TYPES, values, strict=True))

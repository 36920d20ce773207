"""Bands of amounts, in units of a currency, by which the payments of a large merchant are added up besides.

They are narrow where amounts are many, and bounded by round ones: most of what is asked for ends between two.
A range of amounts is whole bands, and what of the two at its ends lies in it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.wording import money

#: The width of the bands below an amount, in hundredths of a unit.
_WIDTHS: Final = {2_000: 25, 10_000: 100, 50_000: 500, 200_000: 2_000, 1_000_000: 10_000}
_HUNDREDTH: Final = Decimal("0.01")


def _bounds() -> Iterator[Decimal]:
    start = 0
    for end, width in _WIDTHS.items():
        yield from (hundredths * _HUNDREDTH for hundredths in range(start, end, width))
        start = end
    yield start * _HUNDREDTH


#: Where each band begins, the first at 0; the last one has no end. They are counted from 1.
BOUNDS: Final = tuple(_bounds())
#: The smallest part of a unit that a currency has, as a number of decimals and as an amount.
_DECIMALS: Final = max(money.EXPONENTS)
_SMALLEST: Final = Decimal(1).scaleb(-_DECIMALS)
#: Far above the last bound, and far below what a bigint holds once it is written in the smallest parts.
_ENOUGH: Final = 10**13


@dataclass(frozen=True)
class InBands:
    """A range of amounts as the bands from ``first`` to ``last``, none where it is after ``last``.

    ``ends`` are the ranges beside them; one that begins after its end holds nothing. None is no bound.
    """

    first: int
    last: int
    ends: tuple[tuple[Decimal | None, Decimal | None], ...]


def in_bands(low: Decimal | None, high: Decimal | None) -> InBands:
    """The amounts from ``low`` to ``high``, both counted, as bands and what stands beside them."""
    first = 0 if low is None else bisect_left(BOUNDS, low)
    last = len(BOUNDS) if high is None else bisect_right(BOUNDS, high + _SMALLEST) - 1
    below = BOUNDS[first] - _SMALLEST if first < len(BOUNDS) else None
    ends = []
    if low is not None:
        ends.append((low, min((one for one in (below, high) if one is not None), default=None)))
    if high is not None and below is not None:
        ends.append((max(BOUNDS[last], BOUNDS[first]), high))
    return InBands(first + 1, last, tuple(ends))


def band_sql(amount: str, currency: str) -> str:
    """The band of an amount in minor units, in SQL text."""
    unusual = {exponent: ", ".join(map("'{}'".format, codes)) for exponent, codes in money.EXPONENTS.items()}
    scales = (f"WHEN {currency} IN ({codes}) THEN {_scale(each)}" for each, codes in unusual.items())
    usual = _scale(money.DEFAULT_EXPONENT)
    # Most are of one currency, which is not looked for among the unusual ones.
    scale = f"CASE WHEN {currency} = 'EUR' THEN {usual} {' '.join(scales)} ELSE {usual} END"
    bounds = ",".join(str(int(bound.scaleb(_DECIMALS))) for bound in BOUNDS)
    return f"width_bucket(least({amount}, {_ENOUGH}) * {scale}, '{{{bounds}}}'::bigint[])"


def _scale(exponent: int) -> int:
    return int(10 ** (_DECIMALS - exponent))

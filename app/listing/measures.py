"""Measures: sums over a list, declared beside its fields.

Each is summed from the rows, or from the daily sums where these know it; both give the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal

from app.listing.constants import written_out
from app.listing.kinds import Expression
from app.listing.source import Condition

#: The measure that every list has: how many rows there are.
COUNT = "count"


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """A sum over rows, in minor units or in things.

    ``rows`` is what each row gives, where ``where`` holds; ``daily`` and ``daily_where`` are the same over
    the daily sums, None when these do not know it. ``sign`` is its part in the net: 1, -1, or 0 for none.
    ``label`` is the message of its line among the sums, "" for one that has none; ``apart`` says that it
    stands beside the net there, ``optional`` that it is left out when it is 0. ``group`` is its place under
    ``apart`` in JSON, such as ``("rejected", "net")``: what is not counted, by why. ``share`` is the message
    of its share of the rows, which stands in the total line: "" for none; it holds ``%(share)s``. ``aside``
    is its own message there, of what the net does not hold, "" for none; it holds ``%(amount)s``.
    ``of`` is the name of the field that it speaks of: where nobody sees that one, nobody sees this.
    ``rare`` says that it is asked for seldom: a grouping of many sums shows it once it is unfolded.
    """

    name: str
    rows: Expression
    where: tuple[Condition, ...] = ()
    daily: Expression | None = None
    daily_where: tuple[Condition, ...] = ()
    sign: int = 0
    label: str = ""
    apart: bool = False
    optional: bool = False
    group: tuple[str, str] | None = None
    share: str = ""
    aside: str = ""
    of: str = ""
    rare: bool = False

    @cached_property
    def of_rows(self) -> ColumnElement[int]:
        """The sum over rows, labelled with its name."""
        return written_out(sum_of(self.name, self.rows, *self.where))

    @cached_property
    def of_days(self) -> ColumnElement[int]:
        """The sum over daily sums. Raises LookupError when these do not know it."""
        if self.daily is None:
            raise LookupError(self.name)
        return written_out(sum_of(self.name, self.daily, *self.daily_where))


def row_count(daily: Expression | None = None) -> Measure:
    """The number of rows; ``daily`` is the same in the daily sums."""
    return Measure(name=COUNT, rows=literal(1, BigInteger), daily=daily)


def sum_of(name: str, column: Expression, *where: Condition) -> ColumnElement[int]:
    """The sum of ``column`` over the rows that meet ``where``, 0 when there is none, called ``name``."""
    total: Expression = func.sum(column)
    if where:
        total = func.sum(column).filter(*where)
    return cast(func.coalesce(total, 0), BigInteger).label(name)

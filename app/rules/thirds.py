"""Thirds of a month, from the 1st, the 11th and the 21st on, and how they cover a period.

Sums are kept of them beside those of days: a month is three of them, and any other period whole ones and the
days by which these are too short or too long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

#: So many days from the first day of any third on, the next one has begun.
_BEYOND = timedelta(days=11)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Edge:
    """Days at one end of a period, both counted, to be added (``sign`` 1) or taken away (-1).

    None where ``first`` is after ``last``.
    """

    sign: int
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days they are."""
        return max((self.last + _DAY - self.first).days, 0)


@dataclass(frozen=True)
class Cover:
    """A period as thirds, by the first days of the first and the last one, and the days at both ends.

    No third where ``first`` is after ``last``.
    """

    first: date
    last: date
    edges: tuple[Edge, Edge]


def third_of(day: date) -> date:
    """The first day of the third that ``day`` is in."""
    return day.replace(day=min((day.day - 1) // 10, 2) * 10 + 1)


def third_sql(day: str) -> str:
    """As :func:`third_of`, in SQL text, for a column of dates."""
    days = f"(extract(day FROM {day})::int - 1)"
    return f"({day} - {days} + 10 * least({days} / 10, 2))"


def cover(first: date, last: date) -> Cover:
    """The days from ``first`` to ``last`` by as few days beside the thirds as can be.

    Days after ``last`` are taken away rather than as many added: none have come after the last one received.
    """
    begin, before = _shorter(first, from_its_start=True)
    end, after = _shorter(last + _DAY, from_its_start=False)
    if begin < end and before.days + after.days <= (last + _DAY - first).days:
        return Cover(begin, third_of(end - _DAY), (before, after))
    return Cover(first, first - _DAY, (Edge(1, first, last), Edge(1, first, first - _DAY)))


def _shorter(bound: date, *, from_its_start: bool) -> tuple[date, Edge]:
    """The start of a third beside ``bound``, and the days between the two.

    A period begins there (``from_its_start``) or ends before it.
    """
    third = third_of(bound)
    following = third_of(third + _BEYOND)
    earlier = Edge(-1 if from_its_start else 1, third, bound - _DAY)
    later = Edge(1 if from_its_start else -1, bound, following - _DAY)
    is_earlier = bound - third < following - bound
    return (third, earlier) if is_earlier else (following, later)

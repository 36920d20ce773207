"""A day that can be asked for: one day, or any of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement

from app.listing.filters import Filter
from app.listing.kinds import Day, Expression
from app.listing.period import parse_day
from app.wording import formats


@dataclass(frozen=True, kw_only=True, eq=False)
class DayFilter(Filter, Day):
    """A day of the calendar, asked for as it is written."""

    def parse(self, text: str) -> date:
        return parse_day(text)

    def unparse(self, value: date) -> str:
        return value.isoformat()

    def say(self, value: date) -> str:
        return formats.day(value)

    def where(self, column: Expression, values: Sequence[date]) -> ColumnElement[bool]:
        return column.in_(values)

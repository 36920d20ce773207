"""A day that can be asked for: one day, any of several, or those from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from sqlalchemy import ColumnElement, and_

from app.listing.filters import Filter, RangeFilter
from app.listing.kinds import Day, Expression
from app.listing.period import parse_day
from app.wording import formats
from app.wording.i18n import gettext


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


@dataclass(frozen=True, kw_only=True, eq=False)
class DayRange(DayFilter, RangeFilter):
    """A day that is asked for from one to another as well."""

    @property
    def ends(self) -> tuple[Filter, Filter]:
        return Since(), Until()

    def between(self, column: Expression, low: date | None, high: date | None) -> ColumnElement[bool]:
        def inside() -> Iterator[ColumnElement[bool]]:
            if low is not None:
                yield column >= low
            if high is not None:
                yield column <= high

        return and_(*inside())


@dataclass(frozen=True, kw_only=True, eq=False)
class Since(DayFilter):
    """The first of a range of days."""

    widget: ClassVar[str] = "date"

    def input_label(self, title: str) -> str:
        return gettext("%(label)s, at the earliest", label=title)

    def say(self, value: date) -> str:
        return gettext("from %(day)s", day=super().say(value))


@dataclass(frozen=True, kw_only=True, eq=False)
class Until(DayFilter):
    """The last of a range of days."""

    widget: ClassVar[str] = "date"

    def input_label(self, title: str) -> str:
        return gettext("%(label)s, at the latest", label=title)

    def say(self, value: date) -> str:
        return gettext("until %(day)s", day=super().say(value))

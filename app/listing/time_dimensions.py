"""Dimensions of time, which every list of days has: day, week, month, weekday, hour where known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, DateTime, Text, cast, func, literal_column

from app.listing.dimension import Dimension
from app.listing.kinds import Expression, Kind, Row
from app.listing.period import Period, month_of
from app.listing.source import ListSource
from app.wording import days, formats
from app.wording.i18n import N_, gettext

_WEEK = timedelta(days=6)


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeKind(Kind):
    """A part of time."""

    def brief(self, value: Any) -> str:
        """What stands under its bar."""
        return self.show(value, {})

    def briefest(self, value: Any) -> str:
        """The same where there is little room."""
        return self.brief(value)


@dataclass(frozen=True, kw_only=True, eq=False)
class DayKind(TimeKind):
    """A day."""

    def show(self, value: date, row: Row) -> str:  # noqa: ARG002
        return days.capital(formats.long_day(value))

    def brief(self, value: date) -> str:
        return days.short_day(value)

    def briefest(self, value: date) -> str:
        return str(value.day)


@dataclass(frozen=True, kw_only=True, eq=False)
class WeekKind(TimeKind):
    """A week, from its Monday on."""

    def show(self, value: date, row: Row) -> str:  # noqa: ARG002
        return gettext("Week of %(day)s", day=formats.day(value))

    def brief(self, value: date) -> str:
        return days.brief_day(value)


@dataclass(frozen=True, kw_only=True, eq=False)
class MonthKind(TimeKind):
    """A month, by its first day."""

    def show(self, value: date, row: Row) -> str:  # noqa: ARG002
        return days.month_and_year(value)

    def brief(self, value: date) -> str:
        return days.brief_month(value)


@dataclass(frozen=True, kw_only=True, eq=False)
class WeekdayKind(TimeKind):
    """A day of the week, ``1`` for Monday."""

    def show(self, value: str, row: Row) -> str:  # noqa: ARG002
        return days.weekday(value)

    def brief(self, value: str) -> str:
        return days.brief_weekday(value)


@dataclass(frozen=True, kw_only=True, eq=False)
class HourKind(TimeKind):
    """An hour of the day, ``00`` to ``23``, on the terminal's clock."""

    def show(self, value: str, row: Row) -> str:  # noqa: ARG002
        return gettext("%(hour)s:00 to %(hour)s:59", hour=value)

    def brief(self, value: str) -> str:
        return value


def time_dimensions(source: ListSource) -> Iterator[Dimension]:
    """What the rows of ``source`` can be grouped by in time; nothing where they have no day."""
    if source.day is None:
        return
    daily = None if source.daily is None else source.daily.day
    for name, label, kind, part, span in _SPANS:
        yield Dimension(
            name=name,
            label=label,
            kind=kind,
            rows=_begun(source.day, part),
            daily=None if daily is None else _begun(daily, part),
            span=span,
            in_order=True,
        )
    yield Dimension(
        name="weekday",
        label=N_("Day of the week"),
        kind=WeekdayKind(),
        rows=_written(source.day, "ID"),
        daily=None if daily is None else _written(daily, "ID"),
        values=tuple("1234567"),
        in_order=True,
    )
    if source.local is not None:
        yield Dimension(
            name="hour",
            label=N_("Hour"),
            kind=HourKind(),
            rows=_written(source.local, "HH24"),
            values=tuple(f"{hour:02}" for hour in range(24)),
            in_order=True,
        )


_SPANS = (
    ("day", N_("Day"), DayKind(), "day", lambda day: Period(day, day)),
    ("week", N_("Week"), WeekKind(), "week", lambda day: Period(day, day + _WEEK)),
    ("month", N_("Month"), MonthKind(), "month", month_of),
)


def _begun(day: Expression, part: str) -> Expression:
    """The first day of the ``part`` of time that ``day`` is in."""
    if part == "day":
        return day
    return cast(func.date_trunc(literal_column(f"'{part}'", Text), cast(day, DateTime)), Date)


def _written(moment: Expression, pattern: str) -> Expression:
    return func.to_char(cast(moment, DateTime), literal_column(f"'{pattern}'", Text), type_=Text)

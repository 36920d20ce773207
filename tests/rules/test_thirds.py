"""Thirds of months cover any period: its days once, and no other day."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from app.rules.thirds import cover, third_of, third_sql

DAY = timedelta(days=1)


def days(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


@example(date(2024, 1, 2), 3)
@given(st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.integers(0, 460))
def test_a_period_is_its_thirds_and_the_days_at_its_ends(first: date, more: int) -> None:
    last = first + more * DAY
    found = cover(first, last)
    counted = Counter(
        day for day in days(first - 40 * DAY, last + 40 * DAY) if found.first <= third_of(day) <= found.last
    )
    for edge in found.edges:
        for day in days(edge.first, edge.last):
            counted[day] += edge.sign
    assert {day: number for day, number in counted.items() if number} == dict.fromkeys(days(first, last), 1)
    beside = sum(len(days(edge.first, edge.last)) for edge in found.edges)
    assert beside <= min(11, more + 1)


def test_a_month_is_three_thirds_and_no_day_beside_them() -> None:
    found = cover(date(2026, 2, 1), date(2026, 2, 28))
    assert (found.first, found.last) == (date(2026, 2, 1), date(2026, 2, 21))
    assert [days(edge.first, edge.last) for edge in found.edges] == [[], []]


def test_the_database_finds_the_same_thirds(database) -> None:
    days = "SELECT date '2024-01-01' + number AS day FROM generate_series(0, 800) AS number"
    every = f"SELECT day, {third_sql('day')} FROM ({days}) AS d"
    with database.reading() as connection:
        found = connection.execute(text(every)).all()
    assert len(found) == 801
    assert all(third == third_of(day) for day, third in found)

"""The schedule of a source, as its files have shown it or as somebody has said it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from app.models import ExpectedDays
from app.operation.schedule import MARGIN, Schedule, schedule

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)
#: A Monday, behind it eight weeks without a holiday.
FIRST = date(2026, 2, 2)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), PARIS)


def nights(days: int, *weekdays: int, first: date = FIRST) -> list[datetime]:
    every = [first + DAY * number for number in range(days)]
    return [at(day, 2, 10) for day in every if not weekdays or day.weekday() in weekdays]


def test_a_night_that_comes_daily_is_due_an_hour_after_it_usually_comes():
    found = schedule(nights(21))
    assert found == Schedule(time(3, 10), frozenset(range(7)))
    last = nights(21)[-1]
    assert found.missed(last, last + DAY + timedelta(minutes=30)) is None
    assert found.missed(last, last + DAY + timedelta(hours=2)) == at((last + DAY).date(), 3, 10)


def test_a_late_file_settles_the_night_that_was_missing():
    found, last = schedule(nights(21)), nights(21)[-1]
    late = last + DAY + timedelta(hours=9)
    assert found.missed(last, late) is not None
    assert found.missed(late, late) is None


def test_too_short_a_history_or_one_without_a_rhythm_lets_nobody_wait():
    assert schedule(nights(14)) is None
    assert schedule([]) is None
    assert schedule([at(FIRST + DAY * number, number % 23) for number in (0, 5, 13, 17, 29, 38)]) is None


def test_days_of_rest_are_not_waited_for():
    found = schedule(nights(56, 1, 2, 3, 4, 5))
    assert found.weekdays == {1, 2, 3, 4, 5}
    saturday = at(date(2026, 3, 28), 2, 10)
    assert found.missed(saturday, at(date(2026, 3, 30), 23)) is None
    assert found.missed(saturday, at(date(2026, 3, 31), 4)) == at(date(2026, 3, 31), 3, 10)


def test_a_holiday_and_its_morrow_are_not_waited_for_unless_files_come_daily():
    easter_monday = date(2026, 4, 6)
    working, daily = schedule(nights(56, 0, 1, 2, 3, 4)), schedule(nights(56))
    for day in (easter_monday, easter_monday + DAY):
        assert not working.is_due(day)
        assert daily.is_due(day)


def test_what_somebody_said_goes_before_what_was_learnt():
    arrivals = nights(56)
    assert schedule(arrivals, days=ExpectedDays.NONE) is None
    assert schedule(arrivals, time(7)) == Schedule(time(7), frozenset(range(7)))
    assert schedule(arrivals, days=ExpectedDays.WORKING) == Schedule(time(3, 10), frozenset(range(5)))
    assert schedule([], time(9), ExpectedDays.WORKING) == Schedule(time(9), frozenset(range(5)))
    thursdays = nights(56, 3)
    assert schedule(thursdays, time(9), ExpectedDays.WEEKLY) == Schedule(time(9), frozenset({3}))


def test_a_source_that_never_delivered_is_missing_from_the_first_hour_on():
    found = schedule([], time(9), ExpectedDays.DAILY)
    assert found.missed(None, at(FIRST, 10)) == at(FIRST, 9)


def test_one_exception_changes_no_schedule():
    arrivals = nights(56)
    arrivals[20] += timedelta(hours=11)
    assert schedule(sorted(arrivals)) == schedule(nights(56))


@given(
    minute=st.integers(0, 24 * 60 - 1),
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    weeks=st.integers(3, 7),
    jitter=st.lists(st.integers(0, 30), min_size=56, max_size=56),
)
def test_whatever_the_rhythm_no_file_that_came_is_missed_and_no_missing_one_is_not(
    minute, weekdays, weeks, jitter
):
    days = [FIRST + DAY * number for number in range(7 * (weeks + 1))]
    came = [
        at(day, minute // 60, minute % 60) + timedelta(minutes=late)
        for day, late in zip(days, jitter, strict=False)
        if day.weekday() in weekdays
    ]
    known = [arrival for arrival in came if arrival < at(FIRST + 7 * weeks * DAY, 0)]
    assume(known[-1] - known[0] >= timedelta(days=15))
    found = schedule(known)
    assert found is not None
    for last, coming in pairwise(came[len(known) - 1 :]):
        assert found.missed(last, coming - timedelta(seconds=1)) is None
        assert found.missed(last, coming + MARGIN + timedelta(minutes=31)) is not None

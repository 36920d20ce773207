"""Silent terminals: the statement and the rule in plain Python say the same; false alarms are rare."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date, time, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, update

from app.database.engine import DatabaseRole
from app.models import Terminal
from app.rules.holidays import of_year, public_holidays
from tests import factories
from tests.lists.silent_estates import DAY, Habit, QuietEstate, judged, play, received

FIRST, LAST = date(2026, 1, 5), date(2026, 7, 31)
DAYS = [FIRST + number * DAY for number in range((LAST - FIRST).days)]


class NamedEstate(QuietEstate):
    """An estate whose terminals are asked about one by one."""

    def is_silent(self, habit, day, *without, **contract):
        """Whether a terminal of that habit is silent on ``day``, the nights ``without`` calls apart."""
        found = play(habit, FIRST, len(DAYS), Random(1))
        night = timedelta(minutes=habit.minute - habit.jitter)
        calls = [at for at in found.calls if (at - night).date() not in without]
        merchant_id, terminal_id = self.terminal(calls, **contract)
        return terminal_id in self.silent(merchant_id, day)


@pytest.fixture
def estate(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        yield NamedEstate(connection, DAYS)
        connection.rollback()


TUESDAY, SUNDAY, MAY_DAY = date(2026, 6, 9), date(2026, 6, 7), date(2026, 5, 1)


def test_a_night_without_a_call_is_named(estate):
    assert estate.is_silent(Habit(), TUESDAY, TUESDAY)
    assert not estate.is_silent(Habit(), TUESDAY)


@pytest.mark.parametrize("days", [1, 2, 5])
def test_a_call_since_then_does_not_excuse_it(estate, days):
    assert estate.is_silent(Habit(closes=TUESDAY + days * DAY), TUESDAY, TUESDAY)


def test_a_closing_day_is_learnt(estate):
    closed = Habit(closed=frozenset({6}))
    assert not estate.is_silent(closed, SUNDAY)
    assert estate.is_silent(closed, SUNDAY + 2 * DAY, SUNDAY + 2 * DAY)


def test_holidays_are_learnt(estate):
    assert not estate.is_silent(Habit(holidays=False), MAY_DAY)
    ascension = date(2026, 5, 14)
    assert estate.is_silent(Habit(), ascension, ascension), "it called on Easter Monday, 1 and 8 May"
    assert not estate.is_silent(Habit(opens=date(2026, 3, 30)), MAY_DAY, MAY_DAY), "one holiday is no habit"


@pytest.mark.parametrize("minute", [23 * 60 + 57, 24 * 60 + 3, 24 * 60, 150, 12 * 60])
def test_calls_that_wander_across_midnight_are_no_silence(estate, minute):
    habit = Habit(minute=minute, jitter=20)
    played = play(habit, FIRST, len(DAYS), Random(2))
    merchant_id, _ = estate.terminal(played.calls)
    assert [day for day in DAYS if estate.silent(merchant_id, day)] == []


def test_it_is_named_when_its_call_wanders(estate):
    assert estate.is_silent(Habit(minute=23 * 60 + 57, jitter=9), TUESDAY, TUESDAY)


def test_three_weeks_pass_first(estate):
    assert not estate.is_silent(Habit(opens=TUESDAY - 20 * DAY), TUESDAY, TUESDAY)
    assert estate.is_silent(Habit(opens=TUESDAY - 21 * DAY), TUESDAY, TUESDAY)


def test_a_closed_shop_is_not_named_for_ever(estate):
    closed = Habit(closes=TUESDAY)
    assert estate.is_silent(closed, TUESDAY)
    assert estate.is_silent(closed, TUESDAY + 2 * DAY)
    assert not estate.is_silent(closed, TUESDAY + 3 * DAY)
    dark = Habit(closes=TUESDAY, closed=frozenset({6}))
    assert estate.is_silent(dark, TUESDAY)
    assert not estate.is_silent(dark, TUESDAY + DAY)


@pytest.mark.parametrize("neighbour", [Habit(), Habit(minute=24 * 60 + 30)], ids=["same night", "wanders"])
def test_a_neighbour_that_calls_says_that_the_shop_is_open(estate, neighbour):
    """One that goes dark with its shop is named for two days beside it, and for one when all are dark."""
    dark = play(Habit(closes=TUESDAY, closed=frozenset({6})), FIRST, len(DAYS), Random(1)).calls
    open_, (broken, _) = estate.outlet(dark, play(neighbour, FIRST, len(DAYS), Random(2)).calls)
    closed, both = estate.outlet(dark, dark)
    assert [estate.silent(open_, TUESDAY + number * DAY) for number in range(3)] == [
        {broken},
        {broken},
        set(),
    ]
    assert [estate.silent(closed, TUESDAY + number * DAY) for number in range(2)] == [set(both), set()]


def test_an_ended_contract_says_nothing(estate):
    assert not estate.is_silent(Habit(), TUESDAY, TUESDAY, valid_to=TUESDAY - DAY)


def test_a_day_that_was_not_received_says_nothing(database):
    with database.writing(DatabaseRole.OWNER) as connection:
        estate = NamedEstate(connection, [day for day in DAYS if day != TUESDAY])
        assert not estate.is_silent(Habit(), TUESDAY, TUESDAY)
        assert estate.is_silent(Habit(), TUESDAY + 7 * DAY, TUESDAY, TUESDAY + 7 * DAY)
        connection.rollback()


@pytest.mark.parametrize("has_come", [True, False])
def test_a_day_that_one_of_its_sources_has_not_told_says_nothing(database, has_come):
    """Its two contracts come by files of their own: the call may stand in the one that is missing."""
    with database.writing(DatabaseRole.OWNER) as connection:
        estate = NamedEstate(connection, DAYS)
        calls = play(Habit(), FIRST, len(DAYS), Random(1)).calls
        merchant_id, terminal_id = estate.terminal([at for at in calls if at.date() != TUESDAY])
        source_id = factories.a_source(connection, reseller_id=estate.reseller_id)
        received(connection, source_id, [day for day in DAYS if has_come or day != TUESDAY])
        second = factories.a_contract(connection, merchant_id=merchant_id, source_id=source_id)
        connection.execute(
            update(Terminal)
            .where(Terminal.id == terminal_id)
            .values(contract_ids=func.array_append(Terminal.contract_ids, second))
        )
        assert (terminal_id in estate.silent(merchant_id, TUESDAY)) is has_come
        connection.rollback()


def test_a_terminal_that_calls_now_and_then_is_left_alone(estate):
    played = play(Habit(irregular=0.15), FIRST, len(DAYS), Random(3))
    merchant_id, _ = estate.terminal(played.calls)
    missed = len(set(DAYS) - {at.date() for at in played.calls})
    assert 4 * sum(bool(estate.silent(merchant_id, day)) for day in DAYS) <= missed


def test_when_most_of_a_chain_is_missing_it_is_the_day(estate):
    merchant_id = estate.merchant()
    calls = play(Habit(), FIRST, len(DAYS), Random(4)).calls
    missing = [at for at in calls if at.date() not in (TUESDAY, TUESDAY + DAY)]
    for number in range(12):
        estate.terminal(missing if number < 7 else calls, merchant_id)
    assert estate.silent(merchant_id, TUESDAY) == set()
    for _ in range(3):
        estate.terminal(calls, merchant_id)
    assert len(estate.silent(merchant_id, TUESDAY)) == 7


def test_public_holidays_are_those_of_the_calendar():
    assert {day.isoformat()[5:] for day in of_year(2026)} == {
        "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25",
    }  # fmt: skip


# --- the rule in plain Python ----------------------------------------------------------------------


def called_days(calls, day):
    """The days that calls count for, as known on the morning after ``day``."""
    window = [at for at in calls if day - 56 * DAY <= at.date() <= day + DAY]
    by_date = {}
    for at in window:
        by_date.setdefault(at.date(), []).append(at)
    past = [max(found) for on, found in by_date.items() if on < day]
    late = sum(at.time() >= time(12) for at in past) * 2 >= len(past) > 0
    found = set()
    for on, made in by_date.items():
        for at in (min(made), max(made)):
            found.add(on - DAY if late and at.time() < time(4) else on)
            if not late and past and at.time() >= time(20):
                found.add(on + DAY)
    return found


def silent_by_the_rule(calls, day, got):
    first, last = min(calls).date(), max(calls).date()
    if (day - first).days < 21 or last < day - 21 * DAY or day not in got:
        return False
    on_the_day = [at for at in calls if at.date() == day]
    if on_the_day and max(on_the_day).time() >= time(4):
        return False
    called = called_days(calls, day)
    window = (day - number * DAY for number in range(1, 57))
    shift = before_four(calls, day)
    open_days = [on for on in window if on >= first and on in got and on - shift not in public_holidays()]
    known = Counter(on.weekday() for on in open_days)
    kept = Counter(on.weekday() for on in open_days if on in called)
    usual = {number for number, count in known.items() if 4 * kept[number] >= 3 * count}
    if day in called or known[day.weekday()] < 3 or day.weekday() not in usual:
        return False
    return is_steady(day, open_days, called, usual) and called_on_holidays(calls, day, first, got)


def before_four(calls, day):
    """A day where most calls of the eight weeks come before 4 o'clock: they end the day before."""
    past = {}
    for at in sorted(calls):
        if day - 56 * DAY <= at.date() < day:
            past[at.date()] = at.time() < time(4)
    return DAY if 2 * sum(past.values()) > len(past) else 0 * DAY


def is_steady(day, open_days, called, usual):
    weeks = {}
    for on in open_days:
        if on.weekday() in usual:
            weeks.setdefault(((day - on).days - 1) // 7, []).append(on in called)
    counted = [was for week in weeks.values() if 2 * sum(week) > len(week) for was in week]
    last = max((on for on in open_days if on in called), default=None)
    if last is None or 15 * sum(counted) < 14 * len(counted):
        return False
    missed = sum(on > last and on.weekday() in usual for on in open_days)
    return missed < (3 if len(usual) == 7 else 1)  # it is alone at its outlet


def called_on_holidays(calls, day, first, got):
    shift = before_four(calls, day)
    if day - shift not in public_holidays():
        return True
    since = max(first, day - 460 * DAY)
    past = [on for on in public_holidays() if since <= on < day - shift and on in got]
    by_day = {}
    for at in sorted(calls):
        by_day.setdefault(at.date(), []).append(at.time())
    early = {on - DAY for on, times in by_day.items() if times[0] < time(4)}
    later = {on for on, times in by_day.items() if times[-1] >= time(4)}
    return len(past) > 1 and all(on in early or (on + DAY in by_day if shift else on in later) for on in past)


HABITS = st.builds(
    Habit,
    minute=st.sampled_from((150, 700, 1395, 1437, 1440, 1443)),
    jitter=st.integers(0, 25),
    closed=st.frozensets(st.integers(0, 6), max_size=3),
    holidays=st.booleans(),
    opens=st.sampled_from((date.min, date(2026, 4, 20))),
    closes=st.sampled_from((date.max, date(2026, 6, 20))),
    irregular=st.sampled_from((0.0, 0.0, 0.05, 0.2)),
)


@given(
    habit=HABITS,
    seed=st.integers(0, 10**6),
    lost=st.frozensets(st.sampled_from(DAYS), max_size=6),
    data=st.data(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_statement_is_the_rule(database, habit, seed, lost, data):
    calls = play(habit, FIRST, len(DAYS), Random(seed), failing=0.03).calls
    got = set(DAYS) - lost
    with database.writing(DatabaseRole.OWNER) as connection:
        estate = NamedEstate(connection, sorted(got))
        merchant_id, terminal_id = estate.terminal(calls)
        holidays = sorted(day for day in public_holidays() if date(2026, 5, 1) <= day < LAST)
        asked = data.draw(st.lists(st.sampled_from(DAYS), min_size=5, max_size=5)) + holidays
        found = {day for day in asked if terminal_id in estate.silent(merchant_id, day)}
        connection.rollback()
    assert found == {day for day in asked if silent_by_the_rule(calls, day, got)}


# --- false alarms ----------------------------------------------------------------------------------


@pytest.mark.parametrize("with_leave", [False, True], ids=["", "with a week's leave"])
def test_false_alarms_are_rare(database, with_leave, capsys):
    """Precision and recall on shops of one terminal and on a chain, every third day of half a year."""
    with database.writing(DatabaseRole.OWNER) as connection:
        found = judged(connection, DAYS, 7, with_leave=with_leave)
        connection.rollback()
    with capsys.disabled():
        sys.stdout.write(f"\nsilent terminals: {found}\n")
    assert found.precision >= (0.5 if with_leave else 0.95)
    assert found.recall >= 0.5

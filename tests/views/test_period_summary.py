"""The line above a period: how it compares with the one before, and its best day, by what has arrived."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.listing.period import Freshness, Period
from app.rules.time_zones import today
from app.views.period_summary import period_summary
from app.wording.i18n import speaking
from tests.views.town import plain

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)


def nets(first, *amounts):
    """The net of each day from ``first`` on, in cents; None for a day without any payment."""
    return {first + place * DAY: {"EUR": net} for place, net in enumerate(amounts) if net is not None}


def said(period, of_days, *missing, since=date(2026, 1, 1), whole_since=None, language="fr"):
    fresh = Freshness(since, TODAY - DAY, tuple(missing), whole_since=whole_since)
    with speaking(language):
        words = period_summary(period, fresh, of_days, TODAY)
    return words.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2212", "-")


BEST = "Meilleur jour : samedi 14 novembre, 200,00 €"
WEEK = Period(date(2026, 11, 9), date(2026, 11, 15))
TWO_WEEKS = {**nets(date(2026, 11, 2), *[10_000] * 7), **nets(WEEK.first, *[10_000] * 5, 20_000, 4_000)}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "fr",
            f"+5,7 % par rapport aux 7 jours précédents (du 2 au 8 novembre) · m{BEST[1:]}",
        ),
        ("en", "+5.7% on the 7 days before (2 to 8 November) · best day: Saturday 14 November, €200.00"),
    ],
)
def test_a_week_is_compared_with_the_one_before_and_names_its_best_day(language, words):
    assert said(WEEK, TWO_WEEKS, language=language) == words


@pytest.mark.parametrize("missing", [date(2026, 11, 3), date(2026, 11, 10)])
def test_a_day_that_has_not_come_is_no_day_without_sales(missing):
    """Of either week: nothing is compared, and what came still has a best day."""
    assert said(WEEK, TWO_WEEKS, missing) == BEST


def test_days_before_the_first_file_of_a_second_source_are_not_compared():
    """They lack what it brings: its first week would be twice the one before."""
    assert said(WEEK, TWO_WEEKS, whole_since=date(2026, 11, 5)) == BEST
    assert said(WEEK, TWO_WEEKS, whole_since=date(2026, 11, 2)).startswith("+5,7 %")


def test_days_without_sales_are_compared_as_such():
    """Closed on Sundays, which files tell of."""
    of_days = {**nets(date(2026, 11, 2), *[10_000] * 6), **nets(WEEK.first, *[11_000] * 6)}
    assert said(WEEK, of_days).startswith("+10 % par rapport aux 7 jours précédents")


def test_a_month_so_far_is_compared_with_the_same_days_of_the_month_before():
    """Whether it is asked for as far as it came or whole: the days to come are none without sales."""
    of_days = {**nets(date(2026, 10, 1), *[10_000] * 31), **nets(date(2026, 11, 1), *[9_000] * 19)}
    words = "-10 % par rapport aux mêmes jours du mois précédent (du 1er au 19 octobre)"
    for last in (date(2026, 11, 19), date(2026, 11, 30)):
        assert said(Period(date(2026, 11, 1), last), of_days) == words


def test_a_whole_month_is_compared_with_the_whole_month_before():
    of_days = {**nets(date(2026, 9, 1), *[10_000] * 30), **nets(date(2026, 10, 1), *[10_000] * 31)}
    words = said(Period(date(2026, 10, 1), date(2026, 10, 31)), of_days)
    assert words == "+3,3 % par rapport aux 30 jours précédents (septembre 2026)"


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ("2026-03-01/2026-03-31", "2026-02-01/2026-02-28"),
        ("2026-03-01/2026-03-30", "2026-02-01/2026-02-28"),
        ("2026-01-01/2026-01-12", "2025-12-01/2025-12-12"),
        ("2026-11-01/2026-11-07", "2026-10-25/2026-10-31"),
        ("2026-11-05/2026-11-30", "2026-10-10/2026-11-04"),
        ("2026-11-01/2026-11-01", "2026-10-31/2026-10-31"),
        ("2026-10-01/2026-11-30", "2026-08-01/2026-09-30"),
    ],
)
def test_what_a_period_is_compared_with(period, before):
    asked, expected = (Period(*map(date.fromisoformat, text.split("/"))) for text in (period, before))
    assert asked.before == expected


@pytest.mark.parametrize(
    ("period", "of_days"),
    [
        (Period(WEEK.first, WEEK.first), TWO_WEEKS),
        (WEEK, {}),
        (WEEK, {**TWO_WEEKS, WEEK.last: {"CHF": 100}}),
        (Period(TODAY + DAY, TODAY + 5 * DAY), TWO_WEEKS),
        (WEEK, nets(WEEK.first, -100, 0)),
        (WEEK, nets(WEEK.first, 500, 500)),
    ],
)
def test_nothing_is_said_of_what_says_nothing(period, of_days):
    """One day, no sales, two currencies, days to come, a loss after nothing, no day better than another."""
    assert said(period, of_days) == ""


def test_what_was_never_told_of_is_not_compared():
    assert "précédents" not in said(WEEK, TWO_WEEKS, since=date(2026, 11, 4))


def test_it_stands_above_the_rows_of_a_period_alone(owner, shops, database):
    week = f"date_from={today() - 7 * DAY}&date_to={today() - DAY}"
    page = plain(owner.page(f"/transactions?{week}").one("main"))
    assert "eilleur jour" not in page, "there is one day alone"
    grouped = plain(owner.page(f"/transactions?{week}&by=day").one("main"))
    assert "eilleur jour" not in grouped

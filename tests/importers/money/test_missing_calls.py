"""Calls that have not come, told by the numbers of those that have: their day is no whole."""

from __future__ import annotations

import pandas as pd
import pytest

from app.models import Certainty
from importers.matching import match
from importers.matching.missing_calls import missing_calls
from tests.importers.money.test_matching import CONTRACT, item, line

DAYS = [f"2026-03-{day:02}" for day in range(2, 14)]  # from a Monday to the Friday of the week after
STEP = 4  # four contracts of a terminal share its numbers


def calls(rank="001", first=1, net=1000):
    """A call a day, its number and net a little higher each time."""
    return [item(f"{first + STEP * place:06}", rank, day, net + 7 * place) for place, day in enumerate(DAYS)]


def without(rows, *days):
    return [row for row in rows if f"{row['collected_on']:%Y-%m-%d}" not in days]


def days_of(rows):
    return sorted(f"{day:%Y-%m-%d}" for day in missing_calls(pd.DataFrame(rows))["collected_on"])


def test_the_days_between_two_numbers_too_far_apart_lack_a_call():
    assert days_of(calls()) == []
    assert days_of(without(calls(), DAYS[4])) == [DAYS[4]]
    assert days_of(without(calls(), *DAYS[4:6])) == DAYS[4:6]


def test_of_several_calls_a_day_either_day_may_lack_one():
    twice = [row for place in range(2) for row in calls(first=1 + 2 * place)]
    assert days_of(twice) == []
    lacking = [row for row in twice if row["number"] != twice[len(DAYS) + 4]["number"]]
    assert days_of(lacking) == DAYS[4:6]


@pytest.mark.parametrize(
    "change", [lambda n: n % 5, lambda n: n + 1000 * (n > 20), lambda n: n + 3 * (n > 20)]
)
def test_a_terminal_that_counts_anew_or_otherwise_lacks_nothing(change):
    assert days_of([row | {"number": f"{change(int(row['number'])):06}"} for row in calls()]) == []


def test_few_calls_and_those_without_a_number_tell_nothing():
    assert days_of(without(calls()[:8], DAYS[4])) == []
    assert (
        days_of([row | {"number": number} for row, number in zip(calls(), ["", "A12"] * 6, strict=True)])
        == []
    )


def test_what_is_there_of_a_day_that_lacks_a_call_is_proposed_at_most():
    """The line is not of Thursday, whose third call never came: its sum is that of what is there."""
    first, second = calls(), calls(rank="701", first=3, net=5000)
    thursday = DAYS[3]
    total = sum(row["net"] for row in (first[3], second[3]))
    asked = [line(total, DAYS[4], **CONTRACT)]

    def found(rows):
        links = match(pd.DataFrame(rows), pd.DataFrame(asked))
        return set(links["rule"]), set(links["certainty"])

    assert found([*first, *second]) == ({"contract_day"}, {Certainty.CERTAIN})
    third = without(calls(rank="002", first=4, net=9000), thursday)
    assert found([*first, *second, *third]) == ({"contract_day"}, {Certainty.PROPOSED})
    declared = [one | {"grouping": "contract_day"} for one in asked]
    links = match(pd.DataFrame([*first, *second, *third]), pd.DataFrame(declared))
    assert set(links["certainty"]) == {Certainty.PROPOSED}


def test_a_call_that_no_bank_credits_is_not_missing():
    """It was rejected: its number is known, and what the bank credits of its day is the rest."""
    first, second, third = calls(), calls(rank="701", first=3, net=5000), calls(rank="002", first=4, net=9000)
    payable = [*first, *second, *without(third, DAYS[3])]
    asked = pd.DataFrame([line(sum(row["net"] for row in (first[3], second[3])), DAYS[4], **CONTRACT)])
    links = match(pd.DataFrame(payable), asked, known=pd.DataFrame([*first, *second, *third]))
    assert set(links["certainty"]) == {Certainty.CERTAIN}

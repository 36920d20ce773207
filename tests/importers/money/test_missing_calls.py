"""Calls that have not come, told by the numbers of those that have: their day is no whole."""

from __future__ import annotations

import pandas as pd
import pytest

from app.models import Certainty
from importers.matching import match
from importers.matching.missing_calls import missing_calls
from tests.importers.money.test_matching import CONTRACT, item, line, statements

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


def test_after_the_highest_number_the_next_is_counted_from_one_again():
    numbers = [999_981 + STEP * place for place in range(len(DAYS))]
    rows = [
        row | {"number": f"{(number - 1) % 999_999 + 1:06}"}
        for row, number in zip(calls(), numbers, strict=True)
    ]
    assert {row["number"] for row in rows} >= {"999997", "000002", "000006"}
    assert days_of(rows) == []
    assert days_of(without(rows, DAYS[5])) == [DAYS[5]]


def test_whatever_is_read_of_other_months_changes_nothing():
    """A load reads two months, a rebuilding all of them: a step is told by those around it."""
    now = without(calls(first=9001), DAYS[4])
    before = [
        item(f"{place:06}", "001", f"2026-{month:02}-{day:02}", 1000)
        for place, (month, day) in enumerate([(m, d) for m in (1, 2) for d in range(1, 16)], start=1)
    ]
    assert days_of(now) == days_of([*before, *now]) == [DAYS[4]]
    seldom = [
        row | {"collected_on": row["collected_on"] + pd.Timedelta(days=16 * place)}
        for place, row in enumerate(without(calls(), DAYS[4]))
    ]
    assert days_of(seldom) == []


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


# --- a line that may be of a call that has not come ---------------------------------------------------

NAMED = CONTRACT | {"contract_rank": "001"}
#: The line of Monday's call, booked on Wednesday, as far as its amount tells; Tuesday's call has not come.
MONDAY = calls()[7]
ASKED = line(MONDAY["net"], DAYS[9], **NAMED)
LACKING = without(calls(), DAYS[8])
ON_TIME = statements((DAYS[0], "2026-03-31", 0, 0))


def found_of(rows, asked=ASKED, **more):
    """Which items the line has, by which rule, and how sure that is."""
    links = match(pd.DataFrame(rows), pd.DataFrame([asked]), **more)
    return [(one.item, one.rule, one.certainty) for one in links.itertuples()]


def test_a_line_that_may_be_of_a_missing_call_is_proposed_where_the_other_may_be_missing_too():
    assert found_of(LACKING) == [(7, "contract_rank", Certainty.PROPOSED)]
    by_contract = ASKED | {"contract_rank": ""}
    assert found_of(LACKING, by_contract) == [(7, "contract_day", Certainty.PROPOSED)]


def test_it_is_certain_once_the_call_has_come():
    assert found_of(calls()) == [(7, "contract_rank", Certainty.CERTAIN)]


def test_it_is_certain_once_statements_cover_every_day_of_the_remittance():
    assert found_of(LACKING, statements=ON_TIME) == [(7, "contract_rank", Certainty.CERTAIN)]
    unproven = statements((DAYS[0], "2026-03-31", 0, 0), proven=False)
    with_a_hole = statements((DAYS[0], DAYS[9], 0, 5), (DAYS[11], "2026-03-31", 6, 6))
    up_to_now = statements((DAYS[0], DAYS[10], 0, 5))
    for some in (unproven, with_a_hole, up_to_now):
        assert found_of(LACKING, statements=some) == [(7, "contract_rank", Certainty.PROPOSED)]


def test_nothing_else_is_doubtful():
    """A line that bears the number, of another rank, too late for the call, or before it."""
    numbered = line(MONDAY["net"], DAYS[9], entry_number=f"0{MONDAY['number']}")
    assert found_of(LACKING, numbered) == [(7, "remittance_number", Certainty.CERTAIN)]
    beside = [*LACKING, *calls(rank="701", net=50_000)]
    assert found_of(beside, line(50_000 + 7 * 7, DAYS[9], **NAMED | {"contract_rank": "701"})) == [
        (18, "contract_rank", Certainty.CERTAIN)
    ]
    before = line(calls()[3]["net"], DAYS[4], **NAMED)
    assert found_of(LACKING, before) == [(3, "contract_rank", Certainty.CERTAIN)]
    after = line(calls()[11]["net"], "2026-03-18", **NAMED)
    assert found_of(LACKING, after) == [(10, "contract_rank", Certainty.CERTAIN)]


def test_a_line_of_a_rank_is_not_a_remittance_of_another_one_for_certain():
    other = item("000001", "701", DAYS[4], net=9999)
    assert found_of([other], line(9999, DAYS[4], **NAMED)) == [(0, "contract_day", Certainty.PROPOSED)]


def test_what_is_held_back_still_keeps_others_from_its_remittance():
    """Another line may be of it as well: neither is certain, and nothing is proposed of the two."""
    twin = line(MONDAY["net"], DAYS[10], **NAMED)
    assert match(pd.DataFrame(LACKING), pd.DataFrame([ASKED, twin]))["certainty"].tolist() == []


def test_a_day_of_the_account_or_the_shop_that_a_missing_call_may_have_made_is_proposed():
    rows = [row | {"account": ASKED["account"]} for row in LACKING]
    for grouping in ("account_day", "shop_day"):
        asked = line(MONDAY["net"], DAYS[9], grouping=grouping)
        assert found_of(rows, asked) == [(7, grouping, Certainty.PROPOSED)]
        assert found_of(rows, asked, statements=ON_TIME) == [(7, grouping, Certainty.CERTAIN)]


def test_what_others_lack_changes_nothing():
    """Rows of several merchants are matched at once."""
    other = [row | {"currency": "CHF"} for row in calls()]
    asked = ASKED | {"currency": "CHF"}
    alone = match(pd.DataFrame(other), pd.DataFrame([asked]))
    both = match(pd.DataFrame([*other, *LACKING]), pd.DataFrame([asked, ASKED]))
    assert both.iloc[: len(alone)].equals(alone)
    assert both["certainty"].tolist() == [Certainty.CERTAIN, Certainty.PROPOSED]

"""The cascade on cases of a few lines: what a line may be, weekends, what is late."""

from __future__ import annotations

import pandas as pd
import pytest

from app.models import Certainty, Credit
from importers.matching import ITEM, LINE, LINK, match
from importers.matching.states import credit_states


def item(
    number="000417", rank="001", day="2026-03-02", net=5240, debits=5740, refunds=500, contract="7654321"
):
    row = {
        "account": "",
        "currency": "EUR",
        "contract_number": contract,
        "contract_rank": rank,
        "number": number,
        "collected_on": pd.Timestamp(day),
        "net": net,
        "debits": debits,
        "refunds": refunds,
        "outlet": "99999999800019",
    }
    assert tuple(row) == ITEM
    return row


def line(amount=5240, day="2026-03-03", **hints):
    row = dict.fromkeys(LINE, "") | {
        "fee": None,
        "account": "999990000100000000001",
        "currency": "EUR",
        "booked_on": pd.Timestamp(day),
        "amount": amount,
        "kind": "remittance" if amount > 0 else "refund",
        "grouping": "unknown",
    }
    return row | hints


def links(some_items, some_lines):
    return match(pd.DataFrame(some_items), pd.DataFrame(some_lines))


def rules(some_items, some_lines):
    return links(some_items, some_lines)["rule"].tolist()


def test_a_line_that_may_be_a_part_of_a_weekend_is_not_another_days():
    friday = [item("1", day="2026-03-06", net=2520), item("2", rank="701", day="2026-03-06", net=14_170)]
    saturday = item("3", day="2026-03-07", net=1000)  # its line is missing: the weekend is not whole
    monday = item("4", rank="701", day="2026-03-09", net=16_690)
    found = links([*friday, saturday, monday], [line(16_690, "2026-03-10", contract_number="7654321")])
    assert set(found["certainty"]) <= {Certainty.PROPOSED}


FRIDAY_OF_TWO = [item("1", day="2026-03-06", net=2520), item("2", rank="701", day="2026-03-06", net=14_170)]


def certain(found):
    """The items of each line that has some for certain."""
    found = found[found["certainty"] == Certainty.CERTAIN]
    return {line: set(own["item"]) for line, own in found.groupby("line")}


def test_what_is_left_of_a_weekend_is_no_sum():
    """A bank that credits one by one: the line of Monday's 16 690 is equal to both of Friday together."""
    saturday = item("3", day="2026-03-07", net=20_525)
    monday = [item("4", day="2026-03-09", net=5710), item("5", rank="701", day="2026-03-09", net=16_690)]
    booked_on = [(20_525, "2026-03-09"), (16_690, "2026-03-10"), (5710, "2026-03-10")]
    lines_ = [line(amount, day, contract_number="7654321") for amount, day in booked_on]
    found = certain(links([*FRIDAY_OF_TWO, saturday, *monday], lines_))
    assert found == {0: {2}, 2: {3}}


def test_a_line_that_may_be_of_one_terminal_is_not_the_whole_of_another_day():
    """Of Wednesday a remittance is missing: what is known of it is equal to Tuesday's of terminal 01."""
    tuesday = {"001": 10_000, "701": 5000, "002": 7000, "702": 3100}
    nets = [("2026-03-10", rank, net) for rank, net in tuesday.items()]
    nets += [("2026-03-11", "001", 9000), ("2026-03-11", "002", 6000)]
    items_ = [item(str(place), rank, day, net) for place, (day, rank, net) in enumerate(nets)]
    of_terminals = [15_000, 10_100]
    lines_ = [line(amount, "2026-03-11", contract_number="7654321") for amount in of_terminals]
    assert certain(links(items_, lines_)) == {}


def test_a_line_that_may_be_of_one_terminal_is_no_other_remittance():
    """The smallest day that has one: two remittances of a terminal beside one of another."""
    tuesday = {"001": 5000, "701": 4000, "002": 3000}
    items_ = [item("1", "001", "2026-03-09", 9000)]
    lines_ = [line(9000, "2026-03-11", contract_number="7654321")]
    assert len(certain(links(items_, lines_))) == 1
    items_ += [item(str(net), rank, "2026-03-10", net) for rank, net in tuesday.items()]
    assert certain(links(items_, lines_)) == {}


def eight_days(*, apart):
    """Days of two remittances each, and the lines that credit them one by one, or together."""
    items_, lines_ = [], []
    for place in range(8):
        day, nets = f"2026-03-{10 + place}", (30_001 + 10 * place, 4003 + 100 * place)
        items_ += [
            item(f"{place}{rank}", rank, day, net) for rank, net in zip(("001", "701"), nets, strict=True)
        ]
        amounts = nets if apart else [sum(nets)]
        lines_ += [line(amount, "2026-03-17", contract_number="7654321") for amount in amounts]
    return items_, lines_


@pytest.mark.parametrize("apart", [True, False])
def test_a_line_that_may_be_of_two_days_is_of_the_manner_of_its_bank(apart):
    items_, lines_ = eight_days(apart=apart)
    monday = item("5", rank="701", day="2026-03-09", net=16_690, contract="7654322")
    twin = item("6", rank="001", day="2026-03-09", net=1000, contract="7654322")
    friday = [one | {"contract_number": "7654322"} for one in FRIDAY_OF_TWO]
    asked = [line(16_690, "2026-03-10", contract_number="7654322")]
    own = [*friday, monday, twin]
    assert certain(links(own, asked)) == {}
    found = certain(links([*own, *items_], [*asked, *lines_]))
    assert found[0] == ({2} if apart else {0, 1})
    elsewhere = [one | {"account": "999990000100000000002"} for one in lines_]
    assert 0 not in certain(links([*own, *items_], [*asked, *elsewhere]))


def test_a_name_that_lines_of_others_bear_too_says_nothing():
    """Lines of a chain that all name the contract of its head: one of them may be equal to the head's own."""
    shops = [item(str(place), net=1000 + 7 * place, contract=f"111111{place}") for place in range(5)]
    head = [item("9", net=5240)]
    bear = [line(1000 + 7 * place, contract_number="7654321") for place in range(5)]
    equal = line(5240, contract_number="7654321")
    assert certain(links([*shops, *head], [equal])) == {0: {5}}
    found = links([*shops, *head], [equal, *bear])
    assert certain(found) == {}
    assert found.loc[found["line"] == 0, "rule"].tolist() == ["contract_day"]
    few = links([*shops, *head], [equal, *bear[:3]])
    assert certain(few) == {0: {5}}


def test_two_equal_amounts_of_one_contract_on_one_day_are_nobodys():
    assert rules([item("1"), item("2")], [line(contract_number="7654321", contract_rank="001")]) == []


def test_a_remittance_that_two_lines_claim_is_nobodys():
    named = {"contract_number": "7654321", "contract_rank": "001"}
    assert links([item()], [line(**named), line(day="2026-03-04", **named)]).empty


def test_a_number_of_another_contract_is_no_number():
    assert rules([item()], [line(entry_number="0000417", contract_number="1111111")]) == []
    assert rules([item()], [line(entry_number="0000417", contract_number="7654321")]) == ["remittance_number"]


def test_a_number_cut_to_seven_and_with_zeros_is_the_number():
    assert rules([item("1230000417")], [line(reference="XX0000417")]) == ["remittance_number"]


@pytest.mark.parametrize(
    ("day", "found"), [("2026-03-02", 1), ("2026-03-09", 1), ("2026-03-10", 0), ("2026-02-27", 0)]
)
def test_a_line_is_booked_within_five_working_days(day, found):
    assert len(rules([item()], [line(day=day, entry_number="0000417")])) == found


def test_bank_holidays_are_no_working_days():
    easter = item(day="2026-04-02")  # Maundy Thursday: Friday and Monday are closed
    assert len(rules([easter], [line(day="2026-04-13", entry_number="0000417")])) == 1
    assert len(rules([easter], [line(day="2026-04-14", entry_number="0000417")])) == 0


def test_debits_and_refunds_may_be_credited_apart_and_exclude_the_net():
    named = {"contract_number": "7654321", "contract_rank": "001"}
    found = links([item()], [line(5740, **named), line(-500, **named)])
    assert found["part"].tolist() == ["debits", "refunds"]
    states = credit_states(pd.DataFrame([item()]), found, statements())
    assert states["credit"].tolist() == [Credit.CREDITED]


def test_a_negative_remittance_is_a_debit():
    refunded = item(net=-500, debits=0, refunds=500)
    assert rules([refunded], [line(-500, entry_number="0000417")]) == ["remittance_number"]


def test_an_equal_amount_alone_is_proposed_and_credits_nothing():
    found = links([item()], [line()])
    assert found["certainty"].tolist() == [Certainty.PROPOSED]
    states = credit_states(pd.DataFrame([item()]), found, statements())
    assert states["credit"].tolist() == [Credit.EXPECTED]


# --- a weekend of which something is missing ---------------------------------------------------------

CONTRACT = {"contract_number": "7654321"}
#: Friday to Sunday, settled together on Monday 9 March: two ranks a day, no two sums of which are equal.
WEEKEND = [
    item(f"{number:06}", rank, day, net=net, debits=net, refunds=0)
    for number, (day, rank, net) in enumerate(
        [
            ("2026-03-06", "001", 10_001),
            ("2026-03-06", "701", 2_003),
            ("2026-03-07", "001", 30_007),
            ("2026-03-07", "701", 4_011),
            ("2026-03-08", "001", 50_013),
            ("2026-03-08", "701", 6_017),
        ]
    )
]
FRIDAY, SATURDAY, SUNDAY = 12_004, 34_018, 56_030


def weekend(*amounts: int, **hints: str):
    """The links of the weekend to lines of so much, with the states of its remittances."""
    found = links(WEEKEND, [line(amount, "2026-03-10", **CONTRACT, **hints) for amount in amounts])
    states = credit_states(pd.DataFrame(WEEKEND), found, statements())["credit"].tolist()
    return found, [str(state) for state in states]


@pytest.mark.parametrize("amounts", [(FRIDAY, SUNDAY), (FRIDAY + SUNDAY,)], ids=["lines", "one line"])
def test_the_days_around_one_that_is_missing_are_proposed_and_it_alone_is_late(amounts):
    found, states = weekend(*amounts)
    assert set(found["item"]) == {0, 1, 4, 5}
    assert set(found["rule"]) == {"contract_part"}
    assert set(found["certainty"]) == {Certainty.PROPOSED}
    assert states == ["expected", "expected", "late", "late", "expected", "expected"]


def test_one_rank_of_a_weekend_is_proposed():
    found, states = weekend(10_001 + 30_007 + 50_013)
    assert set(found["item"]) == {0, 2, 4}
    assert states == ["expected", "late"] * 3


def test_a_bank_that_is_declared_to_credit_each_day_breaks_no_weekend():
    found, states = weekend(FRIDAY, SUNDAY, grouping="contract_day")
    assert set(found["rule"]) == {"contract_day"}
    assert set(found["certainty"]) == {Certainty.CERTAIN}
    assert states == ["credited", "credited", "late", "late", "credited", "credited"]


def test_days_of_a_weekend_that_are_all_credited_are_certain():
    found, states = weekend(FRIDAY, SATURDAY, SUNDAY)
    assert set(found["rule"]) == {"contract_day"}
    assert set(found["certainty"]) == {Certainty.CERTAIN}
    assert states == ["credited"] * 6


def test_a_weekend_is_whole_by_its_own_ledger_alone():
    """Merchants are matched at once, each in currencies of its own; contracts of two may have one number."""
    others = [one | {"currency": "2 EUR"} for one in WEEKEND]
    ours = [line(amount, "2026-03-10", **CONTRACT) for amount in (FRIDAY, SUNDAY)]
    theirs = line(SATURDAY, "2026-03-10", **CONTRACT) | {"currency": "2 EUR"}
    found = links([*WEEKEND, *others], [*ours, theirs])
    assert set(found["certainty"]) == {Certainty.PROPOSED}


def test_a_whole_weekend_is_certain():
    found, states = weekend(FRIDAY + SATURDAY + SUNDAY)
    assert set(found["rule"]) == {"contract_booking"}
    assert states == ["credited"] * 6


@pytest.mark.parametrize(
    "amount", [10_001 + 4_011, 10_001 + 2_003 + 30_007, FRIDAY + SATURDAY + SUNDAY - 4_011]
)
def test_no_other_sum_of_a_weekend_is_tried(amount):
    found, states = weekend(amount)
    assert found.empty
    assert states == ["late"] * 6


TWINS = [item("1", net=5240, day="2026-03-03"), item("2", net=5240, day="2026-03-04")]


def test_of_two_days_of_the_same_sum_one_line_is_nobodys():
    assert rules(TWINS, [line(5240, "2026-03-05", **CONTRACT)]) == []


def test_two_lines_of_two_days_of_the_same_sum_are_proposed_in_their_order():
    found = links(TWINS, [line(5240, "2026-03-06", **CONTRACT), line(5240, "2026-03-05", **CONTRACT)])
    assert found["rule"].tolist() == ["contract_twins"] * 2
    assert set(found["certainty"]) == {Certainty.PROPOSED}
    assert dict(zip(found["item"], found["line"], strict=True)) == {0: 1, 1: 0}


def statements(*spans, proven=True):
    rows = [
        {
            "account": "999990000100000000001",
            "currency": "EUR",
            "opened_on": pd.Timestamp(first),
            "closed_on": pd.Timestamp(last),
            "opening": opening,
            "closing": closing,
            "proven": proven,
        }
        for first, last, opening, closing in spans or [("2026-03-01", "2026-03-31", 0, 0)]
    ]
    return pd.DataFrame(rows)


NOTHING = pd.DataFrame(columns=list(LINK))


@pytest.mark.parametrize(
    ("covering", "state"),
    [
        (statements(), Credit.LATE),
        (statements(proven=False), Credit.EXPECTED),
        (statements(("2026-03-01", "2026-03-06", 0, 5)), Credit.EXPECTED),
        (statements(("2026-03-01", "2026-03-05", 0, 5), ("2026-03-05", "2026-03-12", 5, 7)), Credit.LATE),
        (statements(("2026-03-01", "2026-03-05", 0, 5), ("2026-03-06", "2026-03-12", 6, 7)), Credit.EXPECTED),
    ],
)
def test_a_credit_is_late_by_proven_statements_alone(covering, state):
    states = credit_states(pd.DataFrame([item()]), NOTHING, covering)
    assert states["credit"].tolist() == [state]


def test_nothing_is_expected_of_an_empty_remittance_and_nothing_known_without_a_bank():
    empty = pd.DataFrame([item(net=0, debits=0, refunds=0)])
    assert credit_states(empty, NOTHING, statements())["credit"].tolist() == [Credit.NOT_EXPECTED]
    foreign = pd.DataFrame([item() | {"currency": "CHF"}])
    assert credit_states(foreign, NOTHING, statements())["credit"].tolist() == [Credit.UNKNOWN]


def test_a_part_that_is_missing_is_said_with_its_amount():
    found = links([item()], [line(5740, contract_number="7654321", contract_rank="001")])
    states = credit_states(pd.DataFrame([item()]), found, statements()).iloc[0]
    assert (states["credit"], states["credit_gap"]) == (Credit.DIFFERS, -500)


@pytest.mark.parametrize(
    ("covering", "certainty"),
    [(statements(), Certainty.CERTAIN), (statements(proven=False), Certainty.PROPOSED)],
)
def test_beside_a_missing_call_statements_of_every_account_prove_what_is_of_no_account(covering, certainty):
    days = pd.date_range("2026-03-02", periods=12)
    called = [
        item(f"{number:06}", day=str(day.date()), net=1000 + number, debits=1000 + number, refunds=0)
        for number, day in enumerate(days, start=1)
        if number != 7
    ]
    credit = line(1009, "2026-03-11", contract_number="7654321")
    found = match(pd.DataFrame(called), pd.DataFrame([credit]), statements=covering)
    assert found["certainty"].tolist() == [certainty]

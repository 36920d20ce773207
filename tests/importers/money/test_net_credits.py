"""Credits net of a commission that the bank says to the cent: by a line of its own, or with the credit."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models import Certainty, Credit
from importers.load import Status
from importers.matching import match
from importers.matching.states import credit_states, fees_alone
from tests.examples import in_few_orders
from tests.importers.money.test_bank_statements_stored import declaration, deliver
from tests.importers.money.test_bank_statements_stored import operator as operator  # noqa: PLC0414
from tests.importers.money.test_cfonb120 import MovementLine
from tests.importers.money.test_credits_stored import night, statement
from tests.importers.money.test_matching import CONTRACT, item, line, links, statements

NET, FEE = 5198, 42  # of 52,40
DAY = [item("1", net=4000), item("2", rank="701", net=1240)]


def fee_line(amount: int = FEE, day: str = "2026-03-03", **hints):
    return line(-amount, day, kind="fee", **(CONTRACT | hints))


def found_of(some_items, *some_lines):
    """Rule, items and fee of each line that credits something for certain."""
    found = links(some_items, list(some_lines))
    found = found[found["certainty"] == Certainty.CERTAIN]
    return {
        int(line_): (own["rule"].iloc[0], set(own["item"]), own["group_fee"].iloc[0])
        for line_, own in found.groupby("line")
    }


def test_a_net_credit_and_its_fee_line_make_a_days_sum():
    assert found_of(DAY, line(NET, **CONTRACT), fee_line()) == {0: ("contract_fees", {0, 1}, FEE)}


def test_a_net_credit_says_its_fee_itself():
    assert found_of(DAY, line(NET, **CONTRACT, fee=FEE)) == {0: ("contract_fees", {0, 1}, FEE)}


def test_one_remittance_of_the_day_may_be_what_is_credited_net():
    assert found_of(DAY, line(3960, **CONTRACT), fee_line(40)) == {0: ("contract_fees", {0}, 40)}
    named = CONTRACT | {"contract_rank": "701"}
    assert found_of(DAY, line(3960, **named), fee_line(40)) == {}
    assert found_of(DAY, line(1230, **named), fee_line(10)) == {0: ("contract_fees", {1}, 10)}
    assert found_of(DAY, line(1230, **named), fee_line(10, contract_rank="001")) == {}


def test_a_net_refund_is_more_than_was_refunded():
    refunded = item(net=-500, debits=0, refunds=500)
    assert found_of([refunded], line(-504, **CONTRACT), fee_line(4)) == {0: ("contract_fees", {0}, 4)}


@pytest.mark.parametrize(
    "other",
    [
        {"booked_on": pd.Timestamp("2026-03-04")},
        {"contract_number": "1111111"},
        {"contract_number": ""},
        {"currency": "CHF"},
        {"account": "999990000100000000002"},
        {"amount": -FEE - 1},
    ],
    ids=str,
)
def test_a_fee_of_something_else_is_none_of_it(other):
    assert found_of(DAY, line(NET, **CONTRACT), fee_line() | other) == {}


def test_two_equal_fees_of_one_credit_and_two_credits_of_one_fee_are_nobodys():
    assert found_of(DAY, line(NET, **CONTRACT), fee_line(), fee_line()) == {}
    days = [item("1", net=5240, day="2026-03-02"), item("2", net=7342, day="2026-03-03")]
    both = [line(5198, **CONTRACT), line(7300, **CONTRACT)]
    assert found_of(days, *both, fee_line()) == {}
    assert found_of(days[1:], *both, fee_line()) == {1: ("contract_fees", {0}, 42)}


def test_a_fee_explains_one_credit_and_is_used_up():
    """The second is credited net of its own fee alone, once the first has taken the one it can have."""
    days = [item("1", net=10_000, day="2026-03-02"), item("2", net=20_000, day="2026-03-03")]
    booked = [line(9_950, **CONTRACT), line(19_900, **CONTRACT), fee_line(50), fee_line(100)]
    assert found_of(days, *booked) == {
        0: ("contract_fees", {0}, 50),
        1: ("contract_fees", {1}, 100),
    }


@pytest.mark.parametrize("apart", [True, False])
def test_lines_with_fees_beside_them_tell_how_their_bank_credits_days(apart):
    """A line of 39,60 with a fee of 0,40 is one remittance of two where the bank credits one by one alone."""
    items_, lines_ = [], []
    for place in range(8):
        day, booked = (f"2026-03-{first + place:02}" for first in (3, 4))
        nets = {"001": 30_001 + 10 * place, "701": 4003 + 300 * place}
        items_ += [item(f"{place}{rank}", rank, day, net) for rank, net in nets.items()]
        for gross in nets.values() if apart else [sum(nets.values())]:
            fee = gross // 100
            lines_ += [line(gross - fee, booked, **CONTRACT), fee_line(fee, booked)]
    other = {"contract_number": "7654322"}
    day = [one | other for one in DAY]
    asked = [line(3960, **other), fee_line(40, **other)]
    assert found_of(day, *asked) == {0: ("contract_fees", {0}, 40)}
    found = found_of([*day, *items_], *asked, *lines_)
    assert (0 in found) is apart
    assert len(found) == (17 if apart else 8)


def test_what_is_credited_as_it_is_has_no_fee_taken_off():
    found = found_of(DAY, line(5240, **CONTRACT), fee_line())
    assert found[0][:2] == ("contract_day", {0, 1})
    assert pd.isna(found[0][2])


def test_a_remittance_bears_the_fee_that_is_said_of_it_alone():
    together = links(DAY, [line(NET, **CONTRACT), fee_line()])
    alone = links(DAY, [line(3960, **CONTRACT), fee_line(40)])
    frame = pd.DataFrame(DAY)
    assert fees_alone(together, frame.index).isna().all()
    assert fees_alone(alone, frame.index).tolist()[0] == 40
    assert fees_alone(alone, frame.index).isna().tolist() == [False, True]
    states = credit_states(frame, together, statements())
    assert states["credit"].tolist() == [Credit.CREDITED] * 2
    assert states["credit_gap"].tolist() == [0, 0]


@settings(max_examples=25)
@given(
    nets=st.lists(st.integers(2, 10**6), min_size=1, max_size=4, unique=True),
    fees=st.lists(st.integers(1, 10**4), min_size=4, max_size=4),
    data=st.data(),
)
def test_whatever_is_found_adds_up_and_no_line_is_used_twice_in_any_order(nets, fees, data):
    items = [item(str(place), day=f"2026-03-{3 + place:02}", net=net) for place, net in enumerate(nets)]
    credits_ = [
        line(net - min(fee, net - 1), f"2026-03-{4 + place:02}", **CONTRACT)
        for place, (net, fee) in enumerate(zip(nets, fees, strict=False))
    ]
    taken = [
        fee_line(min(fee, net - 1), f"2026-03-{4 + place:02}")
        for place, (net, fee) in enumerate(zip(nets, fees, strict=False))
    ]
    booked = pd.DataFrame([*credits_, *taken])
    found = match(pd.DataFrame(items), booked)
    certain = found[found["certainty"] == Certainty.CERTAIN]
    by_fees = certain[certain["rule"] == "contract_fees"]
    made = booked["amount"].reindex(by_fees["line"]).to_numpy() + by_fees["group_fee"].to_numpy()
    assert (made == by_fees["amount"].to_numpy()).all()
    assert certain["line"].is_unique
    assert certain["item"].is_unique
    order = data.draw(st.permutations(list(booked.index)))
    again = match(pd.DataFrame(items), booked.loc[order])
    assert _known(again) == _known(found)


def _known(found: pd.DataFrame) -> set[tuple[object, ...]]:
    return {(one.line, one.item, one.rule, one.certainty) for one in found.itertuples()}


# --- stored ------------------------------------------------------------------------------------------

CREDIT = MovementLine(3860, label="REMISE CB 7654321001")
COMMISSION = MovementLine(-40, code="62", label="COM CB 7654321")
STORED = "SELECT credit, credit_gap, fee_amount FROM remittance ORDER BY collected_on"


@in_few_orders(("accounts", "night", "bank"))
def test_a_credit_and_its_commission_credit_a_remittance_whatever_came_first(operator, order):
    files = {"accounts": declaration(operator), "night": night(0, 3900)}
    for kind in order:
        if kind == "bank":
            deliver(operator, statement(0, CREDIT, COMMISSION))
        else:
            operator.deliver(files[kind])
    assert operator.rows(STORED) == [("credited", 0, 40)]
    assert operator.rows("SELECT rule, certainty, amount, group_fee FROM credit_link") == [
        ("contract_fees", "certain", 3900, 40)
    ]
    operator.check_remittance_days()


def test_a_commission_that_is_not_there_any_more_explains_nothing(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900))
    deliver(operator, statement(0, CREDIT, COMMISSION))
    assert deliver(operator, statement(0, CREDIT), replace=True).status is Status.LOADED
    assert operator.rows(STORED) == [("expected", None, None)]
    assert operator.rows("SELECT rule, certainty FROM credit_link") == [("contract_net", "proposed")]


def test_a_commission_is_still_known_when_its_link_stays_and_its_remittance_is_looked_at_again(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900))
    deliver(operator, statement(0, CREDIT, COMMISSION))
    operator.deliver(night(40, 5000))
    assert operator.rows(STORED)[0] == ("credited", 0, 40)

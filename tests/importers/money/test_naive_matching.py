"""What breaks naive matching: cases of the format page "Money", section 7.5, that no other test knows."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from app.models import Certainty, Credit
from importers.matching import match
from importers.matching.settlements import BY_PAYMENT, lines_of
from importers.matching.states import credit_states
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_bank_statements_stored import declaration, deliver
from tests.importers.money.test_bank_statements_stored import operator as operator  # noqa: PLC0414
from tests.importers.money.test_credits_stored import FIRST, credits_of, line, night, statement
from tests.importers.money.test_matching import CONTRACT, item, statements
from tests.importers.money.test_matching import line as booked

OTHER_ACCOUNT = "999990000100000000002"


def certain(items, lines):
    """The rule of each certain link, by line and item."""
    found = match(pd.DataFrame(items), pd.DataFrame(lines))
    found = found[found["certainty"] == Certainty.CERTAIN]
    return {(one.line, one.item): one.rule for one in found.itertuples()}


def test_a_commission_of_the_month_is_taken_off_no_credit():
    month = booked(-4500, "2026-03-03", kind="fee", **CONTRACT)
    named = booked(5240, **CONTRACT)
    assert certain([item()], [named, month]) == {(0, 0): "contract_day"}
    assert certain([item()], [booked(5198, **CONTRACT), month]) == {}


def test_a_number_used_again_within_a_year_is_that_of_the_days_before_the_line():
    again = [item("000417", day="2026-03-02"), item("000417", day="2026-09-01")]
    assert certain(again, [booked(day="2026-09-02", entry_number="0000417")]) == {(0, 1): "remittance_number"}


@pytest.mark.parametrize("number", ["ABCDEFG", "0000000", "4,17E+05"])
def test_a_number_that_is_none_decides_nothing(number):
    assert certain([item("000417")], [booked(entry_number=number)]) == {}


def test_a_line_is_booked_in_time_whatever_its_value_day_or_that_of_the_sale():
    """The rules know neither: a label with a day of sale before its remittance keeps nothing back."""
    dated = booked(day="2026-03-06", entry_number="0000417") | {
        "sold_on": pd.Timestamp("2026-02-20"),
        "value_on": pd.Timestamp("2026-04-01"),
    }
    assert certain([item()], [dated]) == {(0, 0): "remittance_number"}


def test_movements_equal_in_every_character_credit_as_many_equal_remittances_or_none():
    twins = [item("1"), item("2", rank="701")]
    assert certain(twins, [booked(**CONTRACT)] * 2) == {}
    ranked = [booked(**CONTRACT, contract_rank=rank) for rank in ("001", "701")]
    assert certain(twins, ranked) == {(0, 0): "contract_rank", (1, 1): "contract_rank"}


def test_a_contract_is_credited_on_the_account_that_it_is_declared_for():
    declared = item() | {"account": OTHER_ACCOUNT}
    here, there = booked(entry_number="0000417"), booked(entry_number="0000417", account=OTHER_ACCOUNT)
    assert certain([declared], [here, there]) == {(1, 0): "remittance_number"}
    assert certain([item()], [here]) == certain([item()], [there]) == {(0, 0): "remittance_number"}


def test_a_cent_more_or_less_is_no_sum():
    day = [item("1", net=31), item("2", rank="701", net=15)]  # 0,3120 and 0,1472 are 0,46 together
    assert set(certain(day, [booked(46, **CONTRACT)]).values()) == {"contract_day"}
    assert certain(day, [booked(45, **CONTRACT)]) == certain(day, [booked(47, **CONTRACT)]) == {}


def test_a_day_of_the_statements_that_is_missing_in_the_middle_makes_nothing_late():
    found = match(pd.DataFrame([item()]), pd.DataFrame([booked(100, **CONTRACT)]))
    chain = [("2026-03-01", "2026-03-04", 0, 5), ("2026-03-06", "2026-03-12", 5, 7)]
    torn = [chain[0], ("2026-03-06", "2026-03-12", 6, 7)]
    for spans, state in ((chain, Credit.LATE), (torn, Credit.EXPECTED)):
        states = credit_states(pd.DataFrame([item()]), found, statements(*spans))
        assert states["credit"].tolist() == [state]


def payment(**said):
    row = {"currency": "EUR", "payer": "ADYEN", "payee": "SHOP", "number": "12", "reference": ""}
    return row | {"paid_on": pd.Timestamp("2026-03-09"), "gross": 5000, "net": 4900} | said


def test_a_payout_in_another_currency_is_brought_by_no_line_of_this_one():
    paid = pd.DataFrame([payment(currency="CHF")])
    come = pd.DataFrame([booked(4900, "2026-03-10") | {"payer": "ADYEN", "settlement_number": ""}])
    assert lines_of(paid, come, BY_PAYMENT).empty
    ours = lines_of(pd.DataFrame([payment()]), come, BY_PAYMENT)
    assert ours["rule"].tolist() == ["payer_window"]


# --- stored ------------------------------------------------------------------------------------------


def test_a_rejected_remittance_that_is_collected_again_is_credited_under_its_new_number(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900, status="REJETEE"))
    operator.deliver(night(1, 3900))
    deliver(operator, statement(0))
    deliver(operator, statement(1, line(3900)))
    states = [(number, state) for number, state, *_ in credits_of(operator)]
    assert states == [("000417", "not_expected"), ("000418", "credited")]


def test_a_sale_after_midnight_is_credited_with_yesterdays_remittance(operator):
    after = (FIRST + timedelta(days=1)).isoformat()
    late = Trx(sequence="000102", at=f"{after}T00:20:00", amount=1000)
    rem = Rem(transactions=(Trx(), late), collected=f"{after}T00:45:00")
    operator.deliver(declaration(operator))
    operator.deliver(File(remittances=(rem,)).data())
    deliver(operator, statement(1, line(4900)))
    assert [state for _, state, *_ in credits_of(operator)] == ["credited"]

"""Days of a contract that a bank credits by scheme: certain as a set, and never by one line alone."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models import Certainty
from importers.load import Status
from importers.matching import match
from importers.matching.schemes import SCHEME_SUM
from importers.matching.states import credit_states
from tests.examples import in_few_orders
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_bank_statements_stored import declaration, deliver
from tests.importers.money.test_bank_statements_stored import operator as operator  # noqa: PLC0414
from tests.importers.money.test_cfonb120 import MovementLine
from tests.importers.money.test_credits_stored import statement
from tests.importers.money.test_matching import CONTRACT, item, line, statements

#: A day of two ranks: CB 40,00 + 9,40, foreign Visa 6,00 + 2,00, foreign Mastercard 3,00.
DAY = [item("1", net=4900), item("2", rank="701", net=1140)]
SUMS = [(0, "CB", 4000), (0, "VISA", 600), (0, "MASTERCARD", 300), (1, "CB", 940), (1, "VISA", 200)]
CB, VISA, MASTERCARD = 4940, 800, 300


def found_of(items, booked, sums=SUMS):
    """The links of items to lines, where what schemes brought is known as ``sums`` say."""
    told = pd.DataFrame(sums, columns=list(SCHEME_SUM))
    return match(pd.DataFrame(items), pd.DataFrame(booked), by_scheme=told)


def booked(*amounts, day="2026-03-04", **hints):
    return [line(amount, day, **(CONTRACT | hints)) for amount in amounts]


def certain(found):
    return found[found["certainty"] == Certainty.CERTAIN]


def test_a_day_is_credited_by_a_line_for_each_of_its_schemes():
    found = found_of(DAY, booked(CB, VISA, MASTERCARD))
    assert set(found["rule"]) == {"contract_scheme"}
    assert set(found["certainty"]) == {Certainty.CERTAIN}
    assert found.groupby("line")["amount"].sum().tolist() == [CB, VISA, MASTERCARD]
    states = credit_states(pd.DataFrame(DAY), found, statements())
    assert states["credit"].tolist() == ["credited", "credited"]
    assert states["credit_gap"].tolist() == [0, 0]


def test_lines_of_schemes_may_be_booked_on_different_days():
    apart = [*booked(CB), *booked(VISA, day="2026-03-06"), *booked(MASTERCARD, day="2026-03-05")]
    assert len(certain(found_of(DAY, apart))) == len(SUMS)


@pytest.mark.parametrize("missing", [CB, VISA, MASTERCARD])
def test_without_one_of_its_lines_none_of_a_day_is(missing):
    there = [amount for amount in (CB, VISA, MASTERCARD) if amount != missing]
    assert certain(found_of(DAY, booked(*there))).empty


@pytest.mark.parametrize(
    "amounts", [(CB + VISA, MASTERCARD), (CB, VISA + MASTERCARD), (4000, 940, VISA, MASTERCARD)]
)
def test_no_other_sum_of_schemes_is_tried(amounts):
    assert certain(found_of(DAY, booked(*amounts))).empty


@pytest.mark.parametrize(
    "sums",
    [
        pytest.param(SUMS[:3], id="the payments of a rank are not complete"),
        pytest.param([*SUMS[:4], (1, "", 200)], id="a payment of no scheme"),
        pytest.param([*SUMS[:4], (1, "VISA", 199)], id="payments that do not make the net"),
        pytest.param([], id="nothing known"),
    ],
)
def test_a_day_whose_payments_are_not_all_known_by_scheme_is_not_split(sums):
    assert certain(found_of(DAY, booked(CB, VISA, MASTERCARD), sums)).empty
    assert certain(found_of(DAY, booked(4700, VISA, 200, MASTERCARD), sums)).empty


def test_a_line_that_may_be_of_two_days_is_of_neither():
    other = item("3", day="2026-03-03", net=5000)
    sums = [*SUMS, (2, "CB", 4200), (2, "VISA", VISA)]
    found = certain(found_of([*DAY, other], booked(CB, VISA, MASTERCARD, 4200), sums))
    assert found.empty
    both = certain(found_of([*DAY, other], booked(CB, VISA, MASTERCARD, 4200, VISA), sums))
    assert both.empty


def test_two_equal_lines_for_one_scheme_are_nobodys():
    assert certain(found_of(DAY, booked(CB, VISA, VISA, MASTERCARD))).empty


def test_a_line_that_a_scheme_may_have_brought_is_no_other_remittances():
    """Its own day lacks a line, and another remittance has its very amount."""
    twin = item("4", day="2026-03-03", net=VISA, debits=VISA, refunds=0)
    sums = [*SUMS, (2, "CB", VISA)]
    for hints in ({}, {"contract_rank": "001"}):
        alone = [item("1", net=5840), twin] if hints else [*DAY, twin]
        told = [(0, "CB", 5040), (0, "VISA", VISA), (1, "CB", VISA)] if hints else sums
        assert certain(found_of(alone, booked(VISA, **hints), told)).empty
        assert certain(found_of(alone, booked(VISA, **hints), []))["rule"].tolist() in (
            ["contract_day"],
            ["contract_rank"],
        )


def test_a_line_that_may_be_all_of_another_remittance_makes_no_day_whole():
    """The line of CB is missing, and that of another remittance has its very amount."""
    twin = item("4", day="2026-03-03", net=CB, debits=CB, refunds=0)
    found = found_of([*DAY, twin], booked(CB, VISA, MASTERCARD), [*SUMS, (2, "CB", CB)])
    assert certain(found).empty


def test_once_the_day_is_credited_otherwise_the_line_is_that_remittances():
    twin = item("4", day="2026-03-03", net=VISA, debits=VISA, refunds=0)
    found = certain(found_of([*DAY, twin], booked(4900 + 1140, VISA), [*SUMS, (2, "CB", VISA)]))
    assert dict(zip(found["item"], found["rule"], strict=True)) == dict.fromkeys(range(3), "contract_day")


def test_a_refund_of_a_scheme_is_a_debit_of_its_own():
    day = [item("1", net=3600, debits=4000, refunds=400)]
    found = certain(found_of(day, booked(4000, -400), [(0, "CB", 4000), (0, "VISA", -400)]))
    assert found["amount"].tolist() == [4000, -400]


def test_lines_that_name_a_rank_are_of_its_day_alone():
    ranked = [*booked(4000, 600, 300, contract_rank="001"), *booked(940, 200, contract_rank="701")]
    found = certain(found_of(DAY, ranked))
    assert len(found) == len(SUMS)
    assert certain(found_of(DAY, booked(CB, VISA, MASTERCARD, contract_rank="001"))).empty


@settings(max_examples=20)
@given(data=st.data())
def test_order_changes_nothing_and_a_day_is_whole_or_untouched(data):
    days = data.draw(st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=3), min_size=1, max_size=4))
    items = [
        item(str(place), day=f"2026-03-{2 + place:02}", net=sum(own) * 100) for place, own in enumerate(days)
    ]
    sums = [
        (place, scheme, amount * 100)
        for place, own in enumerate(days)
        for scheme, amount in zip(("CB", "VISA", "MASTERCARD"), own, strict=False)
    ]
    lines = [
        line(amount, f"2026-03-{3 + place:02}", **CONTRACT)
        for place, _, amount in sums
        if data.draw(st.integers(0, 9))
    ]
    if not lines:
        return
    told = pd.DataFrame(sums, columns=list(SCHEME_SUM))
    frames = pd.DataFrame(items), pd.DataFrame(lines)
    found = match(*frames, by_scheme=told)
    by_scheme = found[found["rule"] == "contract_scheme"]
    made = by_scheme.groupby("item")["amount"].sum()
    assert (made == frames[0]["net"].reindex(made.index)).all()
    orders = (data.draw(st.permutations(list(frame.index))) for frame in frames)
    again = match(*(frame.loc[order] for frame, order in zip(frames, orders, strict=True)), by_scheme=told)
    assert known(again) == known(found)


def known(found):
    return {(one.line, one.item, one.part, one.rule, one.certainty) for one in found.itertuples()}


# --- stored ------------------------------------------------------------------------------------------


LINES = [MovementLine(amount, label="REMISE CARTE CTR 7654321 BRUT") for amount in (3400, 500)]
STORED = "SELECT credit, credit_gap FROM remittance"
LINKED = "SELECT part, amount, rule, certainty FROM credit_link ORDER BY amount DESC"
SPLIT = [
    ("scheme:CB", 3400, "contract_scheme", "certain"),
    ("scheme:VISA", 500, "contract_scheme", "certain"),
]


def split_night(content: str = "COMPLET") -> bytes:
    """A night of one remittance: CB 39,00 - 5,00, foreign Visa 5,00."""
    payments = (
        Trx(amount=3900),
        Trx(sequence="000102", operation="CREDIT", amount=500),
        Trx(sequence="000103", scheme="Visa", amount=500),
        Trx(sequence="000104", scheme="Visa", amount=700, outcome="REFUSEE"),
    )
    return File(remittances=(Rem(transactions=payments),), content=content, key=f"N-{content}").data()


@in_few_orders(("accounts", "night", "bank"))
def test_a_remittance_is_credited_by_schemes_whatever_came_first(operator, order):
    files = {"accounts": declaration(operator), "night": split_night()}
    for kind in order:
        if kind == "bank":
            deliver(operator, statement(0, *LINES))
        else:
            operator.deliver(files[kind])
    assert operator.rows(STORED) == [("credited", 0)]
    assert operator.rows(LINKED) == SPLIT
    operator.check_remittance_days()


def test_it_is_known_once_its_payments_are_all_there(operator):
    operator.deliver(declaration(operator))
    deliver(operator, statement(0, *LINES))
    operator.deliver(split_night("TELECOLLECTES"))
    assert operator.rows(STORED) == [("expected", None)]
    operator.deliver(split_night("TRANSACTIONS"))
    assert operator.rows(STORED) == [("credited", 0)]


def test_a_statement_without_one_of_its_lines_takes_the_credit_back(operator):
    operator.deliver(declaration(operator))
    operator.deliver(split_night())
    deliver(operator, statement(0, *LINES))
    assert deliver(operator, statement(0, LINES[0]), replace=True).status is Status.LOADED
    assert operator.rows(STORED) == [("expected", None)]
    assert operator.rows(LINKED) == []

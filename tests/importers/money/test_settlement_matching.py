"""Matching of settlements: alone on both sides, whatever the order, and never wrong for what is missing."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.matching.settlements import BY_CONTRACT, BY_PAYMENT, lines_of, remittances_of

FIRST = date(2026, 3, 2)
DAYS, CONTRACTS, GROSS = 6, ("8268250702", "8268250703"), (1000, 2000, 3000)


def stamp(day: int) -> pd.Timestamp:
    return pd.Timestamp(FIRST + timedelta(days=day)).as_unit("s")


#: Contract, day and net of remittances, whose numbers are their places in the draw.
drawn = st.lists(
    st.tuples(st.sampled_from(CONTRACTS), st.integers(0, DAYS), st.sampled_from(GROSS)),
    min_size=1,
    max_size=12,
)


def items_of(rows) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "currency": "1 EUR",
            "contract_number": [contract for contract, _, _ in rows],
            "number": [f"{417 + place:06}" for place in range(len(rows))],
            "collected_on": [stamp(day) for _, day, _ in rows],
            "net": [net for *_, net in rows],
        }
    )


def parcels_of(items: pd.DataFrame) -> pd.DataFrame:
    names = {"collected_on": "received_on", "net": "gross"}
    return items.rename(columns=names)


def pairs(links: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(links["parcel"], links["item"], strict=True))


@settings(max_examples=25)
@given(drawn, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, random):
    items = items_of(rows)
    parcels = parcels_of(items)
    found = pairs(remittances_of(items, parcels))
    places = list(range(len(rows)))
    random.shuffle(places)
    assert pairs(remittances_of(items.iloc[places], parcels.iloc[places[::-1]])) == found
    assert found == {(place, place) for place in places}


@settings(max_examples=25)
@given(drawn, st.data())
def test_what_is_missing_makes_no_link_wrong(rows, data):
    """Numbers tell parcels apart; of those without one, only days that are whole are linked."""
    items = items_of(rows)
    parcels = parcels_of(items)
    some = st.sets(st.integers(0, len(rows) - 1), max_size=2)
    kept = items.drop(index=list(data.draw(some)))
    left = parcels.drop(index=list(data.draw(some)))
    assert all(parcel == item for parcel, item in pairs(remittances_of(kept, left)))


def test_a_day_is_one_submission_and_two_candidates_are_none():
    items = items_of([(CONTRACTS[0], 0, 6000), (CONTRACTS[0], 0, 4000), (CONTRACTS[1], 0, 1000)])
    twins = items_of([(CONTRACTS[1], 0, 1000), (CONTRACTS[1], 0, 1000)])
    one = parcels_of(items.head(1)).assign(number="", gross=10_000)
    assert pairs(remittances_of(items, one)) == {(0, 0), (0, 1)}
    same = parcels_of(twins.head(1)).assign(number="")
    assert pairs(remittances_of(twins, same)) == set()


def payment(net: int, **said) -> dict:
    return {
        "currency": "1 EUR", "payer": "AMERICAN EXPRESS", "payee": CONTRACTS[0], "number": "A1",
        "reference": "",
        "paid_on": stamp(3), "gross": net + 100, "net": net,
    } | said  # fmt: skip


def line(amount: int, day: int = 3, **said) -> dict:
    return {
        "currency": "1 EUR", "booked_on": stamp(day), "amount": amount, "kind": "payout",
        "payer": "AMERICAN EXPRESS", "contract_number": "", "settlement_number": "",
    } | said  # fmt: skip


def rules(payments: list[dict], lines: list[dict], tried=BY_PAYMENT) -> list[str]:
    return lines_of(pd.DataFrame(payments), pd.DataFrame(lines), tried)["rule"].tolist()


def test_a_line_brings_the_payment_whose_number_it_bears_or_whose_payer_it_is_of():
    assert rules([payment(900)], [line(900, settlement_number="A1", payer="")]) == ["settlement_number"]
    assert rules([payment(900)], [line(900)]) == ["payer_window"]
    assert rules([payment(900)], [line(900, settlement_number="B9")]) == []
    assert rules([payment(900)], [line(901)]) == []
    assert rules([payment(900)], [line(900, day=11)]) == []
    assert rules([payment(900)], [line(900), line(900, day=4)]) == []


def test_a_line_that_names_the_contract_is_what_is_left_after_the_commission():
    own = payment(900, payer="")
    bank = line(900, kind="remittance", payer="", contract_number=CONTRACTS[0])
    assert rules([own], [bank]) == []
    assert rules([own], [bank], BY_CONTRACT) == ["settlement_net"]
    assert rules([payment(900, payer="", gross=900)], [bank], BY_CONTRACT) == []

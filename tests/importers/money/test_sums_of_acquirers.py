"""Submissions whose payments an acquirer does not communicate: they count with the acquirer's own sum."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.load import Status
from tests.examples import in_few_orders, orders_of_files
from tests.importers.conftest import Operator
from tests.importers.money import scenario_files as files
from tests.importers.money.scenario import AMEX, Scenario, SoldDay, paid_on
from tests.importers.money.test_acquirer_payments_stored import (
    Parcel,
    check_sums,
    grrcn,
    loaded,
    night,
    payments,
)
from tests.importers.money.test_acquirer_payments_stored import operator as operator  # noqa: PLC0414
from tests.importers.money.test_bank_statements_stored import declaration

WEEK = Scenario(7)
PARCEL = Parcel(invoice="000417", amounts=(3_900, -500))


def without_payments(data: bytes) -> bytes:
    """A file of American Express whose transactions are not delivered: an EPRAW is an EPTRN without them."""
    lines = [line for line in data.splitlines() if b"TRANSACTN" not in line and line[42:45] != b"311"]
    return b"\n".join(lines)


def sums(operator: Operator) -> list[tuple]:
    """The remittances that somebody sees."""
    return operator.rows(
        "SELECT r.collected_on, r.number, r.seal, r.net_amount, r.debit_amount, r.transaction_count,"
        " r.received_count, r.credit, r.file_number FROM remittance r WHERE r.merchant_id <> 0 ORDER BY 1, 2"
    )


def told(days: Iterable[SoldDay], credit: str, *, counted: bool) -> list[tuple]:
    return [
        (
            *(one.day, one.number.lstrip("0"), "no_payments", one.net, one.net),
            *(len(one.settled) if counted else 1, 0, credit, f"P{one.number}"),
        )
        for one in days
    ]


@pytest.mark.parametrize("name", files.ACQUIRER)
def test_a_week_whose_payments_are_not_communicated_is_its_remittances_once(operator, name):
    ((file, data),) = files.ACQUIRER[name](WEEK.amex)
    result = operator.load_from("acquirer", without_payments(data), name=file)
    assert result.counts["remittances"] == len(WEEK.amex)
    assert payments(operator) == []
    counted = name != "EPTRN"
    found = sums(operator)
    assert [row[:5] for row in found] == [row[:5] for row in told(WEEK.amex, "announced", counted=counted)]
    operator.deliver(declaration(operator, contracts="*"))
    operator.bind("bank", role="money")
    operator.load_from("bank", files.BANK["CFONB 120"](WEEK.transfers)[0][1])
    assert [(row[0], row[7]) for row in sums(operator)] == [(one.day, "credited") for one in WEEK.amex]
    assert operator.rows("SELECT credited_on, credit_gap FROM remittance ORDER BY 1") == [
        (paid_on(one), 0) for one in WEEK.amex
    ]
    assert operator.count("terminal") == 0
    check_sums(operator)


def in_parts(name: str) -> list[tuple[str, bytes]]:
    """A file a day of the week: of three the sum alone, of one of these the payments too; and the bank's."""
    whole = [data for one in WEEK.amex for _, data in files.ACQUIRER[name]((one,))]
    told = [*whole[:3], *map(without_payments, whole[2:])]
    return [*(("acquirer", data) for data in told), ("bank", files.BANK["CFONB 120"](WEEK.transfers)[0][1])]


@orders_of_files()
@given(data=st.data())
def test_the_order_of_sums_and_payments_and_their_repetition_change_nothing(operator, data):
    parts = in_parts(data.draw(st.sampled_from(list(files.ACQUIRER))))
    operator.deliver(declaration(operator, contracts="*"))
    operator.bind("bank", role="money")
    operator.forget_payments()
    operator.execute("TRUNCATE settlement, settlement_line, settlement_link, bank_statement, bank_movement")
    for folder, content in data.draw(st.permutations([*parts, *parts[2:4]])):
        operator.deliver_to(folder, content)
    assert [(row[0], row[1], row[2], row[3], row[7]) for row in sums(operator)] == [
        (one.day, one.number.lstrip("0"), seal, one.net, "credited")
        for one, seal in zip(WEEK.amex, ["no_totals"] * 3 + ["no_payments"] * 2, strict=True)
    ]
    assert len(payments(operator)) == sum(len(one.settled) for one in WEEK.amex[:3])
    assert operator.rows("SELECT DISTINCT credit_gap FROM remittance") == [(0,)]
    check_sums(operator)


def test_its_sum_is_at_the_bank_and_no_gap_is_said_of_it(operator):
    loaded(operator, without_payments(grrcn(PARCEL)))
    assert sums(operator) == [
        (sums(operator)[0][0], "417", "no_payments", 3_400, 3_400, 1, 0, "announced", "065A6808")
    ]
    assert operator.rows(
        "SELECT remitted, awaiting_totals, count, debit FROM remittance_day WHERE contract_id <> 0"
    ) == [(True, False, 1, 3_400)]
    assert operator.rows("SELECT subject, day::text FROM received_day WHERE caught_up ORDER BY 1") == [
        ("remittances", "2026-03-02")
    ]  # of its payments nothing is received
    assert operator.count("transaction") == 0
    check_sums(operator)


def test_by_default_they_tell_of_money_alone(operator):
    loaded(operator, without_payments(grrcn(PARCEL)), "money")
    assert operator.count("remittance") == 0


def test_a_submission_that_gives_back_more_than_it_takes_is_a_refund(operator):
    loaded(operator, without_payments(grrcn(Parcel(invoice="000417", amounts=(-3_900,)))))
    assert operator.rows("SELECT net_amount, debit_amount, refund_amount, refund_count FROM remittance") == [
        (-3_900, 0, 3_900, 1)
    ]
    check_sums(operator)


def test_the_same_again_changes_nothing_and_another_sum_waits(operator):
    told_once = without_payments(grrcn(PARCEL))
    loaded(operator, told_once)
    before = sums(operator)
    assert loaded(operator, told_once + b"\n").counts["known_records"] == 1
    other = without_payments(grrcn(Parcel(invoice="000417", amounts=(3_900,))))
    assert operator.deliver_to("acquirer", other).status is Status.QUARANTINED
    assert sums(operator) == before
    loaded(operator, other, replace=True)
    assert [row[3] for row in sums(operator)] == [3_900]
    check_sums(operator)


def test_a_submission_that_a_corrected_payment_does_not_name_any_more_is_gone(operator):
    loaded(operator, without_payments(grrcn(PARCEL, Parcel(invoice="000418", amounts=(700,)))))
    loaded(operator, without_payments(grrcn(PARCEL)), replace=True)
    assert [row[1:4] for row in sums(operator)] == [("417", "no_payments", 3_400)]
    check_sums(operator)


def test_another_payment_of_the_same_invoice_number_is_not_taken_for_it(operator):
    loaded(operator, without_payments(grrcn(PARCEL)))
    for again in (without_payments(grrcn(PARCEL, number="P2")), grrcn(PARCEL, number="P2")):
        other = operator.deliver_to("acquirer", again)
        assert other.status is Status.QUARANTINED
        assert "another payment of the acquirer" in other.refusals[0].reason
    assert [row[1:4] for row in sums(operator)] == [("417", "no_payments", 3_400)]


def test_a_file_of_both_counts_all_that_it_brings(operator):
    """The payments of one submission, and of another one its sum alone."""
    whole = grrcn(PARCEL, Parcel(invoice="000418", amounts=(1_200,)))
    told, cut, unsaid = whole.rpartition(b"SUBMISSION")
    result = loaded(operator, told + cut + without_payments(unsaid))
    assert [row[1:4] for row in sums(operator)] == [
        ("417", "no_totals", 3_400),
        ("418", "no_payments", 1_200),
    ]
    assert (result.counts["remittances"], result.counts["transactions"]) == (1, 2)
    again = loaded(operator, told + cut + without_payments(unsaid) + b"\n")
    assert again.counts["known_records"] == 3  # two sales and a sum
    check_sums(operator)
    loaded(operator, whole, replace=True)
    assert [row[1:4] for row in sums(operator)] == [("417", "no_totals", 3_400), ("418", "no_totals", 1_200)]
    check_sums(operator)


@in_few_orders(("sum", "payments", "sum again"))
def test_payments_say_more_than_their_sum_whatever_comes_first(operator, order):
    contents = {
        "sum": without_payments(grrcn(PARCEL)),
        "payments": grrcn(PARCEL),
        "sum again": without_payments(grrcn(PARCEL)) + b"\n",
    }
    for one in order:
        loaded(operator, contents[one])
    assert [row[1:5] for row in payments(operator)] == [
        ("417", "1", "debit", 3_900),
        ("417", "2", "refund", 500),
    ]
    assert [row[1:7] for row in sums(operator)] == [("417", "no_totals", 3_400, 3_900, 2, 2)]
    check_sums(operator)


def test_a_replacing_sum_takes_the_place_of_payments_that_do_not_make_it(operator):
    loaded(operator, grrcn(PARCEL))
    loaded(operator, without_payments(grrcn(Parcel(invoice="000417", amounts=(3_900,)))), replace=True)
    assert payments(operator) == []
    assert [row[1:7] for row in sums(operator)] == [("417", "no_payments", 3_900, 3_900, 1, 0)]
    check_sums(operator)
    loaded(operator, grrcn(PARCEL, created="20260310"), replace=True)
    assert [row[1:7] for row in sums(operator)] == [("417", "no_totals", 3_400, 3_900, 2, 2)]
    check_sums(operator)


def test_what_a_terminal_delivers_is_not_told_again(operator):
    operator.deliver(night())
    kept = loaded(operator, without_payments(grrcn(PARCEL)))
    assert kept.kept_aside == 1
    assert [row[2:4] for row in sums(operator)] == [("complete", 3_400)]
    assert operator.value("SELECT number FROM contract WHERE aside_source_id <> 0") == AMEX

"""Payments as payers make them: cases of the format page "Money", section 7.5, each through files."""

from __future__ import annotations

from datetime import timedelta

import pytest

from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.files import directory
from tests.importers.money.test_bank_statements_stored import declaration
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written
from tests.importers.money.test_mapped_csv import ADYEN
from tests.importers.money.test_settlements_stored import (
    AMEX,
    CONTRACT,
    FIRST,
    Submission,
    amount,
    credits_of,
    grrcn,
    night,
    payments_of,
    payout,
    quoted_record,
    settle,
)
from tests.importers.money.test_settlements_stored import operator as operator  # noqa: PLC0414


def received(number: int, gross: int, fee: int = 0) -> Submission:
    """What American Express says it received of a night."""
    day = FIRST + timedelta(days=number)
    return Submission(day=day, gross=gross, fee=fee, number=f"{417 + number:06}")


def month(operator: Operator, **booked: MovementLine) -> None:
    """Statements of two weeks whose balances join; ``booked`` has the line of some days, by ``dN``."""
    opening, found = 100_000, []
    for number in range(16):
        lines = [line for day, line in booked.items() if day == f"d{number}"]
        found.append(Statement(tuple(lines), opening=opening, day=FIRST + timedelta(days=number)))
        opening = found[-1].closing
    operator.load_from("bank", written(*found))


def states(operator: Operator) -> list[tuple]:
    """Number, state, day and gap of each remittance."""
    return [(number, state, day, gap) for number, state, _, day, gap, _ in credits_of(operator)]


# --- an opening debit balance ------------------------------------------------------------------------


def owed(operator: Operator) -> tuple[bytes, bytes, bytes]:
    """Three nights, and the payments of each: a debit of 400,00 is paid off by all three."""
    nights = (10_000, 2_000, 90_000)
    for number, gross in enumerate(nights):
        operator.deliver(night(number, gross))
    first, second, third = (received(number, gross) for number, gross in enumerate(nights))
    return (
        grrcn(first, number="A1", paid_on=FIRST + timedelta(days=3), adjustment=-40_000),
        grrcn(second, number="A2", paid_on=FIRST + timedelta(days=4), carried=-30_000),
        grrcn(third, number="A3", paid_on=FIRST + timedelta(days=7), carried=-28_000),
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_what_pays_off_a_debit_balance_is_credited_with_the_payment_that_ends_it(operator, order):
    operator.deliver(declaration(operator))
    files = owed(operator)
    for place in order:
        settle(operator, files[place])
    month(operator, d7=payout(62_000))
    assert states(operator) == [
        ("000417", "credited", "2026-03-09", 0),
        ("000418", "credited", "2026-03-09", 0),
        ("000419", "credited", "2026-03-09", 0),
    ]
    assert [(number, net, day) for number, net, day, *_ in payments_of(operator)] == [
        ("A1", -30_000, None),
        ("A2", -28_000, None),
        ("A3", 62_000, "2026-03-09"),
    ]


def test_a_debit_balance_that_is_not_paid_off_yet_makes_nothing_late(operator):
    operator.deliver(declaration(operator))
    first, second, _ = owed(operator)
    settle(operator, first)
    settle(operator, second)
    month(operator)
    assert [state for _, state, *_ in states(operator)] == ["announced", "announced", "expected"]


def test_another_balance_is_none_of_this_debt(operator):
    operator.deliver(declaration(operator))
    first, *_ = owed(operator)
    settle(operator, first)
    settle(operator, grrcn(received(2, 90_000), number="A3", paid_on=FIRST + timedelta(days=7), carried=-1))
    month(operator, d7=payout(89_999))
    assert [state for _, state, *_ in states(operator)] == ["announced", "expected", "credited"]


# --- a payment of nothing ----------------------------------------------------------------------------


def test_a_payment_of_nothing_is_brought_by_no_line_and_makes_nothing_late(operator):
    """What was sold is taken up by a debit to the cent: statements that hold no credit of it are right."""
    operator.deliver(night(0, 10_000))
    settle(operator, grrcn(received(0, 10_000), paid_on=FIRST + timedelta(days=3), adjustment=-10_000))
    assert states(operator) == [("000417", "announced", None, None)]
    operator.deliver(declaration(operator))
    month(operator)
    assert states(operator) == [("000417", "credited", "2026-03-05", 0)]
    assert [row[:3] for row in payments_of(operator)] == [("065A6808", 0, None)]


def test_a_debit_balance_that_a_payment_of_nothing_ends_is_paid_off_with_it(operator):
    operator.deliver(declaration(operator))
    first, _, _ = owed(operator)
    settle(operator, first)
    settle(
        operator, grrcn(received(1, 30_000), number="A2", paid_on=FIRST + timedelta(days=4), carried=-30_000)
    )
    assert [state for _, state, *_ in states(operator)][:2] == ["announced", "announced"]
    month(operator)
    assert states(operator)[:2] == [
        ("000417", "credited", "2026-03-06", 0),
        ("000418", "differs", "2026-03-06", -28_000),
    ]


# --- a chargeback inside a net credit ----------------------------------------------------------------


def test_a_chargeback_inside_a_net_credit_is_one_of_its_sale_and_no_gap(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 4_000, 6_000))
    paid_on = FIRST + timedelta(days=3)
    paid = grrcn(received(0, 10_000, fee=250), number="A1", paid_on=paid_on, adjustment=-4_000)
    dispute = {
        "payee": CONTRACT, "number": "A1", "paid_on": f"{paid_on:%Y%m%d}", "currency": "EUR",
        "merchant": CONTRACT, "submitted_on": f"{FIRST:%Y%m%d}", "card": "37XXXXXXXXX0028",
        "processed_on": f"{paid_on:%Y%m%d}", "case_number": "CASE1", "reason_code": "A02",
        "gross": amount(-4_000), "net": amount(-4_000),
    }  # fmt: skip
    lines = [line for line in paid.decode().splitlines() if not line.startswith('"ADJUSTMENT"')]
    settle(operator, "\n".join([*lines[:-1], quoted_record("CHARGEBACK", dispute), lines[-1]]).encode())
    month(operator, d4=payout(5_750))
    assert states(operator) == [("000417", "credited", "2026-03-06", 0)]
    assert [row[:4] for row in payments_of(operator)] == [("A1", 5_750, "2026-03-06", "payer_window")]
    assert operator.rows(
        "SELECT c.stage, c.amount, t.sequence_number, t.chargeback, t.amount FROM chargeback c"
        " JOIN transaction t ON t.merchant_id = c.merchant_id AND t.id = c.transaction_id"
    ) == [("debit", 4_000, "000001", "debited", 4_000)]
    assert operator.rows("SELECT kind FROM bank_movement") == [("payout",)]
    assert operator.rows("SELECT net_amount, net_amount = received_net FROM remittance") == [(10_000, True)]


# --- a contract that another merchant claims ---------------------------------------------------------


def test_a_contract_with_links_is_given_to_no_other_merchant(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 10_000))
    settle(operator, grrcn(received(0, 10_000, fee=250), number="A1", paid_on=FIRST + timedelta(days=3)))
    month(operator, d4=payout(9_750))
    before = credits_of(operator), payments_of(operator), operator.digest()
    assert before[0][0][1] == "credited"
    taken = AMEX | {"merchant_code": "SUCCESSEUR", "siret": "99999999800027"}
    refused = operator.deliver(directory(taken))
    assert refused.status is Status.QUARANTINED
    assert [(one.line, one.column) for one in refused.refusals] == [(2, "contract")]
    assert "another merchant" in refused.refusals[0].reason
    assert (credits_of(operator), payments_of(operator), operator.digest()) == before
    assert operator.rows("SELECT code FROM merchant WHERE id <> 0") == [("FICTION",)]


# --- a platform: reserves, ids that a spreadsheet has ruined -----------------------------------------

HEADING = ADYEN.splitlines()[0]


def adyen(*rows: tuple[str, str, str, int, int]) -> str:
    """Rows of id, day, type, batch and cents; the payout of each batch is what its rows make."""
    lines, sums = [HEADING], {}
    for reference, day, kind, batch, cents in rows:
        sums[batch] = sums.get(batch, 0) + cents
        sides = ("", f"{cents / 100:.2f}") if cents >= 0 else (f"{-cents / 100:.2f}", "")
        lines.append(
            f"ACME,ACME_FR,{reference},CMD-{reference[-1]},{day} 12:31,CET,{kind},EUR,EUR,{','.join(sides)},"
            f"{','.join(sides)},,,,,{batch},A B"
        )
    for batch, cents in sums.items():
        day = f"2026-03-{batch:02} 08:00"
        lines.append(f"ACME,ACME_FR,,,{day},CET,MerchantPayout,EUR,,,,{cents / 100:.2f},,,,,,{batch},")
    return "\n".join(lines) + "\n"


def as_its_own(operator: Operator) -> None:
    """Adyen as the source of the payments of a contract, paid by transfer."""
    operator.declare({"application": "CBVAD"})
    operator.deliver(declaration(operator, contracts="*"))
    operator.bind("adyen", role="payments", application="CBVAD", contracts={"ACME_FR": "7654321"})


def test_a_reserve_that_is_held_and_released_is_no_part_of_what_was_sold(operator):
    as_its_own(operator)
    operator.load_from(
        "adyen",
        adyen(
            ("5555593193155551", "2026-03-02", "Settled", 4, 10_000),
            ("5555593193155552", "2026-03-03", "DepositCorrection", 4, -1_000),
            ("5555593193155553", "2026-03-04", "Settled", 6, 5_000),
            ("5555593193155554", "2026-03-05", "DepositCorrection", 6, 1_000),
        ),
    )
    assert [state for _, state, *_ in states(operator)] == ["announced"] * 2
    month(operator, d3=payout(9_000, "VIR ADYEN"), d5=payout(6_000, "VIR ADYEN"))
    assert operator.rows(
        "SELECT collected_on::text, net_amount, credit, credited_on::text, credit_gap FROM remittance"
        " ORDER BY 1"
    ) == [
        ("2026-03-02", 10_000, "credited", "2026-03-05", 0),
        ("2026-03-04", 5_000, "credited", "2026-03-07", 0),
    ]
    assert operator.rows("SELECT net, net_proven, credited_on::text FROM settlement ORDER BY 1") == [
        (6_000, True, "2026-03-07"),
        (9_000, True, "2026-03-05"),
    ]
    assert operator.rows(
        "SELECT gross, transaction_id FROM settlement_line WHERE kind = 'reserve' ORDER BY 1"
    ) == [
        (-1_000, None),
        (1_000, None),
    ]
    assert operator.value("SELECT sum(amount) FROM transaction") == 15_000


@pytest.mark.parametrize("ruined", ["5,55559E+15", "5.55559319315556E+015", "5E+15"])
def test_a_file_whose_ids_a_spreadsheet_has_ruined_is_refused(operator, ruined):
    """Two sales of 20,00 with one id would be one sale; beside the export as it was, they would be four."""
    as_its_own(operator)
    sales = [
        ("5555593193155551", "2026-03-02", "Settled", 4, 2_000),
        ("5555593193155552", "2026-03-02", "Settled", 4, 2_000),
    ]
    opened = adyen(*((f'"{ruined}"', *row[1:]) for row in sales))
    refused = operator.deliver_to("adyen", opened)
    assert refused.status is Status.QUARANTINED
    assert [(one.line, one.column) for one in refused.refusals] == [
        (2, "Psp Reference"),
        (3, "Psp Reference"),
    ]
    assert "spreadsheet" in refused.refusals[0].reason
    assert operator.count("transaction") == operator.count("settlement_line") == 0
    operator.load_from("adyen", adyen(*sales))
    assert operator.value("SELECT sum(amount) FROM transaction") == 4_000

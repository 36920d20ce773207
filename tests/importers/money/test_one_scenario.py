"""One week of money in every format: the same rows and the same links, whichever of them told of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.money import scenario_files as files
from tests.importers.money import scenario_platforms as platforms
from tests.importers.money.scenario import AMEX, CONTRACT, Scenario, paid_on
from tests.importers.money.test_bank_statements_stored import RIB, declaration

WEEK = Scenario(7)
#: The contract and rank that the label of each kind of line names.
NAMED = {"remittance": (CONTRACT, "001"), "fee": (CONTRACT, "")}


def a_merchant_of_everybody(operator: Operator) -> None:
    """A merchant with a contract of cards and one of American Express, a bank, a platform and a payer."""
    operator.declare({"application": "CBVAD"}, {"contract": AMEX, "application": "AMEX"})
    operator.deliver(declaration(operator))
    operator.bind("nights")
    operator.bind("platform", role="payments", application="CBVAD")
    operator.bind("bank", role="money", account=RIB)
    operator.bind("acquirer", role="payments", application="AMEX")
    operator.bind("payer", role="money", merchant=operator.value("SELECT code FROM merchant WHERE id <> 0"))


@pytest.fixture
def operator(prepared):
    return prepared(a_merchant_of_everybody)


def deliver(operator: Operator, folder: str, found: files.Files) -> None:
    for name, data in found:
        result = operator.deliver_to(folder, data, f"{operator.delivered}_{name}")
        assert result.status is Status.LOADED, (name, [one.text() for one in result.refusals])


# --- what is stored --------------------------------------------------------------------------------


def statements(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT closed_on, opening, closing, line_count, line_sum, kept_count, kept_sum, proven, digest"
        " FROM bank_statement WHERE merchant_id <> 0 ORDER BY closed_on"
    )


def movements(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT booked_on, rank, value_on, amount, currency, kind, label, contract_number, contract_rank"
        " FROM bank_movement WHERE merchant_id <> 0 ORDER BY 1, 2"
    )


def credited(operator: Operator) -> list[tuple]:
    """The remittances that move money, and the lines that credit them."""
    return operator.rows(
        "SELECT r.collected_on, r.net_amount, r.credit, r.credited_on, r.credit_gap, l.amount, l.certainty,"
        " m.booked_on, m.amount FROM remittance r"
        " LEFT JOIN credit_link l ON l.merchant_id = r.merchant_id AND l.remittance_id = r.id"
        " LEFT JOIN bank_movement m ON m.merchant_id = r.merchant_id AND m.id = l.bank_movement_id"
        " WHERE r.net_amount <> 0 ORDER BY 1, 2"
    )


def transactions(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT sequence_number, occurred_local, type, outcome, amount, currency, card_last4,"
        " authorisation_number, remitted FROM transaction ORDER BY 1"
    )


def transactions_of(operator: Operator) -> list[tuple]:
    """The payments of remittances without totals."""
    return operator.rows(
        "SELECT r.number, t.sequence_number, t.occurred_local, t.type, t.outcome, t.amount, t.currency,"
        " t.card_last4, t.authorisation_number, t.order_reference, t.remitted"
        " FROM transaction t JOIN remittance r ON r.merchant_id = t.merchant_id AND r.id = t.remittance_id"
        " WHERE r.seal = 'no_totals' ORDER BY r.number, CAST(t.sequence_number AS integer)"
    )


def lines(operator: Operator) -> list[tuple]:
    """What a payer says of each sale, whatever rows it takes to say it."""
    return operator.rows(
        "SELECT CAST(right(ltrim(reference, 'R'), 6) AS integer), occurred_on, sum(gross),"
        " sum(fee_hundredths), sum(net_hundredths) FROM settlement_line GROUP BY 1, 2 ORDER BY 1"
    )


def paid(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT payee, number, paid_on, currency, gross, discount + fee, net, net_proven, credited_on"
        " FROM settlement WHERE merchant_id <> 0 ORDER BY number"
    )


def pays(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT r.collected_on, r.net_amount, r.credit, r.credited_on, r.fee_amount, l.amount, l.fee, l.rule"
        " FROM remittance r LEFT JOIN settlement_link l ON l.merchant_id = r.merchant_id"
        " AND l.remittance_id = r.id ORDER BY 1"
    )


# --- what it must be -------------------------------------------------------------------------------


def movements_of_the_week() -> list[tuple]:
    """The lines of card money, each under its place among all of its day."""
    return [
        (one.day, rank, one.day, line.amount, "EUR", kind, line.label, *NAMED[kind])
        for one in WEEK.bank
        for rank, line in enumerate(one.lines)
        if (kind := {"REM": "remittance", "COM": "fee"}.get(line.label[:3]))
    ]


def credits_of_the_week() -> list[tuple]:
    """Each day is credited by the line of its own net, the day after."""
    return [
        (
            one.day,
            one.net,
            "credited",
            (after := one.day + timedelta(days=1)),
            0,
            one.net,
            "certain",
            after,
            one.net,
        )
        for one in WEEK.days
    ]


@pytest.mark.parametrize("name", files.BANK)
def test_a_bank_in_any_format(operator, name):
    deliver(operator, "nights", files.remise_tpe(WEEK.days))
    deliver(operator, "bank", files.BANK[name](WEEK.bank))
    told = statements(operator)
    assert [row[:8] for row in told] == [
        (one.day, one.opening, one.closing, 4, one.closing - one.opening, 2, day.net - day.fee, True)
        for one, day in zip(WEEK.bank, WEEK.days, strict=True)
    ]
    assert movements(operator) == movements_of_the_week()
    assert credited(operator) == credits_of_the_week()
    deliver(operator, "bank", files.BANK["camt.053.001.08"](WEEK.bank)[:1] * (name != "camt.053.001.08"))
    assert statements(operator) == told  # also when another format says it again


def test_a_bank_that_notifies_each_day(operator):
    deliver(operator, "nights", files.remise_tpe(WEEK.days))
    deliver(operator, "bank", files.notifications(WEEK.bank))
    assert movements(operator) == movements_of_the_week()
    assert credited(operator) == credits_of_the_week()
    deliver(operator, "bank", files.BANK["CFONB 120"](WEEK.bank))
    assert movements(operator) == movements_of_the_week()  # statements say the same lines again
    assert credited(operator) == credits_of_the_week()


@pytest.mark.parametrize("name", files.PAYMENTS)
def test_payments_in_any_format(operator, name):
    deliver(operator, "nights" if name == "REMISE-TPE" else "platform", files.PAYMENTS[name](WEEK.days))
    deliver(operator, "bank", files.BANK["CSV of CIC"](WEEK.bank))
    assert transactions(operator) == [
        (
            *(sale.sequence, sale.at, sale.kind, "declined" if sale.is_declined else "accepted"),
            *(sale.amount, "EUR", sale.card, sale.authorisation, not sale.is_declined),
        )
        for one in WEEK.days
        for sale in one.sales
    ]
    assert credited(operator) == credits_of_the_week()
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


@pytest.mark.parametrize("name", files.ACQUIRER)
def test_american_express_in_any_format(operator, name):
    deliver(operator, "nights", files.remise_tpe(WEEK.amex, AMEX, "AMEX"))
    deliver(operator, "payer", files.ACQUIRER[name](WEEK.amex))
    deliver(operator, "bank", files.BANK["CFONB 120"](WEEK.transfers))
    assert paid(operator) == [
        (AMEX, f"P{one.number}", paid_on(one), "EUR", one.net, one.fee, one.net - one.fee, True, paid_on(one))
        for one in WEEK.amex
    ]
    assert pays(operator) == [
        (one.day, one.net, "credited", paid_on(one), one.fee, one.net, one.fee, "submission_number")
        for one in WEEK.amex
    ]
    assert operator.count("remote_payment") == 0  # by default, never a second turnover


@pytest.mark.parametrize("name", files.ACQUIRER)
def test_american_express_as_the_source_of_its_payments(operator, name):
    deliver(operator, "acquirer", files.ACQUIRER[name](WEEK.amex))
    deliver(operator, "bank", files.BANK["CFONB 120"](WEEK.transfers))
    tells_more = name != "EPTRN"
    assert transactions_of(operator) == [
        (
            *(
                one.number.lstrip("0"),
                str(place),
                sale.at if tells_more else datetime.combine(one.day, time()),
            ),
            *(sale.kind, "accepted", sale.amount, "EUR", sale.card),
            *(sale.authorisation if tells_more else None, sale.order, True),
        )
        for one in WEEK.amex
        for place, sale in enumerate(one.settled, start=1)
    ]
    assert pays(operator) == [
        (one.day, one.net, "credited", paid_on(one), one.fee, one.net, one.fee, "submission_number")
        for one in WEEK.amex
    ]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


@pytest.mark.parametrize("name", platforms.PLATFORMS)
def test_a_platform_in_any_format(operator, name):
    deliver(operator, "platform", files.jt(WEEK.days))
    before = transactions(operator)
    operator.bind("payer", mapping=platforms.MAPPINGS.get(name))
    deliver(operator, "payer", platforms.PLATFORMS[name](WEEK.days))
    assert lines(operator) == [
        (int(sale.sequence), one.day, sale.signed, sale.fee * 100, (sale.signed - sale.fee) * 100)
        for one in WEEK.days
        for sale in one.settled
    ]
    assert [(row[4], row[6], row[7]) for row in paid(operator)] == [
        (one.net, one.net - one.fee, True) for one in WEEK.days
    ]
    assert transactions(operator) == before  # money tells of sales, and adds none

"""Sale rows of platforms as payments: only where somebody says so, each once, linked to its payout."""

from __future__ import annotations

import pytest

from importers.load import Status
from tests.examples import few_orders
from tests.importers.conftest import Operator
from tests.importers.money import scenario_platforms as platforms
from tests.importers.money.samples import content, stand_beside_the_checkout
from tests.importers.money.scenario import CONTRACT, Scenario
from tests.importers.money.test_acquirer_payments_stored import check_sums
from tests.importers.money.test_mapped_csv_stored import sumup

WEEK = Scenario(7)
#: The shop that each platform's files name: the source itself where they name none.
SHOPS = {
    "Adyen": CONTRACT,
    "Checkout.com": CONTRACT,
    "PayPal": "platform",
    "Stripe": "platform",
    "SumUp": "platform",
}


def a_shop_without_terminal(operator: Operator) -> None:
    """A merchant whose contract a platform delivers."""
    operator.declare({"application": "CBVAD"})
    code = operator.value("SELECT code FROM merchant WHERE id <> 0")
    shops = dict.fromkeys(SHOPS.values(), CONTRACT)
    said = {"role": "payments", "application": "CBVAD", "merchant": code}
    operator.bind("platform", **said, contracts=shops)
    operator.bind("nights")


@pytest.fixture
def operator(prepared):
    return prepared(a_shop_without_terminal)


def payments(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT r.collected_on, t.type, t.outcome, t.amount, t.currency, t.remitted, p.platform_reference"
        " FROM transaction t JOIN remittance r ON r.merchant_id = t.merchant_id AND r.id = t.remittance_id"
        " JOIN remote_payment p ON p.merchant_id = t.merchant_id AND p.transaction_id = t.id"
        " WHERE t.merchant_id <> 0 ORDER BY 1, 7"
    )


def credits(operator: Operator) -> list[tuple]:  # noqa: A001 - the word of the field
    return operator.rows(
        "SELECT r.collected_on, r.net_amount, r.seal, r.credit, r.fee_amount, l.amount, l.fee, l.rule"
        " FROM remittance r LEFT JOIN settlement_link l ON l.merchant_id = r.merchant_id"
        " AND l.remittance_id = r.id WHERE r.merchant_id <> 0 ORDER BY 1"
    )


@pytest.mark.parametrize("name", SHOPS)
def test_the_sales_of_a_platform_are_payments_and_its_payouts_pay_them(operator, name):
    ((file, data),) = platforms.PLATFORMS[name](WEEK.days)
    result = operator.load_from("platform", data, name=file)
    assert payments(operator) == [
        (one.day, sale.kind, "accepted", sale.amount, "EUR", True, f"R{sale.sequence}")
        for one in WEEK.days
        for sale in one.settled
    ]
    assert result.counts["transactions"] == sum(len(one.settled) for one in WEEK.days)
    credit = "expected" if name == "PayPal" else "announced"
    told = [(one.net, "no_totals", one.fee, one.net, one.fee, "sales") for one in WEEK.days]
    found = credits(operator)
    assert [(row[1], row[2], row[4], row[5], row[6], row[7]) for row in found] == told
    assert {row[3] for row in found} <= {credit, "announced"}
    check_sums(operator)
    again = operator.load_from("platform", data + b"\n", name=f"again-{file}")
    assert again.counts["known_records"] == result.counts["transactions"]
    assert credits(operator) == found


def test_by_default_the_sales_of_a_platform_are_no_payments(operator):
    operator.bind("money", role="money", merchant=operator.value("SELECT code FROM merchant WHERE id <> 0"))
    for name in SHOPS:
        ((file, data),) = platforms.PLATFORMS[name](WEEK.days)
        operator.load_from("money", data, name=file)
    assert (operator.count("remittance"), operator.count("transaction")) == (0, 0)


def test_what_sumup_declines_is_a_payment_that_moves_no_money(operator):
    stand_beside_the_checkout()
    operator.load_from("platform", content("sumup/composed/transaction_report_en.csv"))
    assert operator.rows(
        "SELECT sequence_number, occurred_local::text, outcome, amount, scheme, card_last4,"
        " authorisation_number FROM transaction ORDER BY 1"
    ) == [
        ("TEX0000001-Sale", "2026-03-02 12:31:09", "accepted", 3900, "VISA", "0028", "123456"),
        ("TEX0000002-Sale", "2026-03-02 12:45:02", "declined", 1800, "VISA", "0036", None),
        ("TEX0000003-Sale", "2026-03-02 19:58:40", "accepted", 1840, "MASTERCARD", "0044", "654321"),
    ]
    assert operator.rows("SELECT net_amount, declined_count, credit FROM remittance") == [
        (5740, 1, "announced")
    ]
    check_sums(operator)


@pytest.mark.orders
def test_the_same_payments_whatever_exports_bring_them(operator):
    sales = [f"T{one},Sale,Successful,2026-03-0{one} 10:00:00,,,CREDIT,{one}0.00,," for one in (2, 3, 4)]
    payouts = [f"T{one},Payout,Paid,2026-03-0{one} 10:00:00,2026-03-20,P1,CREDIT,{one}0.00,0.10,{one}0.00"
               for one in (2, 3)]  # fmt: skip
    exports = (sumup(sales[0], sales[1], payouts[0]), sumup(sales[1], *payouts), sumup(sales[2]))
    found = []
    for order in few_orders(exports):
        for text in order:
            operator.load_from("platform", text)
        found.append((payments(operator), credits(operator)))
        operator.forget_payments()
        operator.execute("TRUNCATE settlement, settlement_line, settlement_link")
    assert [row[3] for row in found[0][1]] == ["announced", "announced", "unknown"]
    assert all(one == found[0] for one in found)


def test_a_line_that_claims_a_payment_of_months_before_takes_its_remittance_out_of_a_payout(operator):
    """Whichever of the two payouts comes first, neither pays what both name."""
    payouts = [f"T2,Payout,Paid,{day} 10:00:00,{day},{name},CREDIT,20.00,0.10,20.00"
               for day, name in (("2026-03-02", "P1"), ("2026-07-20", "P2"))]  # fmt: skip
    exports = (sumup("T2,Sale,Successful,2026-03-02 10:00:00,,,CREDIT,20.00,,"), *map(sumup, payouts))
    for order in few_orders(exports):
        for text in order:
            operator.load_from("platform", text)
        assert [row[5:] for row in credits(operator)] == [(None, None, None)]
        operator.forget_payments()
        operator.execute("TRUNCATE settlement, settlement_line, settlement_link")


def test_another_content_of_a_sale_waits_unless_a_later_export_says_it(operator):
    one = "T2,Sale,Successful,2026-03-02 10:00:00,,,CREDIT,20.00,,"
    operator.load_from("platform", sumup(one))
    refused = operator.deliver_to("platform", sumup(one.replace("20.00", "30.00")))
    assert refused.status is Status.QUARANTINED
    later = "T3,Sale,Successful,2026-03-03 10:00:00,,,CREDIT,10.00,,"
    operator.load_from("platform", sumup(one.replace("Successful", "Cancelled"), later))
    assert [(row[2], row[3]) for row in payments(operator)] == [("abandoned", 2000), ("accepted", 1000)]
    check_sums(operator)


def test_a_shop_without_a_contract_refuses_the_file_by_its_line(operator):
    operator.bind("platform", contracts=None)
    refused = operator.deliver_to("platform", sumup("T2,Sale,Successful,2026-03-02,,,CREDIT,20.00,,"))
    assert refused.status is Status.QUARANTINED
    assert "--shop" in refused.refusals[0].text()
    assert refused.refusals[0].line == 2

"""Lines of a platform's payouts and the sales that they are of, linked by the merchant's own reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database.engine import DatabaseRole
from importers.files import profiles, sources
from importers.load import Status
from tests.examples import in_few_orders, orders_of_files
from tests.importers.conftest import Operator
from tests.importers.money.test_journals import jrb
from tests.importers.money.test_mapped_csv import ADYEN
from tests.importers.money.test_remote_payments_stored import HEADING as HEADING_OF_SALES
from tests.importers.money.test_remote_payments_stored import jt, sale

HEADING, *_, PAYOUT = ADYEN.splitlines()


def line(reference: str, order: str, amount: str = "39.00", kind: str = "Settled", day: str = "2026-03-03"):
    """A line of Adyen's report, without any commission."""
    credit = kind != "Refunded"
    gross = f",{amount}" if credit else f"{amount},"
    net = f",{amount}" if credit else f"{amount},"
    return f"ACME,ACME_FR,{reference},{order},{day} 12:31,CET,{kind},EUR,EUR,{gross},{net},,,,,7,"


def adyen(*lines: str) -> bytes:
    return "\n".join([HEADING, *lines, ""]).encode()


def a_shop_and_its_platform(operator: Operator) -> None:
    """A shop whose sales one source delivers, and a platform that says what it pays for them."""
    operator.declare({"application": "CBVAD"})
    operator.bind("sales", role="payments", application="CBVAD", time_zone="Europe/Paris")
    merchant = operator.value("SELECT code FROM merchant WHERE id <> 0")
    operator.bind("platform", role="money", merchant=merchant)


@pytest.fixture
def operator(prepared):
    return prepared(a_shop_and_its_platform)


def deliver(operator: Operator, folder: str, content: bytes, **options: bool) -> None:
    result = operator.deliver_to(folder, content, **options)
    assert result.status is Status.LOADED, [one.text() for one in result.refusals]


def linked(operator: Operator) -> list[tuple]:
    """Each line with the number and the day of the payment that it is of."""
    return operator.rows(
        "SELECT l.reference, t.sequence_number, l.transaction_on::text FROM settlement_line l"
        " LEFT JOIN transaction t ON t.merchant_id = l.merchant_id AND t.id = l.transaction_id"
        " AND t.occurred_on = l.transaction_on WHERE l.reference <> '' ORDER BY 1"
    )


FOUND = [("A1", "000101", "2026-03-02")]


@pytest.mark.parametrize("order", [("sales", "platform"), ("platform", "sales")])
def test_a_line_is_of_the_sale_with_its_order_reference(operator, order):
    files = {"sales": jt(sale(order="CMD-1")), "platform": adyen(line("A1", "CMD-1"))}
    for folder in order:
        deliver(operator, folder, files[folder])
    assert linked(operator) == FOUND


@pytest.mark.parametrize(
    "other",
    [
        line("A1", "CMD-2"),
        line("A1", "cmd-1"),
        line("A1", "CMD-1", amount="38.99"),
        line("A1", "CMD-1", kind="Refunded"),
        line("A1", "CMD-1", day="2026-04-03"),
        line("A1", "CMD-1", day="2026-02-28"),
        line("A1", ""),
    ],
    ids=["order", "spelling", "amount", "refund", "long after", "before", "none"],
)
def test_a_line_that_differs_is_of_no_sale(operator, other):
    deliver(operator, "sales", jt(sale(order="CMD-1"), sale("000102", order="")))
    deliver(operator, "platform", adyen(other))
    assert linked(operator) == [("A1", None, None)]


@pytest.mark.probes("desks and places")
@pytest.mark.parametrize("order", [("sales", "platform"), ("platform", "sales")])
@pytest.mark.parametrize(
    "of",
    [
        {"merchant_code": "OTHERSHOP", "siret": "99999999900017"},
        {"reseller": "other", "merchant_code": "OTHERSHOP", "siret": "99999999900017"},
    ],
    ids=["other merchant", "other maintainer"],
)
def test_a_line_is_never_of_another_merchants_sale(operator, order, of):
    """What one of two shops is paid for a same order, of a same amount, on a same day."""
    operator.declare(of | {"contract": "1111111", "application": "CBVAD"})
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        sources.bind(connection, "theirs", of.get("reseller", "acme"))
        profiles.change(connection, "theirs", role="money", inbox="theirs", merchant="OTHERSHOP")
    files = {"sales": ("sales", jt(sale(order="CMD-1"))), "platform": ("theirs", adyen(line("A1", "CMD-1")))}
    for name in order:
        deliver(operator, *files[name])
    shops = "SELECT count(DISTINCT merchant_id) FROM (SELECT merchant_id FROM transaction UNION ALL"
    assert operator.value(f"{shops} SELECT merchant_id FROM settlement_line) AS found") == 2
    assert linked(operator) == [("A1", None, None)]


def test_a_refund_is_of_the_refund_of_its_order(operator):
    rows = sale(order="CMD-1"), sale("000102", kind="CREDIT", order="CMD-1")
    deliver(operator, "sales", jt(*rows))
    deliver(operator, "platform", adyen(line("A1", "CMD-1"), line("A2", "CMD-1", kind="Refunded")))
    assert [row[1] for row in linked(operator)] == ["000101", "000102"]


@pytest.mark.parametrize("sales", [1, 2])
@pytest.mark.parametrize("lines", [1, 2])
def test_twins_are_nobodys(operator, sales, lines):
    deliver(operator, "sales", jt(*(sale(f"00010{place}", order="CMD-1") for place in range(sales))))
    deliver(operator, "platform", adyen(*(line(f"A{place}", "CMD-1") for place in range(lines))))
    found = {row[1] for row in linked(operator)}
    assert found == ({"000100"} if sales == lines == 1 else {None})


def test_a_line_that_claims_the_same_later_undoes_the_link_and_gives_it_back_when_it_goes(operator):
    deliver(operator, "sales", jt(sale(order="CMD-1")))
    deliver(operator, "platform", adyen(line("A1", "CMD-1")))
    rival = line("A2", "CMD-1", day="2026-04-01").replace(",7,", ",8,")  # a payout of its own
    deliver(operator, "platform", adyen(rival))
    assert [row[1] for row in linked(operator)] == [None, None]
    deliver(operator, "platform", adyen(rival.replace("CMD-1", "CMD-9")), replace=True)
    assert linked(operator) == [*FOUND, ("A2", None, None)]


def of_platform(reference: str, *, on: str = "20260302", day: str = "26/03/03_02:05:00") -> bytes:
    """A sale of 39.00 that the platform names by a reference of its own."""
    heading, row = f"{HEADING_OF_SALES};TRANSACTION_UUID", sale(on=on, captured=on, order="")
    return jt(f"{row};{reference}", heading=heading, day=day)


NEAR, FAR = {}, {"on": "20260602", "day": "26/06/03_02:05:00"}


@pytest.mark.parametrize("leaving", [NEAR, FAR], ids=["near", "far"])
@in_few_orders(("near", "far", "line"))
def test_a_line_that_is_told_of_two_payments_gets_the_one_that_stays_however_far_the_other_was(
    operator, order, leaving
):
    files = {"near": ("sales", of_platform("A1")), "far": ("sales", of_platform("A1", **FAR)),
             "line": ("platform", adyen(line("A1", "")))}  # fmt: skip
    for name in order:
        deliver(operator, *files[name])
    assert linked(operator) == [("A1", None, None)]
    operator.load_from("sales", of_platform("A9", **leaving), replace=True)
    assert linked(operator) == [("A1", "000101", "2026-03-02" if leaving is FAR else "2026-06-02")]


def test_a_line_whose_own_payment_goes_is_of_none_that_another_line_claims_as_well(operator):
    deliver(operator, "sales", of_platform("A1"))
    deliver(operator, "sales", jt(sale("000102", on="20260303", order="CMD-1"), day="26/03/04_02:05:00"))
    deliver(operator, "platform", adyen(line("A1", "CMD-1"), line("A2", "CMD-1")))
    assert linked(operator) == [*FOUND, ("A2", None, None)]
    operator.load_from("sales", of_platform("A9"), replace=True)
    assert linked(operator) == [("A1", None, None), ("A2", None, None)]


@in_few_orders(("cards", "other channel", "line"))
def test_a_number_that_two_payments_of_a_contract_bear_names_neither(operator, order):
    operator.declare({"application": "CBVAD"}, {"application": "PAYPAL"})
    files = {
        "cards": ("sales", jt(sale())),
        "other channel": ("sales", jt(sale(scheme="PAYPAL"), day="26/03/04_02:05:00")),
        "line": ("platform", jrb(("101", "DT", 3900, 386_880, 3120))),
    }
    for name in order:
        deliver(operator, *files[name])
    assert operator.count("transaction") == 2
    assert linked(operator) == [("101", None, None)]


SALES = [
    jt(sale(order="CMD-1"), sale("000102", 500, kind="CREDIT", order="CMD-1")),
    jt(sale("000103", 1200, order="CMD-2"), day="26/03/04_02:05:00"),
    jt(sale("000104", 1200, on="20260303", order="CMD-2"), day="26/03/05_02:05:00"),
]
LINES = [
    adyen(line("A1", "CMD-1"), line("A2", "CMD-1", "5.00", "Refunded", "2026-03-20")),
    adyen(line("A3", "CMD-2", "12.00")),
    adyen(line("A4", "CMD-1", "39.00", day="2026-04-01")),
]
FILES = [*(("sales", one) for one in SALES), *(("platform", one) for one in LINES)]


@pytest.fixture
def settled(operator):
    for folder, content in FILES:
        deliver(operator, folder, content)
    return linked(operator)


@orders_of_files()
@given(order=st.permutations([*FILES, FILES[0], FILES[3]]))
def test_the_order_of_files_and_their_repetition_change_nothing(operator, settled, order):
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.exec_driver_sql(
            "TRUNCATE remittance, transaction, remote_payment, remittance_day, transaction_day, settlement,"
            " settlement_line, settlement_link, import_file, import_refusal, received_day, remittance_third,"
            " transaction_third, transaction_band"
        )
    for folder, content in order:
        operator.deliver_to(folder, content)
    assert linked(operator) == settled
    assert [row[1] for row in settled] == [None, "000102", None, None]

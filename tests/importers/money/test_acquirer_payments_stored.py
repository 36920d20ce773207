"""American Express as the source of payments: only where somebody says so, each once, whatever comes when."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from importers.load import Result, Status
from tests.examples import few_orders
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.importers.money.scenario import AMEX, Scenario
from tests.importers.money.scenario_files import ACQUIRER
from tests.importers.money.test_amex import amount, quoted

DAY, PAID = "20260302", "20260305"


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A submission: its invoice number, and its transactions by amount."""

    invoice: str
    amounts: tuple[int, ...]
    day: str = DAY

    def records(self, payment: dict[str, str]) -> list[tuple[str, dict[str, str]]]:
        values = payment | {"merchant": AMEX, "submitted_on": self.day, "invoice": self.invoice}
        transaction = {"card": "37XXXXXXXXX1234", "sold_on": self.day, "sold_at": "123109"}
        return [
            ("SUBMISSION", values | {"gross": amount(sum(self.amounts)), "net": amount(sum(self.amounts))}),
            *(("TRANSACTN", values | transaction | {"gross": amount(one)}) for one in self.amounts),
        ]


def grrcn(*parcels: Parcel, number: str = "065A6808", paid: str = PAID, created: str = PAID) -> bytes:
    """A file with one payment."""
    total = amount(sum(sum(one.amounts) for one in parcels))
    payment = {
        "payee": AMEX, "account_type": "002", "number": number, "paid_on": paid, "currency": "EUR",
    }  # fmt: skip
    zero = dict.fromkeys(("discount", "fee", "adjustment", "tax"), amount(0))
    lines = [
        ("HEADER", {"created_on": created, "version": "3.01"}),
        ("SUMMARY", payment | zero | {"net": total, "gross": total}),
        *(record for one in parcels for record in one.records(payment)),
        ("TRAILER", {}),
    ]
    return quoted(lines, ",")


ONE = grrcn(Parcel(invoice="000417", amounts=(3_900, -500)))


def a_contract_without_terminal(operator: Operator) -> None:
    """A merchant of American Express with two ranks, of whom its own files may tell, or a night."""
    operator.declare(
        {"contract": AMEX, "application": "AMEX"},
        {"contract": AMEX, "application": "AMEXCLESS", "rank": "701"},
    )
    operator.bind("acquirer", role="payments", application="AMEX", cards="mask")
    operator.bind("money", role="money", cards="mask")
    operator.bind("nights")


@pytest.fixture
def operator(prepared):
    return prepared(a_contract_without_terminal)


def loaded(operator: Operator, data: bytes, folder: str = "acquirer", **options: bool) -> Result:
    return operator.load_from(folder, data, **options)


def payments(operator: Operator) -> list[tuple]:
    """The payments that somebody sees, each in its remittance."""
    return operator.rows(
        "SELECT r.collected_on::text, r.number, t.sequence_number, t.type, t.amount, t.remitted, r.seal"
        " FROM transaction t JOIN remittance r ON r.merchant_id = t.merchant_id AND r.id = t.remittance_id"
        " WHERE t.merchant_id <> 0 ORDER BY 1, 2, 3"
    )


def check_sums(operator: Operator) -> None:
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def night(*, rank: str = "701", application: str = "AMEXCLESS") -> bytes:
    rem = Rem(
        contract=AMEX,
        rank=rank,
        application=application,
        number="000417",
        collected="2026-03-02T23:15:07",
        opened="2026-03-02T08:00:11",
        transactions=(Trx(amount=3_400, at="2026-03-02T12:31:09"),),
    )
    return File(key=f"N{rank}", remittances=(rem,), created="2026-03-03T02:00:00+01:00").data()


def test_by_default_its_files_tell_of_money_alone(operator):
    result = loaded(operator, ONE, "money")
    assert result.counts == {"settlements": 1, "settlement_lines": 1}
    assert payments(operator) == []
    assert operator.count("settlement_line") == 1


def test_where_no_terminal_delivers_a_submission_is_a_remittance_of_its_transactions(operator):
    result = loaded(operator, ONE)
    assert result.counts == {"settlements": 1, "settlement_lines": 1, "transactions": 2}
    assert payments(operator) == [
        ("2026-03-02", "417", "1", "debit", 3_900, True, "no_totals"),
        ("2026-03-02", "417", "2", "refund", 500, True, "no_totals"),
    ]
    assert operator.rows("SELECT credit, credit_gap FROM remittance") == [("announced", None)]
    assert operator.count("terminal") == 0  # nobody misses its call
    assert operator.rows(
        "SELECT day::text FROM received_day WHERE caught_up AND subject = 'transactions'"
    ) == [("2026-03-02",)]
    check_sums(operator)


def test_the_same_payment_again_changes_nothing(operator):
    loaded(operator, ONE)
    before = payments(operator)
    again = loaded(operator, grrcn(Parcel(invoice="000417", amounts=(3_900, -500)), created="20260309"))
    assert again.counts["known_settlements"] == 1
    assert again.counts["known_records"] == 2
    assert payments(operator) == before
    check_sums(operator)


@pytest.mark.orders
def test_the_same_payments_whatever_order_files_come_in(operator):
    files = (
        ONE,
        grrcn(Parcel(invoice="000418", amounts=(1_840,), day="20260303"), number="P2", paid="20260306"),
        grrcn(Parcel(invoice="000419", amounts=(700, 800), day="20260304"), number="P3", paid="20260307"),
    )
    found = []
    for order in few_orders(files):
        for data in (*order, order[0]):
            loaded(operator, data)
        found.append((payments(operator), operator.rows("SELECT number, credit FROM remittance ORDER BY 1")))
        check_sums(operator)
        operator.forget_payments()
        operator.execute("TRUNCATE settlement, settlement_line, settlement_link")
    assert found[0][1] == [("417", "announced"), ("418", "announced"), ("419", "announced")]
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("amounts", [(3_900,), (3_900, -600), (100, 3_900, -500)])
def test_a_corrected_payment_takes_the_place_of_the_whole_of_it(operator, amounts):
    loaded(operator, ONE)
    corrected = grrcn(Parcel(invoice="000417", amounts=amounts), created="20260309")
    refused = operator.deliver_to("acquirer", corrected)
    assert refused.status is Status.QUARANTINED
    assert [row[4] for row in payments(operator)] == [3_900, 500]
    loaded(operator, corrected, replace=True)
    assert [row[4] for row in payments(operator)] == [abs(one) for one in amounts]
    assert operator.rows("SELECT net_amount, credit FROM remittance") == [(sum(amounts), "announced")]
    check_sums(operator)
    loaded(operator, grrcn(Parcel(invoice="000417", amounts=(3_900, -500)), created="20260310"), replace=True)
    assert [row[4] for row in payments(operator)] == [3_900, 500]  # and back
    check_sums(operator)


def test_submissions_with_one_invoice_number_are_remittances_of_their_own(operator):
    parcels = [Parcel(invoice="000054", amounts=(one,)) for one in (100, 200, 300)]  # told by their amounts
    nameless = Parcel(invoice="000000000000000", amounts=(400,))
    loaded(operator, grrcn(*parcels, nameless))
    assert [row[1:5] for row in payments(operator)] == [
        ("065A6808", "1", "debit", 400),
        ("54", "1", "debit", 100),
        ("54-2", "1", "debit", 200),
        ("54-3", "1", "debit", 300),
    ]
    assert operator.rows("SELECT DISTINCT credit FROM remittance") == [("announced",)]


def test_another_payment_of_the_same_invoice_number_is_not_taken_for_it(operator):
    loaded(operator, ONE)
    other = operator.deliver_to("acquirer", grrcn(Parcel(invoice="000417", amounts=(3_900,)), number="P2"))
    assert other.status is Status.QUARANTINED
    assert "another payment of the acquirer" in other.refusals[0].reason
    assert [row[4] for row in payments(operator)] == [3_900, 500]


@pytest.mark.parametrize("rank", ["001", "701"])
def test_a_contract_has_one_source_of_payments_whatever_the_rank(operator, rank):
    application = {"001": "AMEX", "701": "AMEXCLESS"}[rank]
    loaded(operator, ONE)
    before = payments(operator)
    kept = operator.deliver(night(rank=rank, application=application))
    assert (kept.status, kept.kept_aside) == (Status.LOADED, 1)
    assert payments(operator) == before
    assert operator.rows(
        "SELECT c.number, c.rank, s.name FROM contract c JOIN source s ON s.id = c.aside_source_id"
    ) == [
        (
            AMEX,
            rank,
            operator.value("SELECT name FROM source WHERE name NOT IN ('acquirer', 'money', 'nights')"),
        )
    ]


@pytest.mark.parametrize("rank", ["001", "701"])
def test_what_a_terminal_delivers_is_not_told_again_by_the_acquirer(operator, rank):
    application = {"001": "AMEX", "701": "AMEXCLESS"}[rank]
    operator.deliver(night(rank=rank, application=application))
    before = payments(operator)
    assert [row[4] for row in before] == [3_400]
    kept = loaded(operator, ONE)
    assert kept.kept_aside == 2
    assert payments(operator) == before
    assert operator.rows("SELECT credit FROM remittance WHERE merchant_id <> 0") == [("announced",)]


@pytest.mark.parametrize("name", ACQUIRER)
def test_each_format_again_changes_nothing(operator, name):
    ((file, data),) = ACQUIRER[name](Scenario(3).amex)
    operator.deliver_to("acquirer", data, file)
    before = payments(operator)
    assert before
    operator.deliver_to("acquirer", data + b"\n", f"again-{file}")
    assert payments(operator) == before


@pytest.mark.parametrize("order", [("EPTRN", "GRRCN with commas"), ("GRRCN with commas", "EPTRN")])
def test_a_payment_that_another_format_told_of_waits_and_says_which(operator, order):
    known, other = (ACQUIRER[name](Scenario(3).amex[:2])[0] for name in order)
    operator.deliver_to("acquirer", known[1], known[0])
    before = payments(operator)
    refused = operator.deliver_to("acquirer", other[1], other[0])
    assert refused.status is Status.QUARANTINED
    assert [refusal.params for refusal in refused.refusals] == [{"format": order[0].split()[0]}] * 2
    assert payments(operator) == before
    operator.load_from("acquirer", other[1], name=other[0], replace=True)
    assert [row[:2] + row[3:] for row in payments(operator)] == [row[:2] + row[3:] for row in before]
    assert operator.count("settlement") == 2
    check_sums(operator)

"""Settlements loaded: whose they are, once each, what they pay, the same whatever order files come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database.engine import DatabaseRole
from app.models import CardNumbers
from app.rules.amex_records import GRRCN
from importers.files import profiles
from importers.load import Result, Status
from tests.examples import orders_of_files
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.importers.money.samples import content, expected, named
from tests.importers.money.test_bank_statements_stored import declaration
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

CONTRACT, FIRST = "8268250702", date(2026, 3, 2)  # a Monday
SUBMITTED = {"gross": 10_000, "discount": 250}


def amount(value: int) -> str:
    return f"{'-' if value < 0 else ' '}{abs(value):015d}"


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What American Express says it received of a day: the number is that of the remittance."""

    day: date
    gross: int
    fee: int = 0
    number: str = ""
    contract: str = CONTRACT


def grrcn(
    *submissions: Submission,
    number: str = "065A6808",
    paid_on: date,
    adjustment: int = 0,
    carried: int = 0,
    payee: str = CONTRACT,
) -> bytes:
    """A file with one payment, in quoted text; ``carried`` is its opening debit balance, less than 0."""
    gross, fee = sum(one.gross for one in submissions), sum(one.fee for one in submissions)
    payment = {
        "payee": payee, "account_type": "002", "number": number, "paid_on": f"{paid_on:%Y%m%d}",
        "currency": "EUR",
    }  # fmt: skip
    records = [
        ("HEADER", {"created_on": "20260305", "version": "3.01"}),
        ("SUMMARY", payment | {"net": amount(gross - fee + adjustment + carried), "gross": amount(gross),
                               "discount": amount(fee), "fee": amount(0), "tax": amount(0),
                               "adjustment": amount(adjustment), "opening_debit": amount(carried)}),
        *(
            ("SUBMISSION", payment | {"merchant": one.contract, "submitted_on": f"{one.day:%Y%m%d}",
                                      "invoice": one.number, "gross": amount(one.gross),
                                      "discount": amount(one.fee), "fee": amount(0), "tax": amount(0),
                                      "net": amount(one.gross - one.fee)})
            for one in submissions
        ),
        *[("ADJUSTMENT", payment | {"merchant": payee} | dict.fromkeys(("net", "gross"), amount(adjustment)))]
        * bool(adjustment),
        ("TRAILER", {"record_count": str(3 + len(submissions))}),
    ]  # fmt: skip
    return "\n".join(quoted_record(code, values) for code, values in records).encode()


def quoted_record(code: str, values: dict[str, str]) -> str:
    """A line of quoted text."""
    return ",".join(f'"{(values | {"type": code}).get(part.name, "")}"' for part in GRRCN[code])


def night(number: int, *amounts: int, rank: str = "001", application: str = "AMEX") -> bytes:
    """The file of a night: a remittance of American Express."""
    day = FIRST + timedelta(days=number)
    payments = tuple(
        Trx(amount=value, sequence=f"{place + 1:06}", at=f"{day.isoformat()}T12:31:09")
        for place, value in enumerate(amounts)
    )
    rem = Rem(
        contract=CONTRACT,
        rank=rank,
        application=application,
        number=f"{417 + number:06}",
        opened=f"{day.isoformat()}T08:00:11",
        collected=f"{day.isoformat()}T23:15:07",
        transactions=payments,
    )
    made = f"{(day + timedelta(days=1)).isoformat()}T02:00:00+01:00"
    return File(key=f"N{number}{rank}", remittances=(rem,), created=made).data()


def statement(number: int, *lines: MovementLine) -> bytes:
    return written(Statement(lines, opening=100_000, day=FIRST + timedelta(days=number)))


def payout(value: int, label: str = "VIR AMERICAN EXPRESS") -> MovementLine:
    return MovementLine(value, code="05", label=label)


AMEX = {"contract": CONTRACT, "application": "AMEX"}


def american_express_and_a_bank(operator: Operator) -> None:
    """A merchant of American Express, whose files have a folder, and a bank's folder."""
    operator.declare({}, AMEX, AMEX | {"rank": "701", "application": "AMEXCLESS"})
    for source in ("bank", "amex"):
        operator.bind(source, role="money")


@pytest.fixture
def operator(prepared):
    return prepared(american_express_and_a_bank)


def settle(operator: Operator, content: bytes, **options) -> Result:
    result = operator.deliver_to("amex", content, **options)
    assert result.status is Status.LOADED, [one.text() for one in result.refusals]
    return result


def credits_of(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT number, credit, expected_by::text, credited_on::text, credit_gap, fee_amount"
        " FROM remittance ORDER BY number, net_amount"
    )


def payments_of(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT s.number, s.net, s.credited_on::text, s.rule, r.number, l.amount, l.fee, l.rule"
        " FROM settlement s LEFT JOIN settlement_link l ON l.merchant_id = s.merchant_id"
        " AND l.settlement_id = s.id LEFT JOIN remittance r ON r.merchant_id = l.merchant_id"
        " AND r.id = l.remittance_id ORDER BY 1, 5"
    )


PAID_ON = FIRST + timedelta(days=3)
ONE = Submission(day=FIRST, gross=10_000, fee=250, number="000417")


def test_a_payment_is_stored_with_its_lines_and_known_again(operator):
    result = settle(operator, grrcn(ONE, paid_on=PAID_ON, adjustment=-100))
    assert result.counts == {"settlements": 1, "settlement_lines": 2}
    assert result.sums == {"EUR": {"count": 1, "net": 9650}}
    assert operator.rows(
        "SELECT payer, payee, number, paid_on::text, gross, discount, adjustment, net, net_proven, state"
        " FROM settlement WHERE merchant_id <> 0"
    ) == [("AMERICAN EXPRESS", CONTRACT, "065A6808", "2026-03-05", 10_000, 250, -100, 9650, True, "paid")]
    assert operator.rows(
        "SELECT kind, gross, fee_hundredths, net_hundredths FROM settlement_line ORDER BY rank"
    ) == [
        ("remittance", 10_000, 25_000, 975_000),
        ("adjustment", -100, 0, -10_000),
    ]
    again = settle(operator, grrcn(ONE, paid_on=PAID_ON, adjustment=-100) + b"\n")
    assert again.counts["settlements"] == 0


def test_another_content_of_a_payment_waits_for_an_operator(operator):
    settle(operator, grrcn(ONE, paid_on=PAID_ON))
    other = grrcn(Submission(day=FIRST, gross=9_000, fee=250), paid_on=PAID_ON)
    refused = operator.deliver_to("amex", other)
    assert (refused.status, refused.refusals[0].unit) == (Status.QUARANTINED, "settlement")
    settle(operator, other, replace=True)
    assert operator.rows("SELECT gross FROM settlement") == [(9_000,)]
    assert operator.rows("SELECT gross FROM settlement_line") == [(9_000,)]


def test_a_payment_of_an_undeclared_contract_waits_until_it_is_declared(operator):
    foreign = Submission(day=FIRST, gross=5_000, contract="9999999991")
    result = settle(operator, grrcn(foreign, paid_on=PAID_ON))
    assert result.counts["unclaimed_settlements"] == 1
    assert operator.rows("SELECT DISTINCT merchant_id FROM settlement_line") == [(0,)]
    operator.declare({"contract": "9999999991", "application": "AMEX"})
    for table in ("settlement", "settlement_line"):
        assert operator.rows(f"SELECT merchant_id <> 0 FROM {table}") == [(True,)]


def test_a_remittance_is_announced_then_credited_by_the_transfer_of_its_payer(operator):
    operator.deliver(night(0, 10_000))
    assert credits_of(operator)[0][1] == "unknown"
    settle(operator, grrcn(ONE, paid_on=PAID_ON))
    assert credits_of(operator) == [("000417", "announced", "2026-03-05", None, None, 250)]
    operator.deliver(declaration(operator))
    operator.deliver_to("bank", statement(4, payout(9_750)))
    assert credits_of(operator) == [("000417", "credited", "2026-03-05", "2026-03-06", 0, 250)]
    assert payments_of(operator) == [
        ("065A6808", 9_750, "2026-03-06", "payer_window", "000417", 10_000, 250, "submission_number")
    ]


def test_a_payment_to_one_contract_may_be_of_calls_of_another(operator):
    operator.declare({}, AMEX, AMEX | {"contract": "4747621723"})
    operator.deliver(night(0, 10_000))
    settle(operator, grrcn(ONE, paid_on=PAID_ON, payee="4747621723"))
    assert credits_of(operator) == [("000417", "announced", "2026-03-05", None, None, 250)]


def test_two_remittances_of_a_day_are_one_submission_and_no_fee_is_said_of_either(operator):
    operator.deliver(night(0, 6_000))
    operator.deliver(night(0, 4_000, rank="701", application="AMEXCLESS"))
    settle(operator, grrcn(Submission(day=FIRST, gross=10_000, fee=250), paid_on=PAID_ON))
    assert [one[1:] for one in credits_of(operator)] == [("announced", "2026-03-05", None, None, None)] * 2


def test_what_the_payer_says_it_received_may_differ(operator):
    operator.deliver(night(0, 10_000))
    operator.deliver(declaration(operator))
    short = Submission(day=FIRST, gross=9_000, fee=225, number="417")
    settle(operator, grrcn(short, number="A1", paid_on=PAID_ON))
    operator.deliver_to("bank", statement(3, payout(8_775, "AMERICAN EXPRESS PAYMENT A1")))
    assert credits_of(operator) == [("000417", "differs", "2026-03-05", "2026-03-05", 1_000, 225)]
    assert [one[3] for one in payments_of(operator)] == ["settlement_number"]


def test_a_payment_that_proven_statements_do_not_hold_is_late(operator):
    operator.deliver(night(0, 10_000))
    operator.deliver(declaration(operator))
    settle(operator, grrcn(ONE, paid_on=PAID_ON))
    for number in range(11):
        operator.deliver_to("bank", statement(number))
    assert credits_of(operator)[0][1] == "late"


def test_a_call_that_the_payer_has_not_spoken_of_yet_is_expected(operator):
    operator.deliver(night(0, 10_000))
    operator.deliver(night(1, 2_000))
    settle(operator, grrcn(ONE, paid_on=PAID_ON))
    assert [one[1] for one in credits_of(operator)] == ["announced", "expected"]


def test_full_card_numbers_are_refused_unless_the_source_masks_them(operator):
    data = grrcn(ONE, paid_on=PAID_ON).decode().splitlines()
    values = {"card": "371449635398431", "payee": CONTRACT, "number": "065A6808"}
    sale = quoted_record("TRANSACTN", values)
    content = "\n".join([*data[:3], sale, *data[3:]]).encode()
    refused = operator.deliver_to("amex", content)
    assert [one.is_card_number for one in refused.refusals] == [True]
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, "amex", role="money", cards=CardNumbers.MASK)
    assert settle(operator, content).counts["settlements"] == 1


@pytest.mark.parametrize("name", [one for one in named("amex/") if "GRRCN" in str(one)] or named("amex/"))
def test_the_sums_of_each_sample_are_those_that_are_stored(operator, name):
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        profiles.change(connection, "amex", role="money", cards=CardNumbers.MASK)
    done = operator.deliver_to("amex", content(name))
    assert done.status is Status.LOADED, [one.text() for one in done.refusals]
    ((net, gross, currency),) = operator.rows("SELECT net, gross, currency FROM settlement")
    said = expected()[name]["sums"]
    assert (net, gross) == (said[f"payment net {currency}"], said[f"payment gross {currency}"])
    ((received,),) = operator.rows("SELECT sum(gross) FROM settlement_line WHERE kind = 'remittance'")
    assert received == said[f"SUBMISSION {currency}"]


def files() -> list[tuple[str, bytes]]:
    """Three nights, two payments of which one is short, and the statements of the transfers."""
    received = [
        Submission(day=FIRST + timedelta(days=number), gross=gross, fee=gross // 40, number=f"{417 + number}")
        for number, gross in enumerate((10_000, 2_000, 2_900))
    ]
    first = grrcn(*received[:2], number="A1", paid_on=FIRST + timedelta(days=3))
    second = grrcn(received[2], number="A2", paid_on=FIRST + timedelta(days=4))
    return [
        *(("nights", night(number, gross)) for number, gross in enumerate((10_000, 2_000, 3_000))),
        ("amex", first),
        ("amex", second),
        ("bank", statement(3, payout(11_700))),
        ("bank", statement(4, payout(2_828, "AMERICAN EXPRESS PAYMENT A2"))),
        ("accounts", b""),
        ("directory", b""),
    ]


def load(operator: Operator, found: list[tuple[str, bytes]]) -> tuple[list[tuple], list[tuple]]:
    for folder, data in found:
        if folder == "accounts":
            operator.deliver(declaration(operator, contracts="*"))
        elif folder == "directory":
            operator.declare({}, AMEX)
        else:
            operator.deliver_to(folder, data)
    return credits_of(operator), payments_of(operator)


@pytest.fixture
def settled(operator):
    found = load(operator, files())
    assert [one[1] for one in found[0]] == ["credited", "credited", "differs"]
    return found


@orders_of_files()
@given(data=st.data())
def test_the_order_of_files_and_their_repetition_change_nothing(operator, settled, data):
    in_any_order = data.draw(st.permutations([*files(), *files()[3:6]]))
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.exec_driver_sql(
            "TRUNCATE remittance, transaction, remittance_day, transaction_day, bank_account, bank_statement,"
            " bank_movement, credit_link, settlement, settlement_line, settlement_link, import_file,"
            " import_refusal, received_day, remittance_third, transaction_third, transaction_band"
        )
        connection.exec_driver_sql("UPDATE contract SET bank_account_id = NULL")
    assert load(operator, in_any_order) == settled

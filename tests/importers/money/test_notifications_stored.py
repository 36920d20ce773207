"""Several notifications (camt.054) a day of one account: each told once, before its statement or after it."""

from __future__ import annotations

import pytest

from importers.load import Result, Status
from tests.examples import in_few_orders
from tests.importers.conftest import Operator
from tests.importers.money.test_bank_statements_stored import a_bank, declaration, deliver
from tests.importers.money.test_camt import IBAN, document, entry

CARDS = "<BkTxCd><Prtry><Cd>30</Cd></Prtry></BkTxCd>"
#: Two notifications of a day, one line of which is alike, and the statement of that day.
MORNING, EVENING = ("57.40", "12.00"), ("57.40",)
STATEMENT = document(
    *(entry(amount, inside=CARDS) for amount in (*MORNING, *EVENING)), opening="1000.00", closing="1126.80"
)


def notification(number: str, *amounts: str, page: str = "") -> bytes:
    pages = f"<NtfctnPgntn><PgNb>{page}</PgNb><LastPgInd>true</LastPgInd></NtfctnPgntn>" if page else ""
    entries = "".join(entry(amount, inside=CARDS) for amount in amounts)
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
        f"<Ntfctn><Id>{number}</Id>{pages}<CreDtTm>2026-03-03T12:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


@pytest.fixture
def operator(prepared):
    return prepared(a_bank)


def loaded(operator: Operator, content: bytes) -> Result:
    result = deliver(operator, content)
    assert result.status is Status.LOADED, [one.text() for one in result.refusals]
    return result


def amounts(operator: Operator) -> list[int]:
    return [amount for (amount,) in operator.rows("SELECT amount FROM bank_movement ORDER BY 1")]


def test_each_notification_of_a_day_is_told_once(operator):
    loaded(operator, notification("N1", *MORNING))
    loaded(operator, notification("N2", *EVENING))
    again = notification("N2", *EVENING).replace(b"12:00:00", b"13:00:00")
    assert loaded(operator, again).counts == {"bank_statements": 0, "known_statements": 1}
    assert amounts(operator) == [1200, 5740, 5740]


def test_pages_of_a_notification_are_told_apart(operator):
    loaded(operator, notification("N1", *MORNING, page="1"))
    loaded(operator, notification("N1", *EVENING, page="2"))
    assert amounts(operator) == [1200, 5740, 5740]


def test_another_content_of_a_notification_waits_for_an_operator(operator):
    loaded(operator, notification("N1", *MORNING))
    assert deliver(operator, notification("N1", "57.40", "13.00")).status is Status.QUARANTINED
    assert deliver(operator, notification("N1", "57.40", "13.00"), replace=True).status is Status.LOADED
    assert amounts(operator) == [1300, 5740]


@in_few_orders(range(3))
def test_a_line_of_a_notification_and_of_its_statement_counts_once(operator, order):
    files = [notification("N1", *MORNING), notification("N2", *EVENING), STATEMENT]
    operator.deliver(declaration(operator))
    for place in order:
        loaded(operator, files[place])
    assert amounts(operator) == [1200, 5740, 5740]
    assert operator.rows("SELECT proven FROM bank_statement WHERE notification = ''") == [(True,)]

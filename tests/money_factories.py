"""Rows of money's way, as the importer would have made them: banks, acquirers, chargebacks, operations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from app.models import (
    Acceptor,
    BankAccount,
    BankMovement,
    BankStatement,
    Chargeback,
    CreditDecision,
    CreditLink,
    Operation,
    RemotePayment,
    Settlement,
    SettlementLine,
    SettlementLink,
)
from tests.factories import NIGHT, NOON, NUMBERS, insert_into_month, instant, reseller_of

if TYPE_CHECKING:
    from sqlalchemy import Connection


def a_bank_account(connection: Connection, *, merchant_id: int, **values: Any) -> int:
    number = next(NUMBERS)
    row = {
        "merchant_id": merchant_id,
        "id": number,
        "reseller_id": reseller_of(connection, merchant_id),
        "account_key": f"9999900001{number:011}",
        "currency": "EUR",
        **values,
    }
    connection.execute(insert(BankAccount).values(row))
    return row["id"]


def a_bank_statement(connection: Connection, *, merchant_id: int, bank_account_id: int, **values: Any) -> int:
    """A proven statement of the day after ``NIGHT``, with one line of 39,00 EUR."""
    row = {
        "merchant_id": merchant_id,
        "id": next(NUMBERS),
        "reseller_id": reseller_of(connection, merchant_id),
        "bank_account_id": bank_account_id,
        "opened_on": NIGHT.date(),
        "closed_on": NIGHT.date() + timedelta(days=1),
        "part": 0,
        "opening": 0,
        "closing": 3900,
        "currency": "EUR",
        "line_count": 1,
        "line_sum": 3900,
        "kept_count": 1,
        "kept_sum": 3900,
        "digest": "0" * 64,
        "proven": True,
        "import_file_id": 1,
        **values,
    }
    connection.execute(insert(BankStatement).values(row))
    return row["id"]


def a_bank_movement(
    connection: Connection, *, merchant_id: int, bank_account_id: int, bank_statement_id: int, **values: Any
) -> int:
    """A credit of 39,00 EUR for a remittance, booked the day after ``NIGHT``."""
    booked = NIGHT.date() + timedelta(days=1)
    texts = ("code", "inner_code", "label", "entry_number", "reference")
    hints = ("contract_number", "contract_rank", "remittance_number", "settlement_number")
    row = {
        "merchant_id": merchant_id,
        "id": next(NUMBERS),
        "booked_on": booked,
        "reseller_id": reseller_of(connection, merchant_id),
        "bank_account_id": bank_account_id,
        "bank_statement_id": bank_statement_id,
        "rank": 0,
        "value_on": booked,
        "amount": 3900,
        "currency": "EUR",
        "kind": "remittance",
        **dict.fromkeys((*texts, *hints), ""),
        "reversal": False,
        "import_file_id": 1,
        **values,
    }
    insert_into_month(connection, BankMovement, row, "booked_on")
    return row["id"]


def a_credit_link(connection: Connection, *, merchant_id: int, bank_movement_id: int, **values: Any) -> None:
    """A line that credits 39,00 EUR of a remittance of ``NIGHT``."""
    row = {
        "merchant_id": merchant_id,
        "bank_movement_id": bank_movement_id,
        "remittance_id": next(NUMBERS),
        "part": "net",
        "reseller_id": reseller_of(connection, merchant_id),
        "booked_on": NIGHT.date() + timedelta(days=1),
        "collected_on": NIGHT.date(),
        "amount": 3900,
        "rule": "remittance_number",
        "certainty": "certain",
        **values,
    }
    connection.execute(insert(CreditLink).values(row))


def a_credit_decision(
    connection: Connection, *, merchant_id: int, bank_movement_id: int, **values: Any
) -> None:
    """Somebody's word that a line of ``a_bank_movement`` credits a remittance of ``NIGHT``."""
    row = {
        "merchant_id": merchant_id,
        "bank_movement_id": bank_movement_id,
        "remittance_id": next(NUMBERS),
        "part": "net",
        "reseller_id": reseller_of(connection, merchant_id),
        "booked_on": NIGHT.date() + timedelta(days=1),
        "collected_on": NIGHT.date(),
        "rule": "equal_amount",
        "verdict": "confirmed",
        "user_id": 1,
        "decided_at": instant(NIGHT + timedelta(days=2)),
        **values,
    }
    connection.execute(insert(CreditDecision).values(row))


def an_acceptor(connection: Connection, *, merchant_id: int, **values: Any) -> int:
    """A number by which an acquirer knows a merchant."""
    number = next(NUMBERS)
    row = {
        "merchant_id": merchant_id,
        "id": number,
        "reseller_id": reseller_of(connection, merchant_id),
        "number": f"{number:010}",
        **values,
    }
    connection.execute(insert(Acceptor).values(row))
    return number


def _about_a_sale(connection: Connection, merchant_id: int, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "merchant_id": merchant_id,
        "id": next(NUMBERS),
        "reseller_id": reseller_of(connection, merchant_id),
        "source_id": 1,
        "acceptor_id": 0,
        "contract_number": "7654321",
        "sale_number": "000101",
        "sold_on": NOON.date(),
        "amount": 3900,
        "currency": "EUR",
        "import_file_id": 1,
        **values,
    }


def a_chargeback(connection: Connection, *, merchant_id: int, **values: Any) -> int:
    """A debit of 39,00 EUR, noticed 18 days after ``NOON``; of no certain sale, unless told otherwise."""
    row = {
        "stage": "debit",
        "case_key": f"case {next(NUMBERS)}",
        "noticed_on": NOON.date() + timedelta(days=18),
        "card_last4": "",
        "reason_code": "45",
        "reason_text": "",
    }
    found = _about_a_sale(connection, merchant_id, row | values)
    connection.execute(insert(Chargeback).values(found))
    return int(found["id"])


def an_operation(connection: Connection, *, merchant_id: int, **values: Any) -> int:
    """A refund of 39,00 EUR, three days after ``NOON``."""
    row = {
        "name": "refund",
        "said": "CREDIT",
        "sequence": "1",
        "operated_on": NOON.date() + timedelta(days=3),
        "origin": "",
    }
    found = _about_a_sale(connection, merchant_id, row | values)
    connection.execute(insert(Operation).values(found))
    return int(found["id"])


def a_remote_payment(connection: Connection, *, merchant_id: int, **values: Any) -> None:
    """What a platform says of a payment of ``NOON``, the day before the file that said so."""
    row = {
        "merchant_id": merchant_id,
        "reseller_id": reseller_of(connection, merchant_id),
        "occurred_on": NOON.date(),
        "number": "101",
        "sold_on": NOON.date(),
        "said_at": NOON + timedelta(days=1),
        "digest": "",
        "import_file_id": 1,
    }
    connection.execute(insert(RemotePayment).values(row | values))


def a_settlement(connection: Connection, *, merchant_id: int, **values: Any) -> int:
    """A payment of 38,22 EUR of American Express, the third day after ``NIGHT``."""
    row = {
        "merchant_id": merchant_id,
        "id": next(NUMBERS),
        "reseller_id": reseller_of(connection, merchant_id),
        "acceptor_id": 1,
        "source_id": 1,
        "payer": "AMERICAN EXPRESS",
        "payee": "8268250702",
        "number": f"{next(NUMBERS)}",
        "reference": "",
        "paid_on": NIGHT.date() + timedelta(days=3),
        "currency": "EUR",
        "account_key_last": "",
        "gross": 3900,
        "discount": 78,
        "fee": 0,
        "adjustment": 0,
        "tax": 0,
        "carried_over": 0,
        "net": 3822,
        "net_proven": True,
        "line_count": 1,
        "state": "paid",
        "digest": "0" * 64,
        "import_file_id": 1,
        **values,
    }
    connection.execute(insert(Settlement).values(row))
    return row["id"]


def a_settlement_line(connection: Connection, *, merchant_id: int, settlement_id: int, **values: Any) -> None:
    """A sale of 39,00 EUR in a payment, less a commission of 0,3120 EUR."""
    row = {
        "merchant_id": merchant_id,
        "id": next(NUMBERS),
        "paid_on": NIGHT.date() + timedelta(days=3),
        "reseller_id": reseller_of(connection, merchant_id),
        "acceptor_id": 1,
        "settlement_id": settlement_id,
        "rank": 0,
        "kind": "sale",
        "gross": 3900,
        "fee_hundredths": 3120,
        "net_hundredths": 386_880,
        "currency": "EUR",
        "contract_number": "",
        "reference": "",
        "merchant_reference": "",
        "card_last4": "",
        "import_file_id": 1,
        **values,
    }
    insert_into_month(connection, SettlementLine, row, "paid_on")


def a_settlement_link(connection: Connection, *, merchant_id: int, settlement_id: int, **values: Any) -> None:
    """A payment of a remittance of ``NIGHT``, of which 0,78 EUR were kept."""
    row = {
        "merchant_id": merchant_id,
        "settlement_id": settlement_id,
        "remittance_id": next(NUMBERS),
        "reseller_id": reseller_of(connection, merchant_id),
        "collected_on": NIGHT.date(),
        "paid_on": NIGHT.date() + timedelta(days=3),
        "amount": 3900,
        "fee": 78,
        "rule": "submission_number",
        "certainty": "certain",
        **values,
    }
    connection.execute(insert(SettlementLink).values(row))

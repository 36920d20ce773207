"""The demonstration's disputes: journals of the mail-order shop's platform, American Express at the hotel.

Of the shop's sales some are charged back, some of these given back, and its refunds stand in a journal of
operations. The hotel has questions to answer by a day, and a chargeback of part of a sale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, select

from app.database.engine import Database, DatabaseRole
from app.models import Contract, Merchant, Transaction
from app.rules.payments import Outcome, TransactionType
from importers.demo.profiles import RESELLER
from importers.files import profiles, sources
from importers.formats.amex import disputes

_Payment = Row[*tuple[Any, ...]]

SHOP_CODE, HOTEL_CODE = "VPC", "HOTEL"
#: Sources and what their files are called.
SOURCES: Final = {"demo-platform": r"J(?:RI|O)_VPC_.*\.csv", "demo-disputes": r"(?:EMCBK|EMINQ)_.*\.txt"}
_DAYS = 60
#: One in so many sales of the shop is charged back, after so many days; one in two of these is given back.
_ONE_IN, _AFTER, _GIVEN_BACK_AFTER = 40, timedelta(days=12), timedelta(days=9)
_REASONS = ("45", "42", "40")
_INQUIRIES, _TIME_TO_ANSWER = 3, timedelta(days=20)
_NOTICED = timedelta(days=4)


def files(database: Database, folder: Path, last_day: date) -> list[Path]:
    """Write the journals and disputes up to ``last_day``, and say whose files these are."""
    with database.writing(DatabaseRole.IMPORT) as connection:
        for name, pattern in SOURCES.items():
            sources.bind(connection, name, RESELLER)
            profiles.change(connection, name, role="money", file_pattern=pattern)
        shop, hotel = (_payments(connection, code, last_day) for code in (SHOP_CODE, HOTEL_CODE))
    folder.mkdir(exist_ok=True)
    written = {**_journals(shop, last_day), **_american_express(hotel, last_day)}
    paths = []
    for name, content in written.items():
        path = folder / name
        path.write_bytes(content)
        paths.append(path)
    return paths


def _payments(connection: Connection, code: str, last_day: date) -> Sequence[_Payment]:
    """What was accepted of a merchant in the last weeks, in order."""
    columns = ("occurred_on", "sequence_number", "type", "amount", "card_last4", "original_sequence_number")
    statement = (
        select(
            Contract.number.label("contract"),
            Contract.application,
            *(getattr(Transaction, name) for name in (*columns, "original_on")),
        )
        .select_from(Merchant)
        .join(Contract, Contract.merchant_id == Merchant.id)
        .join(
            Transaction,
            and_(Transaction.merchant_id == Merchant.id, Transaction.contract_id == Contract.id),
        )
        .where(
            Merchant.code == code,
            Transaction.occurred_on > last_day - timedelta(days=_DAYS),
            Transaction.outcome == Outcome.ACCEPTED,
        )
        .order_by(Transaction.occurred_at, Transaction.id)
    )
    return connection.execute(statement).all()


def _journals(payments: Sequence[_Payment], last_day: date) -> dict[str, bytes]:
    """The journals of the shop, one of each kind for each day that has something to tell."""
    found: dict[tuple[str, date], list[str]] = {}
    for kind, day, line in (*_chargebacks(payments), *_operations(payments)):
        if day <= last_day:
            found.setdefault((kind, day), []).append(line)
    return {
        f"{kind}_VPC_{day:%Y%m%d}.csv": _journal(kind, day, lines)
        for (kind, day), lines in sorted(found.items())
    }


def _chargebacks(payments: Sequence[_Payment]) -> Iterator[tuple[str, date, str]]:
    sales = [payment for payment in payments if payment.type == TransactionType.DEBIT]
    for place, sale in enumerate(sales[::_ONE_IN]):
        named = f"DETAIL;{sale.contract};{sale.occurred_on:%Y%m%d};{sale.sequence_number}"
        reason = _REASONS[place % len(_REASONS)]
        debited = sale.occurred_on + _AFTER
        yield "JRI", debited, f"{named};D;{sale.amount};{reason}"
        if place % 2:
            yield "JRI", debited + _GIVEN_BACK_AFTER, f"{named};C;{sale.amount};{reason}"


def _operations(payments: Sequence[_Payment]) -> Iterator[tuple[str, date, str]]:
    refunds = [payment for payment in payments if payment.type == TransactionType.REFUND]
    for refund in (payment for payment in refunds if payment.original_on):
        named = f"{refund.contract};{refund.original_on:%Y%m%d};{refund.original_sequence_number}"
        operated = refund.occurred_on
        yield "JO", operated, f"OPERATION;{named};1;CREDIT;{refund.amount};{operated:%Y%m%d};BACK_OFFICE"


_HEADINGS: Final = {
    "JRI": "CONTRACT;PAYMENT_DATE;TRANSACTION_ID;OPERATION_TYPE;SOURCE_AMOUNT;UNPAID_CODE",
    "JO": "CONTRACT;PAYMENT_DATE;TRANSACTION_ID;OPERATION_SEQUENCE;OPERATION_NAME;OPERATION_AMOUNT;"
    "OPERATION_DATE;OPERATION_ORIGIN",
}


def _journal(kind: str, day: date, lines: list[str]) -> bytes:
    title = f"TITRE;GRAINES ET JARDINS;{day:%y/%m/%d}_02:05:00;V1"
    return "\n".join([title, f"ENTETE;{_HEADINGS[kind]}", *lines, "FIN"]).encode() + b"\n"


def _american_express(payments: Sequence[_Payment], last_day: date) -> dict[str, bytes]:
    """Questions about the last sales of the hotel, and a debit of half of an earlier one."""
    sales = [
        payment
        for payment in payments
        if payment.type == TransactionType.DEBIT
        and payment.application.startswith("AMEX")
        and payment.occurred_on <= last_day - _NOTICED
    ]
    if len(sales) <= _INQUIRIES:
        return {}
    asked = [_case(sale, place, last_day) for place, sale in enumerate(sales[-_INQUIRIES:])]
    earlier = sales[-_INQUIRIES - 1]
    debited = _case(earlier, _INQUIRIES, last_day) | {"amount": _major(earlier.amount // 2)}
    return {
        f"EMINQ_{last_day:%Y%m%d}.txt": disputes.written("EMINQ", asked),
        f"EMCBK_{last_day:%Y%m%d}.txt": disputes.written("EMCBK", [debited]),
    }


def _case(sale: _Payment, number: int, last_day: date) -> dict[str, str]:
    return {
        "contract_number": sale.contract,
        "card": f"37XXXXXXXXX{sale.card_last4}",
        "case_key": f"DEMO{number:06}",
        "noticed_on": last_day.isoformat(),
        "due_on": (last_day + _TIME_TO_ANSWER).isoformat(),
        "sold_on": sale.occurred_on.isoformat(),
        "amount": _major(sale.amount),
        "sale_amount": _major(sale.amount),
        "currency": "EUR",
        "reason_code": "6014",
    }


def _major(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"

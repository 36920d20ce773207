"""GRRCN: the worldwide reconciliation file of American Express, versions 1.01, 2.01 and 3.01.

Source: shared format page "Money", section 3.4. Text with commas or tabs, quoted or not, or 800 fixed places.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

import pandas as pd

from app.models import CardNumbers
from app.rules.amex_records import GRRCN, Part
from app.wording.i18n import N_
from importers.formats import FileContext, Format, searched_by_field
from importers.formats.amex import counts, payments
from importers.formats.amex.cards import PAYER, last4
from importers.reading import fields
from importers.reading.amounts import HUNDREDTHS
from importers.reading.delimited import decoded, lines_in
from importers.records import Records
from importers.records.chargebacks import CHARGEBACK, Chargebacks
from importers.records.remote_payments import RemotePayments
from importers.records.remote_payments.submissions import SUBMISSION
from importers.records.settlements import SETTLEMENT, SETTLEMENT_LINE, Settlements
from importers.refusals import Notice, refuse

NAME: Final = "GRRCN"
FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?(?:\"HEADER\"[,\t]|HEADER[,\t]\"?[0-9]{8}|HEADER    [0-9]{8})")
# What stands between columns, with quotes around them or without.
_DELIMITED = re.compile(r'(?:"HEADER"|HEADER)([,\t])')

# Another has its fields elsewhere, and none comes unasked: its receiver orders it.
_VERSIONS: Final = ("1.01", "2.01", "3.01")
# A reason of an adjustment that a chargeback made.
_CHARGEBACK_REASON = re.compile(r"CHARGEBACK", re.IGNORECASE)
_LINE_KINDS = {
    "SUBMISSION": "remittance",
    "CHARGEBACK": "chargeback",
    "ADJUSTMENT": "adjustment",
    "FEEREVENUE": "fee",
}
#: Lines that a payment's adjustment is made of; revenue that fees bring is none of it.
_ADJUSTING = ("chargeback", "chargeback_reversal", "adjustment")
_SALE = (
    *("contract_number", "batch", "said_on", "captured_on", "occurred", "amount", "currency", "card_last4"),
    *("authorisation_number", "order_reference", "platform_reference", "line"),
)
_PARTS = ("gross", "discount", "fee", "adjustment", "tax")


@dataclass(frozen=True)
class GrrcnRecord:
    """A record: the line it stands on, its code and its fields."""

    line: int
    code: str
    values: Mapping[str, str]

    def amount(self, name: str) -> int:
        """Minor units, signed by ``-`` in front; 0 where the field is blank. Raises FileRefusedError."""
        return self._read(name, fields.whole_number, N_("expected minor units with their sign in front")) or 0

    def day(self, name: str) -> date | None:
        """A day, None where the field is blank. Raises FileRefusedError."""
        found: date | None = self._read(name, fields.day, N_("expected a day that exists"))
        return found

    def time(self, name: str) -> time | None:
        """A time of day, None where the field is blank. Raises FileRefusedError."""
        found: time | None = self._read(name, fields.clock_time, N_("expected a time such as 123109"))
        return found

    def _read(self, name: str, reader: Any, expected: str) -> Any:
        written = self.values.get(name, "").strip()
        if not written or not written.strip("0"):
            return None
        try:
            return reader(written)
        except ValueError:
            raise refuse(expected, line=self.line, column=f"{self.code} {name}") from None


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """The content of a GRRCN: its version, its records by code, its settlements and its chargebacks."""

    version: str
    counts: Mapping[str, int]
    settlements: Settlements
    chargebacks: Chargebacks
    payments: RemotePayments | None = None


def read(
    data: bytes, cards: CardNumbers = CardNumbers.REFUSE, *, with_payments: bool = False
) -> Reconciliation:
    """A whole file. ``cards`` is what its source's profile allows; ``with_payments`` reads transactions, too.

    Raises FileRefusedError, naming lines.
    """
    records = list(_records(data))
    by_code = Counter(record.code for record in records)
    if not records or records[0].code != "HEADER" or records[-1].code != "TRAILER":
        raise refuse(N_("expected HEADER first and TRAILER last"), line=records[-1].line if records else 1)
    version = records[0].values["version"].strip()
    if version not in _VERSIONS:
        raise refuse(
            N_("another version of GRRCN than %(known)s: ask American Express for one of these"),
            line=records[0].line,
            column="version",
            known=", ".join(_VERSIONS),
        )
    builder = _Builder(cards)
    for record in records:
        builder.take(record)
    return Reconciliation(
        version=version,
        counts=by_code,
        settlements=builder.settlements(tuple(_wrong_counts(records))),
        chargebacks=Chargebacks(cases=pd.DataFrame(builder.cases, columns=list(CHARGEBACK))),
        payments=_payments(records) if with_payments else None,
    )


def _payments(records: list[GrrcnRecord]) -> RemotePayments:
    """The transactions of a file, each with the submission before it."""
    numbers = payments.SubmissionNumbers()
    number, rows, submissions = "", [], []
    for record in records:
        values = record.values
        if record.code == "SUBMISSION":
            day = record.day("submitted_on")
            number = numbers.next(
                values["merchant"].strip(), day, values["invoice"], values["number"].strip()
            )
            submissions.append(_submission(record) | {"remittance_number": number})
        elif record.code == "TRANSACTN":
            if not number:
                raise refuse(N_("a transaction before its submission"), line=record.line)
            rows.append(_sale(record) | {"remittance_number": number})
    return payments.of_rows(
        pd.DataFrame(rows, columns=[*_SALE, "remittance_number"]),
        pd.DataFrame(submissions, columns=[name for name in SUBMISSION if name != "shop"]),
    )


def _submission(record: GrrcnRecord) -> dict[str, Any]:
    """A submission by its sum."""
    values, count = record.values, record.values.get("count", "").strip()
    payee, number, paid_on = _payment_key(record)
    return {
        "contract_number": values["merchant"].strip(),
        "batch": f"{payee}|{number}|{paid_on}",
        "batch_number": number,
        "captured_on": record.day("submitted_on") or _paid_on(record),
        "net": record.amount("gross"),
        "count": int(count) if count.isdigit() else 0,
        "currency": values["currency"],
        "line": record.line,
    }


def _sale(record: GrrcnRecord) -> dict[str, Any]:
    """A transaction as a payment of its contract."""
    values = record.values
    submitted_on = record.day("submitted_on") or _paid_on(record)
    payee, number, paid_on = _payment_key(record)
    said = (
        values["merchant"].strip(),
        f"{payee}|{number}|{paid_on}",
        _paid_on(record),
        submitted_on,
        payments.occurred(record.day("sold_on") or submitted_on, record.time("sold_at")),
        record.amount("gross"),
        values["currency"],
        _last4(values["card"]),
        values["approval_code"].strip(),
        values["reference"].strip(),
        values["transaction_id"].strip(),
        record.line,
    )
    return dict(zip(_SALE, said, strict=True))


def _records(data: bytes) -> Iterator[GrrcnRecord]:
    text, _ = decoded(data)
    begun = _DELIMITED.match(text)
    for line, row in enumerate(lines_in(text), 1):
        if not row.strip():
            continue
        cells = _cells(row, begun[1], line) if begun else None
        code = (cells[0] if cells else row[:10]).strip()
        parts = GRRCN.get(code)
        if parts is None:
            raise refuse(N_("not a record code of GRRCN"), line=line)
        found = _of_places(row, parts) if cells is None else _of_cells(cells, parts, line)
        yield GrrcnRecord(line, code, found)


def _cells(row: str, sign: str, line: int) -> list[str]:
    try:  # the last columns may be empty: a tab at the end is one
        return next(csv.reader([row.rstrip(" \r\n")], delimiter=sign, strict=True))
    except csv.Error:
        raise refuse(N_("quotes that do not match"), line=line) from None


def _of_cells(cells: list[str], parts: tuple[Part, ...], line: int) -> dict[str, str]:
    if len(cells) < len(parts):
        raise refuse(
            N_("expected %(expected)s columns, found %(found)s"),
            line=line,
            expected=len(parts),
            found=len(cells),
        )
    return {part.name: cell for part, cell in zip(parts, cells, strict=False)}


def _of_places(row: str, parts: tuple[Part, ...]) -> dict[str, str]:
    values, place = {}, 0
    for part in parts:
        values[part.name] = row[place : place + part.width]
        place += part.width
    return values


def _wrong_counts(records: list[GrrcnRecord]) -> Iterator[Notice]:
    """Counts that a submission or the trailer gets wrong, as the vendor's own samples do."""
    declared: GrrcnRecord | None = None
    found = 0
    for record in records:
        if record.code == "TRANSACTN":
            found += 1
        elif record.code in {"SUBMISSION", "TRAILER"}:
            yield from _wrong_count(declared, "count", found)
            declared, found = record, 0
    yield from _wrong_count(records[-1], "record_count", len(records))


def _wrong_count(record: GrrcnRecord | None, name: str, found: int) -> Iterator[Notice]:
    if record is None:
        return
    said = record.values.get(name, "").strip()
    if said.isdigit() and int(said) != found:
        yield counts.wrong(record.line, int(said), found)


class _Builder:
    """Rows of the frames, as records pass by: what follows a payment's summary belongs to it."""

    def __init__(self, cards: CardNumbers) -> None:
        self.cards = cards
        self.payments: dict[tuple[str, str, date | None], dict[str, Any]] = {}
        self.lines: list[dict[str, Any]] = []
        self.cases: list[dict[str, Any]] = []

    def take(self, record: GrrcnRecord) -> None:
        """Add what a record holds."""
        if "card" in record.values:
            last4(record.values["card"], self.cards, line=record.line)
        if record.code == "SUMMARY":
            self._add_payment(record)
        elif record.code in _LINE_KINDS:
            self._add_line(record)
        if record.code == "CHARGEBACK" or (
            record.code == "ADJUSTMENT" and _CHARGEBACK_REASON.search(record.values["reason_text"])
        ):
            self.cases.append(_case(record))

    def _add_payment(self, record: GrrcnRecord) -> None:
        key = _payment_key(record)
        if key in self.payments:
            raise refuse(N_("this payment stands in the file already"), line=record.line)
        self.payments[key] = _payment(record) | {"place": len(self.payments)}

    def _add_line(self, record: GrrcnRecord) -> None:
        payment = self.payments.get(_payment_key(record))
        if payment is None:
            raise refuse(N_("belongs to no payment in front of it"), line=record.line)
        self.lines.append(_line(record) | {"settlement": payment["place"], "rank": payment["line_count"]})
        payment["line_count"] += 1

    def settlements(self, notices: tuple[Notice, ...]) -> Settlements:
        """The payments and their lines; one whose lines are not all there is not proven."""
        frame = pd.DataFrame(list(self.payments.values()), columns=list(SETTLEMENT))
        lines = pd.DataFrame(self.lines, columns=list(SETTLEMENT_LINE))
        frame["net_proven"] &= _is_whole(frame, lines)
        notices = (*notices, *counts.unproven(frame))
        return Settlements(settlements=frame, lines=lines, notices=notices, payer=PAYER)


def _is_whole(frame: pd.DataFrame, lines: pd.DataFrame) -> pd.Series[Any]:
    """Whether a payment's submissions make its gross, and its disputes and adjustments its adjustment."""
    received, adjusted = lines["kind"] == "remittance", lines["kind"].isin(_ADJUSTING)
    gross = lines[received].groupby("settlement")["gross"].sum()
    net = lines[adjusted].groupby("settlement")["net_hundredths"].sum()
    return (frame["gross"] == gross.reindex(frame.index, fill_value=0)) & (
        frame["adjustment"] * HUNDREDTHS == net.reindex(frame.index, fill_value=0)
    )


def _payment_key(record: GrrcnRecord) -> tuple[str, str, date | None]:
    return record.values["payee"].strip(), record.values["number"].strip(), record.day("paid_on")


def _paid_on(record: GrrcnRecord) -> date:
    paid_on = record.day("paid_on")
    if paid_on is None:
        raise refuse(N_("a value is required"), line=record.line, column="paid_on")
    return paid_on


def _payment(record: GrrcnRecord) -> dict[str, Any]:
    """A summary. Its adjustment and opening balance are signed, what it takes off is not."""
    amounts = {name: record.amount(name) for name in (*_PARTS, "opening_debit", "net")}
    made = amounts["gross"] - amounts["discount"] - amounts["fee"] + amounts["adjustment"] - amounts["tax"]
    carried = amounts.pop("opening_debit")
    account = record.values["iban"].strip() or record.values["account"].strip()
    return {
        **amounts,
        "payee": record.values["payee"].strip(),
        "number": record.values["number"].strip(),
        "reference": record.values["unique_reference"].strip(),
        "paid_on": _paid_on(record),
        "currency": record.values["currency"],
        "account_key_last": account[-4:],
        "carried_over": carried,
        "net_proven": made + carried == amounts["net"],
        "state": "carried" if amounts["net"] < 0 else "paid",
        "line_count": 0,
    }


def _line(record: GrrcnRecord) -> dict[str, Any]:
    values = record.values
    gross = record.amount("gross")
    off = sum(record.amount(name) for name in ("discount", "fee", "tax"))
    kind = _LINE_KINDS[record.code]
    if record.code == "CHARGEBACK" and gross > 0:
        kind = "chargeback_reversal"
    net = record.amount("net") if values.get("net", "").strip() else gross - off
    return {
        "kind": kind,
        "gross": gross,
        "fee_hundredths": off * HUNDREDTHS,
        "net_hundredths": net * HUNDREDTHS,
        "currency": values["currency"],
        "contract_number": values["merchant"].strip(),
        "reference": (values.get("case_number") or values.get("invoice") or "").strip(),
        "merchant_reference": values.get("reference", "").strip(),
        "occurred_on": record.day("submitted_on"),
        "card_last4": _last4(values.get("card", "")),
        "count": int(values["count"]) if values.get("count", "").strip().isdigit() else None,
    }


def _last4(card: str) -> str:
    return last4(card, CardNumbers.MASK, line=0)


def _case(record: GrrcnRecord) -> dict[str, Any]:
    """A chargeback: a negative amount is a debit, a positive one gives it back."""
    gross = record.amount("gross")
    number = record.values["case_number"].strip()
    return {
        "stage": "debit" if gross < 0 else "reversal",
        "case_key": f"{record.code}|{number}",
        "amount": abs(gross),
        "currency": record.values["currency"],
        "contract_number": record.values["merchant"].strip(),
        "noticed_on": record.day("processed_on") or _paid_on(record),
        "sold_on": record.day("submitted_on"),
        "sale_number": record.values["reference"].strip(),
        "sale_amount": None,
        "card_last4": _last4(record.values["card"]),
        "reason_code": record.values["reason_code"].strip(),
        "reason_text": record.values["reason_text"].strip(),
        "due_on": None,
    }


def _read(data: bytes, context: FileContext) -> Records:
    found = read(data, context.cards, with_payments=context.own_payments is not None)
    return payments.records(found.settlements, found.chargebacks, found.payments, context)


FORMAT = Format(
    name=NAME,
    first_line=FIRST_LINE,
    find_cards=searched_by_field,
    read=_read,
    archived=False,
    has_card_fields=True,
)

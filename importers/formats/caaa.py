"""nexo caaa.011, AcceptorBatchTransfer: the payments of a terminal or an acceptor's host, as a batch.

Source: shared format page "Money", sections 3.5 and 9; ISO 20022. Any version and namespace: local names
decide. A data set is a remittance; what stands in its common data holds for each transaction that does
not say otherwise. A full card number is refused, whatever its check digit says.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element

import pandas as pd

from app.refusals import CARD_NUMBER, NO_APPLICATION, Unit
from app.wording.i18n import N_
from app.wording.money import exponent
from importers.formats import FileContext, Format, searched_by_field
from importers.reading import xml
from importers.reading.amounts import minor_units
from importers.reading.fields import day_of
from importers.reading.free_text import refuse_card_numbers
from importers.reading.xml import first_text, text
from importers.records import Header
from importers.records.remote_payments import ALONE, REMOTE_PAYMENT, RemotePayments
from importers.refusals import FileRefusedError, Notice, Refusal, refuse

NAME: Final = "caaa.011"
FIRST_LINE = xml.XmlBeginning(rb"(?s)(?:\xef\xbb\xbf)?\s*<.{0,2000}?AccptrBtchTrf")

#: What a transaction is: a choice of four.
_TRANSACTIONS = frozenset({"Cmpltn", "Cxl", "AuthstnReq", "AuthstnRspn"})
_ENDED = _TRANSACTIONS | {"Hdr", "CmonData", "TxTtls", "DataSetId", "DataSet", "AccptrBtchTrf"}
#: Fields that are a card number by name.
_CARD_NAMES = ("PAN", "PlainCardData", "PrtctdCardData")
_FULL_CARD = re.compile(r"[0-9]{13,19}", re.ASCII)
_TYPES = {"CRDP": "debit", "RFND": "refund", "RESA": "preauthorisation"}
_CANCELLED = {"debit": "cancellation", "refund": "refund_cancellation"}
_NUMBERS = ("requested_amount", "schedule_rank", "schedule_count")
_ORIGINAL = ("Tx/OrgnlTx/TxId/TxRef", "OrgnlTx/TxId/TxRef", "Tx/OrgnlTx/TxRef", "OrgnlTx/TxRef")
#: What is kept as it is written.
_FREE_TEXTS = (
    *("sale_number", "scheme", "authorisation_number", "response_code"),
    *("order_reference", "card_country", "remittance_number", "terminal_number", "original_number"),
)
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}
#: Types of totals, by what makes a transaction count there.
_TOTALS = {
    ("accepted", "debit"): "DEBT",
    ("accepted", "cancellation"): "DBTR",
    ("accepted", "refund"): "CRDT",
    ("accepted", "refund_cancellation"): "CRDR",
    ("declined", "debit"): "DECL",
    ("declined", "refund"): "DECL",
    ("abandoned", "debit"): "FAIL",
    ("abandoned", "refund"): "FAIL",
}
_CREATED: Final = "Hdr/CreDtTm"
_EXPECTED_MOMENT = N_("expected the time at which the batch was made")
_EXPECTED_TOTALS = N_("expected the totals of data set %(number)s as numbers and amounts")
_DIFFERS = N_("the totals %(type)s of data set %(number)s are not those of its transactions")


def read(data: bytes) -> RemotePayments:
    """The transactions of a whole file. Raises FileRefusedError, naming the transaction and the path."""
    reader = _TransactionReader()
    for element in xml.ended(data, _ENDED):
        reader.take(element)
    if not reader.ended:
        raise refuse(N_("no batch of an acceptor"))
    frame = pd.DataFrame(reader.payments, columns=list(REMOTE_PAYMENT))
    frame["line"] = range(1, len(frame) + 1)
    frame = frame.astype({"amount": "int64", "is_cancelled": "bool"} | dict.fromkeys(_NUMBERS, "Int64"))
    for name in ("occurred", "captured_on"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    refuse_card_numbers(frame, _FREE_TEXTS, frame["line"].to_numpy(), Unit.ENTRY)
    return RemotePayments(
        payments=frame,
        notices=tuple(reader.notices),
        unit=Unit.ENTRY,
        header=Header(created_at=_made_at(reader.header)),
    )


def _made_at(header: Element) -> datetime | None:
    """The moment at which the batch was made, in its own zone if it names one. Raises FileRefusedError."""
    written = text(header, "CreDtTm")
    try:
        return datetime.fromisoformat(written) if written else None
    except ValueError:
        raise refuse(_EXPECTED_MOMENT, column=_CREATED) from None


def _records(data: bytes, context: FileContext) -> RemotePayments:
    """The payments of a file, as its source's profile places them. Raises FileRefusedError."""
    found = read(data)
    if context.payments is None:
        raise refuse(NO_APPLICATION)
    made_at = found.header.created_at
    if made_at is None:
        raise refuse(_EXPECTED_MOMENT, column=_CREATED)
    if made_at.tzinfo is None:
        made_at = made_at.replace(tzinfo=context.payments.zone)
    placed = found.of_source(context.payments, Header(created_at=made_at))
    return replace(placed, zone=None)  # a time is that of its terminal


FORMAT = Format(name=NAME, first_line=FIRST_LINE, find_cards=searched_by_field, read=_records, archived=False)


class _TransactionReader:
    """The parts of a file that have passed by: its header, common data, its transactions.

    Common data stands in front of the transactions, as the standard orders them.
    """

    def __init__(self) -> None:
        self.payments: list[dict[str, Any]] = []
        self.notices: list[Notice] = []
        self.header = Element("Hdr")
        self.ended = False
        self._begin()
        self.sets = 0

    def _begin(self) -> None:
        self.common, self.set_id = Element("CmonData"), Element("DataSetId")
        self.totals: list[Element] = []
        self.first = len(self.payments)

    def take(self, element: Element) -> None:
        """Read an element that has ended."""
        match element.tag:
            case "Hdr":
                self.header = element
            case "CmonData":
                self.common = element
            case "DataSetId":
                self.set_id, self.totals = element, []  # those in front are the whole file's
            case "TxTtls":
                self.totals.append(element)
            case "DataSet":
                self._end_set()
            case "AccptrBtchTrf":
                self.ended = True
            case _:
                self._add(element)

    def _add(self, record: Element) -> None:
        number = len(self.payments) + 1
        _refuse_cards(record, number)
        _refuse_cards(self.common, number)
        try:
            self.payments.append(_payment(record, self.common, self.set_id, self.header))
        except (ValueError, KeyError):
            reason = N_("expected a known type, a time and an amount in whole units of its currency")
            raise _refuse(reason, number, record.tag) from None

    def _end_set(self) -> None:
        self.sets += 1
        own = self.payments[self.first :]
        try:
            different = _different(own, self.totals)
        except ValueError:
            raise refuse(_EXPECTED_TOTALS, column="TxTtls", number=self.sets) from None
        self.notices += [
            Notice(reason=_DIFFERS, params={"type": kind, "number": self.sets}) for kind in different
        ]
        self._begin()


def _refuse(reason: str, number: int, path: str) -> FileRefusedError:
    return FileRefusedError([Refusal(reason=reason, unit=Unit.ENTRY, line=number, column=path)])


def _refuse_cards(element: Element, number: int) -> None:
    """Raises FileRefusedError for a full number in a field that is a card number by name."""
    for name in _CARD_NAMES:
        for found in element.iter(name):
            if any(_FULL_CARD.search("".join(part.split())) for part in found.itertext()):
                raise _refuse(CARD_NUMBER, number, name)


def _payment(record: Element, common: Element, set_id: Element, header: Element) -> dict[str, Any]:
    def said(*paths: str) -> str:
        """The text at the first of ``paths`` that the record has, else the common data."""
        return first_text(record, *paths) or first_text(common, *paths)

    currency = said("Tx/TxDtls/Ccy", "TxDtls/Ccy", "Ccy") or "EUR"
    amount = minor_units(said("Tx/TxDtls/TtlAmt", "TxDtls/TtlAmt"), exponent(currency))
    kind = _TYPES[said("Tx/TxTp", "TxTp") or "CRDP"]
    cancels = record.tag == "Cxl" or said("Tx/Rvsl", "Rvsl") in _TRUE
    moment = said("Tx/TxId/TxDtTm", "TxId/TxDtTm")
    written = text(set_id, "CreDtTm") or text(header, "CreDtTm")
    captured = _moment(written) if written else None
    return {
        "contract_number": said("Envt/Mrchnt/Id/Id"),
        "shop": said("Envt/POI/Id/Id"),
        "terminal_number": said("Envt/POI/Id/Id"),
        "remittance_number": text(set_id, "RcncltnId")
        or said("Tx/RcncltnId", "RcncltnId")
        or text(header, "XchgId"),
        "original_number": first_text(record, *_ORIGINAL),
        "sale_number": said("Tx/TxId/TxRef", "TxId/TxRef", "TxSeqCntr"),
        "occurred": _moment(moment),
        "captured_on": captured.date() if captured else None,
        "captured_time": captured.time() if captured else None,
        "is_cancelled": False,
        "type": _CANCELLED.get(kind, kind) if cancels else kind,
        "outcome": _outcome(said),
        "amount": amount,
        "requested_amount": None,
        "currency": currency,
        "scheme": said("Envt/Card/CardBrnd"),
        "card_last4": _last4(said("Envt/Card/MskdPAN")),
        "authorisation_number": said("Tx/AuthstnRslt/AuthstnCd", "AuthstnRslt/AuthstnCd"),
        "response_code": said("Tx/AuthstnRslt/RspnToAuthstn/RspnRsn"),
        "order_reference": said("Cntxt/SaleCntxt/SaleRefNb", "Tx/SaleRefId"),
        "three_ds": "",
        "card_country": said("Envt/Card/IssrCtryCd"),
        "platform_reference": "",
        "schedule_rank": None,
        "schedule_count": None,
        **ALONE,
    }


def _outcome(said: Any) -> str:
    if said("Tx/AuthstnRslt/RspnToAuthstn/Rspn", "AuthstnRslt/RspnToAuthstn/Rspn") == "DECL":
        return "declined"
    return "abandoned" if said("Tx/TxSucss", "TxSucss") in _FALSE else "accepted"


def _moment(written: str) -> datetime:
    """The local time of a transaction, as its terminal writes it; a zone behind it is its own.

    Raises ValueError.
    """
    found = datetime.fromisoformat(written).replace(tzinfo=None, microsecond=0)
    day_of(found.year, found.month, found.day)
    return found


def _last4(masked: str) -> str:
    found = re.search(r"[0-9]{4}$", masked)
    return found[0] if found else ""


def _different(payments: list[dict[str, Any]], totals: list[Element]) -> list[str]:
    """The types of totals that the transactions do not make, in number or amount."""
    made: dict[str, list[int]] = {}
    for payment in payments:
        kind = _TOTALS.get((payment["outcome"], payment["type"]))
        if kind:
            made.setdefault(kind, []).append(payment["amount"])
    different = []
    for element in totals:
        kind, currency = text(element, "Tp"), text(element, "Ccy") or "EUR"
        own = made.get(kind, [])
        said = (
            int(text(element, "TtlNb") or 0),
            minor_units(text(element, "CmltvAmt") or "0", exponent(currency)),
        )
        if said != (len(own), sum(own)):
            different.append(kind)
    return different

"""EPTRN, EPRAW and EPPRC: the older payment files of American Express, of fixed places.

Source: shared format page "Money", section 3.4. Sections stand between DFHDR and DFTRL; days are Julian,
the last character of an amount carries its sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.models import CardNumbers
from app.refusals import Unit
from app.rules.amex_records import EPTRN, EPTRN_BEGINS
from app.wording.i18n import N_
from importers.formats import FileContext, Format, searched_by_field
from importers.formats.amex import counts, payments
from importers.formats.amex.cards import PAYER, last4
from importers.reading.amounts import HUNDREDTHS
from importers.reading.delimited import decoded, lines_in
from importers.reading.fixed_width import FixedWidth, PlaceRange, Texts
from importers.records import Records
from importers.records.chargebacks import CHARGEBACK, Chargebacks
from importers.records.remote_payments import RemotePayments
from importers.records.settlements import SETTLEMENT, SETTLEMENT_LINE, Settlements
from importers.refusals import Notice, refuse

NAME: Final = "EPTRN"
WIDTH = 450
_EXPECTED_DAY = N_("expected a day such as 2026061")

_HEADER, _TRAILER = "DFHDR", "DFTRL"
_SUMMARY, _SUBMISSION, _SALE, _CHARGEBACK, _ADJUSTMENT, _OTHER = "100", "210", "311", "220", "230", "250"


def _place(label: str, code: str, name: str) -> PlaceRange:
    """The field ``name`` of the records ``code``, and what it is called in refusals."""
    return PlaceRange(label, *EPTRN[code][name])


_SECTION = PlaceRange(N_("record code"), 1, 5)
_PAYEE = _place(N_("payee"), "", "payee")
_MERCHANT = _place(N_("merchant"), "", "merchant")
_NUMBER = _place(N_("payment number"), "", "number")
_TYPE = _place(N_("record code"), "", "type")
_DAY = _place(N_("day"), "", "day")
_PAID = _place(N_("amount"), _SUMMARY, "paid")
_CARRIED = _place(N_("debit balance"), _SUMMARY, "carried")
_ACCOUNT = _place(N_("account number"), _SUMMARY, "account")
_CARD = _place(N_("card"), _SALE, "card")
_INVOICE = _place(N_("reference"), _SUBMISSION, "reference")
_SALE_AMOUNT, _SOLD = _place(N_("amount"), _SALE, "amount"), _place(N_("day"), _SALE, "sold")
_SALE_NUMBER, _SALE_REFERENCE = (_place(N_("reference"), _SALE, name) for name in ("number", "order"))
#: How many sales (ROC) a submission has; the longer field where the shorter one is 0.
_SALE_COUNTS = tuple(_place(N_("transactions"), _SUBMISSION, name) for name in ("count", "long_count"))
_RECORD_COUNT = PlaceRange(N_("number of records"), 84, 90)


def _amounts(records: FixedWidth, field: PlaceRange) -> NDArray[np.int64]:
    values, known = records.overpunched(field)
    records.require(known, field, N_("expected an amount that ends with its sign"))
    return values


def _days(records: FixedWidth, field: PlaceRange = _DAY) -> NDArray[np.datetime64]:
    """The days of a field, NaT where it is blank or 0. Raises FileRefusedError where one does not exist."""
    days = records.days_julian(field)
    is_blank = np.isin(records.text(field), ("", "0" * 7))
    records.require(~np.isnat(days) | is_blank, field, _EXPECTED_DAY)
    return days


def _parts(code: str) -> tuple[PlaceRange, tuple[PlaceRange, ...], PlaceRange, PlaceRange]:
    """The places of gross, what is taken off, net and reference of the lines ``code``."""
    labels = {"amount": N_("amount"), "discount": N_("discount"), "fee": N_("fee"), "net": N_("net")}
    found = {name: _place(label, code, name) for name, label in labels.items() if name in EPTRN[code]}
    taken_off = tuple(found[name] for name in ("discount", "fee") if name in found)
    reference = _place(N_("reference"), code, "reference")
    return found["amount"], taken_off, found.get("net", found["amount"]), reference


#: Of each kind of line: its kind in a settlement, and the places of gross, what is taken off, net, reference.
_LINES: Final = {
    code: (kind, *_parts(code))
    for code, kind in (
        (_SUBMISSION, "remittance"),
        (_CHARGEBACK, "chargeback"),
        (_ADJUSTMENT, "adjustment"),
        (_OTHER, "reserve"),
    )
}
_REASON = {code: _place(N_("reason"), code, "reason") for code in (_CHARGEBACK, _ADJUSTMENT)}


@dataclass(frozen=True, kw_only=True)
class PaymentFile:
    """The content of an EPTRN: its settlements, chargebacks and, where they are asked for, payments."""

    settlements: Settlements
    chargebacks: Chargebacks
    payments: RemotePayments | None = None


def read(data: bytes, cards: CardNumbers = CardNumbers.REFUSE, *, with_payments: bool = False) -> PaymentFile:
    """A whole file. ``cards`` is what its source's profile allows; ``with_payments`` reads sales, too.

    Raises FileRefusedError, naming records.
    """
    text, _ = decoded(data)
    records = FixedWidth.of([line for line in lines_in(text) if line.strip()], WIDTH)
    sections = records.text(_SECTION)
    kinds = np.where(np.isin(sections, (_HEADER, _TRAILER)), sections, records.raw(_TYPE))
    if not len(records) or kinds[0] != _HEADER or kinds[-1] != _TRAILER:
        raise refuse(N_("expected DFHDR first and DFTRL last"), line=len(records) or 1)
    _refuse_full_cards(records.at(kinds == _SALE), cards)
    payment = np.cumsum(kinds == _SUMMARY) - 1
    of_none = (payment < 0) & np.isin(kinds, list(_LINES))
    records.require(~of_none, _TYPE, N_("a line of a payment before the payment itself"))
    lines = _lines(records, kinds, payment)
    frame = _payments(records.at(kinds == _SUMMARY), lines)
    notices = (*_wrong_counts(records, kinds), *counts.unproven(frame))
    settlements = Settlements(
        settlements=frame, lines=lines[list(SETTLEMENT_LINE)], notices=notices, payer=PAYER
    )
    return PaymentFile(
        settlements=settlements,
        chargebacks=Chargebacks(cases=_cases(records, kinds)),
        payments=_sales(records, kinds, payment, frame) if with_payments else None,
    )


def _sales(
    records: FixedWidth, kinds: Texts, payment: NDArray[np.int64], frame: pd.DataFrame
) -> RemotePayments:
    """The sales (ROC) of a file, each with the submission (SOC) before it."""
    is_submission, is_sale = kinds == _SUBMISSION, kinds == _SALE
    submission = np.cumsum(is_submission) - 1
    records.require(~(is_sale & (submission < 0)), _TYPE, N_("a transaction before its submission"))
    soc, roc = records.at(is_submission), records.at(is_sale)
    submitted, sold = _days(soc)[submission[is_sale]], _days(roc, _SOLD)
    of, numbers = frame.iloc[payment[is_sale]].reset_index(drop=True), _numbers(soc)
    rows = pd.DataFrame(
        {
            "contract_number": roc.text(_MERCHANT),
            "remittance_number": numbers[submission[is_sale]],
            "batch": _batches(of),
            "said_on": of["paid_on"],
            "captured_on": submitted,
            "occurred": np.where(np.isnat(sold), submitted, sold),
            "amount": _amounts(roc, _SALE_AMOUNT),
            "currency": "",
            "card_last4": [last4(card, CardNumbers.MASK, line=0) for card in roc.text(_CARD).tolist()],
            "authorisation_number": "",
            "order_reference": roc.text(_SALE_REFERENCE),
            "platform_reference": roc.text(_SALE_NUMBER),
            "line": roc.numbers,
        }
    )
    submissions = _submissions(soc, numbers, frame.iloc[payment[is_submission]].reset_index(drop=True))
    return payments.of_rows(rows, submissions, Unit.RECORD)


def _submissions(soc: FixedWidth, numbers: NDArray[np.object_], of: pd.DataFrame) -> pd.DataFrame:
    """The submissions by their sums: an EPRAW tells nothing else. ``of`` is the payment of each."""
    counted = (soc.overpunched(field) for field in _SALE_COUNTS)
    short, long = (np.where(known, values, 0) for values, known in counted)
    return pd.DataFrame(
        {
            "contract_number": soc.text(_MERCHANT),
            "remittance_number": numbers,
            "batch": _batches(of),
            "batch_number": of["number"],
            "captured_on": soc.days_julian(_DAY),
            "net": _amounts(soc, _LINES[_SUBMISSION][1]),
            "count": np.clip(np.where(short > 0, short, long), 0, None),
            "currency": "",
            "line": soc.numbers,
        }
    )


def _batches(of: pd.DataFrame) -> pd.Series[Any]:
    """The payments as wholes: payee, number and day of each."""
    days = pd.to_datetime(of["paid_on"]).dt.strftime("%Y-%m-%d")
    batches: pd.Series[Any] = of["payee"] + "|" + of["number"] + "|" + days
    return batches


def _numbers(soc: FixedWidth) -> NDArray[np.object_]:
    """The number of each submission."""
    numbers = payments.SubmissionNumbers()
    said = zip(soc.text(_MERCHANT), soc.days_julian(_DAY), soc.text(_INVOICE), soc.text(_NUMBER), strict=True)
    return np.array([numbers.next(*map(str, one)) for one in said], dtype=object)


def _refuse_full_cards(records: FixedWidth, cards: CardNumbers) -> None:
    for number, card in zip(records.numbers.tolist(), records.text(_CARD).tolist(), strict=True):
        last4(card, cards, line=number)


def _lines(records: FixedWidth, kinds: Texts, payment: NDArray[np.int64]) -> pd.DataFrame:
    frames = []
    for kind, (name, gross, taken_off, net, reference) in _LINES.items():
        some = records.at(kinds == kind)
        parts = [_amounts(some, field) for field in taken_off]
        off = sum(parts, np.zeros(len(some), dtype=np.int64))
        frames.append(
            pd.DataFrame(
                {
                    "record": some.numbers,
                    "settlement": payment[kinds == kind],
                    "kind": name,
                    "gross": _amounts(some, gross),
                    "discount": parts[0] if parts else 0,
                    "fee_hundredths": off * HUNDREDTHS,
                    "net_hundredths": _amounts(some, net) * HUNDREDTHS,
                    "contract_number": some.text(_MERCHANT),
                    "reference": some.text(reference),
                    "occurred_on": _days(some),
                }
            )
        )
    lines = pd.concat(frames, ignore_index=True).sort_values("record", ignore_index=True)
    lines["rank"] = lines.groupby("settlement").cumcount()
    return lines.assign(currency="", merchant_reference="", card_last4="", count=None)


def _payments(records: FixedWidth, lines: pd.DataFrame) -> pd.DataFrame:
    """The payments. Each is its lines, when they add up: in the vendor's own sample three of five do."""
    net = _amounts(records, _PAID)
    sums = lines.groupby("settlement")[["gross", "discount", "fee_hundredths", "net_hundredths"]].sum()
    sums = sums.reindex(range(len(records)), fill_value=0)
    days = records.days_julian(_DAY)
    records.require(~np.isnat(days), _DAY, _EXPECTED_DAY)
    return pd.DataFrame(
        {
            "payee": records.text(_PAYEE),
            "number": records.text(_NUMBER),
            "reference": "",
            "paid_on": days,
            "currency": "",
            "account_key_last": pd.Series(records.text(_ACCOUNT), dtype=object).str[-4:],
            "gross": sums["gross"].to_numpy(),
            "discount": sums["discount"].to_numpy(),
            "fee": sums["fee_hundredths"].to_numpy() // HUNDREDTHS - sums["discount"].to_numpy(),
            "adjustment": 0,
            "tax": 0,
            "carried_over": _amounts(records, _CARRIED),
            "net": net,
            "net_proven": sums["net_hundredths"].to_numpy() == net * HUNDREDTHS,
            "state": np.where(net < 0, "carried", "paid"),
        }
    )[list(SETTLEMENT)]


def _cases(records: FixedWidth, kinds: Texts) -> pd.DataFrame:
    some = records.at(kinds == _CHARGEBACK)
    _, gross, _, _, reference = _LINES[_CHARGEBACK]
    amounts = _amounts(some, gross)
    references = pd.Series(some.text(reference), dtype=object)
    frame = pd.DataFrame(
        {
            "stage": np.where(amounts < 0, "debit", "reversal"),
            "case_key": references + "|" + pd.Series(some.text(_NUMBER), dtype=object),
            "amount": np.abs(amounts),
            "currency": "",
            "contract_number": some.text(_MERCHANT),
            "noticed_on": some.days_julian(_DAY),
            "sold_on": np.datetime64("NaT", "D"),
            "sale_number": references,
            "sale_amount": None,
            "card_last4": "",
            "reason_code": "",
            "reason_text": some.text(_REASON[_CHARGEBACK]),
            "due_on": np.datetime64("NaT", "D"),
        }
    )
    ordinal = frame.groupby(["case_key", "stage", "amount"]).cumcount().astype(str)
    frame["case_key"] = frame["case_key"] + "|" + frame["amount"].astype(str) + "|" + ordinal
    return frame[list(CHARGEBACK)]


def _wrong_counts(records: FixedWidth, kinds: Texts) -> list[Notice]:
    """Trailers whose count is not that of the records in their section, its two ends left out."""
    ends = np.flatnonzero(kinds == _TRAILER)
    found = np.diff(np.concatenate([[-1], ends])) - 2
    said, known = records.at(ends).whole_number(_RECORD_COUNT)
    return [
        counts.wrong(int(records.numbers[end]), int(says), int(has))
        for end, says, has, is_known in zip(ends, said, found, known, strict=True)
        if is_known and says != has
    ]


def _read(data: bytes, context: FileContext) -> Records:
    found = read(data, context.cards, with_payments=context.own_payments is not None)
    return payments.records(found.settlements, found.chargebacks, found.payments, context)


FORMAT = Format(
    name=NAME,
    first_line=EPTRN_BEGINS,
    find_cards=searched_by_field,
    read=_read,
    archived=False,
    has_card_fields=True,
)

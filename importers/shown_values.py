"""Values of records as whoever sets a source up reads them: headings and codes in words, amounts in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

import pandas as pd

from app.wording import codes
from app.wording.formats import day, moment
from app.wording.i18n import N_, gettext
from app.wording.money import exponent, plain
from importers.reading.amounts import HUNDREDTHS

_HEADINGS: Final = {
    "account_key": N_("Account"),
    "opened_on": N_("Balance of"),
    "closed_on": N_("Closed on"),
    "opening": N_("Opening balance"),
    "line_sum": N_("Sum of the lines"),
    "closing": N_("Closing balance"),
    "proven": N_("Proven"),
    "kind": N_("Type"),
    "booked_on": N_("Booked on"),
    "amount": N_("Amount"),
    "code": N_("Code"),
    "contract_number": N_("Contract"),
    "contract_rank": N_("Rank"),
    "remittance_number": N_("Batch"),
    "payee": N_("Payee"),
    "number": N_("Payment number"),
    "paid_on": N_("Paid on"),
    "gross": N_("Gross"),
    "discount": N_("Discount"),
    "fee": N_("Fee"),
    "adjustment": N_("Adjustment"),
    "net": N_("Net"),
    "net_proven": N_("Proven"),
    "reference": N_("Reference"),
    "occurred_on": N_("Day"),
    "fee_hundredths": N_("Fee"),
    "net_hundredths": N_("Net"),
    "stage": N_("Stage"),
    "noticed_on": N_("Day"),
    "sold_on": N_("Sold on"),
    "reason_code": N_("Reason"),
    "due_on": N_("Answer by"),
    "said": N_("As written"),
    "name": N_("Operation"),
    "operated_on": N_("Day"),
    "sale_number": N_("Sale"),
    "occurred": N_("Sold on"),
    "captured_on": N_("Captured on"),
    "type": N_("Type"),
    "outcome": N_("Outcome"),
    "card_last4": N_("Card"),
}
_YES_NO: Final = {"True": N_("Yes"), "False": N_("No")}
#: The words of the codes in a column.
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {
        "remittance": N_("Batch"),
        "sale": N_("Sale"),
        "refund": N_("Refund"),
        "chargeback": N_("Chargeback"),
        "chargeback_reversal": N_("Chargeback given back"),
        "fee": N_("Fee"),
        "payout": N_("Transfer of a payer"),
        "adjustment": N_("Adjustment"),
        "reserve": N_("Reserve"),
        "conversion": N_("Conversion"),
    },
    "state": {
        "announced": N_("Announced"),
        "paid": N_("Paid"),
        "carried": N_("Carried over"),
    },
    "stage": codes.CHARGEBACK_STAGES,
    "name": codes.OPERATIONS,
    "type": {**codes.TYPES, "verification": N_("Verification")},
    "outcome": codes.OUTCOMES,
    "net_proven": _YES_NO,
    "proven": _YES_NO,
}
_AMOUNTS: Final = frozenset(
    {"opening", "line_sum", "closing", "amount", "gross", "discount", "fee", "adjustment", "net"}
)
_HUNDREDTHS: Final = frozenset({"fee_hundredths", "net_hundredths"})
#: Of these the last four letters alone are shown.
_MASKED: Final = frozenset({"account_key", "card_last4"})
_KEPT_DIGITS: Final = 4


def word(column: str, value: Any) -> str:
    """A code in words; as it stands where its column has none."""
    known = _WORDS.get(column, {}).get(str(value))
    return gettext(known) if known else str(value)


def table(found: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of records (``currency`` among them) as texts under their headings."""
    texts = {
        name: [_text(name, *both) for both in zip(found[name], found["currency"], strict=True)]
        for name in columns
    }
    shown = pd.DataFrame(texts, dtype=object)
    return shown.set_axis([gettext(_HEADINGS[name]) for name in columns], axis="columns")


def _text(column: str, value: Any, currency: str) -> str:
    if pd.isna(value):
        return ""
    if column in _AMOUNTS:
        return plain(int(value), currency)
    if column in _HUNDREDTHS:
        return _with_hundredths(int(value), currency)
    if column in _MASKED:
        return f"•••• {value[-_KEPT_DIGITS:]}" if value else ""
    return _date(value) if isinstance(value, date) else word(column, value)


def _date(value: date) -> str:
    """A day; with its time where it has one."""
    return moment(value) if isinstance(value, datetime) and value.time() != time.min else day(value)


def _with_hundredths(value: int, currency: str) -> str:
    """Hundredths of minor units with all their decimals, such as ``0,3120``."""
    whole, parts = divmod(abs(value), 10 ** exponent(currency) * HUNDREDTHS)
    digits = exponent(currency) + 2
    return f"{'-' if value < 0 else ''}{whole},{parts:0{digits}}"

"""JT: the transactions of a platform."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd

from app.refusals import CARD_NUMBER
from app.wording.i18n import N_
from importers.formats.journals import columns
from importers.formats.journals.settlements import Wire
from importers.reading import fields
from importers.reading.fields import Fields
from importers.records.remote_payments import ALONE, REMOTE_PAYMENT, RemotePayments

TYPES = {"DEBIT": "debit", "CREDIT": "refund", "VERIFICATION": "verification"}
#: Words of the vendor; the first two are read by public parsers.
OUTCOMES = {
    "CAPTURED": "accepted",
    "REFUSED": "declined",
    "AUTHORISED": "accepted",
    "AUTHORIZED": "accepted",
    "TO_CAPTURE": "accepted",
    "TO_VALIDATE": "accepted",
    "CREDITED": "accepted",
    "CANCELLED": "abandoned",
    "EXPIRED": "abandoned",
    "ABANDONED": "abandoned",
}
_MASKED = re.compile(r"[0-9]{4,6}[.*xX# ]+([0-9]{2,4})|[*xX#. ]+([0-9]{4})", re.ASCII)
_FULL_CARD = re.compile(r"[0-9]{13,19}", re.ASCII)
_CARD_COUNTRY = re.compile(r"CARD_COUNTRY=([A-Z]{2,3})")
_LAST4 = 4
_CANCELLED = "CANCELLED"
_SCHEDULE = re.compile(r"^([0-9]{1,3}) ?/ ?([0-9]{1,3})$")


def read(table: Fields, _made_on: date, _wire: Wire) -> RemotePayments:
    """The payments of a JT. Raises FileRefusedError, naming line and heading."""
    _refuse_full_cards(table)
    outcome = table.words("status", OUTCOMES)
    amount = table.whole_numbers("amount", required="origin_amount" not in table).fillna(0)
    origin = table.whole_numbers("origin_amount", required=False).fillna(amount)
    is_void = np.array([one != "accepted" for one in outcome], dtype=np.bool_)
    counted = amount.where(~is_void | (amount != 0), origin)
    schedule = table.text("schedule").str.extract(_SCHEDULE).astype("Int64")
    frame = pd.DataFrame(
        {
            "contract_number": table.text("contract"),
            "shop": table.text("merchant_id"),
            "sale_number": columns.sale_number(table),
            "occurred": _occurred(table),
            "captured_on": table.days("capture_date", required=False),
            "captured_time": _times(table, "capture_time"),
            "type": _types(table),
            "outcome": outcome,
            "is_cancelled": table.text("status").str.upper() == _CANCELLED,
            "amount": counted.astype("int64"),
            "requested_amount": origin.where((origin != counted) & (origin != 0)),
            "currency": columns.currency(table),
            "scheme": table.text("scheme"),
            "card_last4": _last_digits(table.text("card")),
            "authorisation_number": table.text("authorisation_number"),
            "response_code": table.text("response_code"),
            "order_reference": table.text("order_reference"),
            "three_ds": table.text("three_ds"),
            "card_country": table.text("complementary").str.extract(_CARD_COUNTRY)[0].fillna(""),
            "platform_reference": table.text("platform_reference"),
            "schedule_rank": schedule[0],
            "schedule_count": schedule[1],
            "remittance_number": "",
            "terminal_number": "",
            "original_number": "",
            **ALONE,
            "line": table.lines,
        }
    )
    return RemotePayments(payments=frame[list(REMOTE_PAYMENT)])


def _types(table: Fields) -> list[Any]:
    return [kind or "debit" for kind in columns.directions(table, TYPES, required=False)]


def _occurred(table: Fields) -> pd.Series[Any]:
    """The time of the payment; midnight where a journal gives the day alone."""
    days = table.read("payment_date", fields.day, N_("expected a day that exists"))
    times = _times(table, "payment_time")
    moments = [datetime.combine(day, at or time()) for day, at in zip(days, times, strict=True)]
    return pd.Series(pd.array(np.array(moments, dtype="datetime64[s]"), dtype="datetime64[s]"))


def _times(table: Fields, name: str) -> list[time | None]:
    return table.read(name, fields.clock_time, N_("expected a time such as 123109"), required=False)


def _refuse_full_cards(table: Fields) -> None:
    """A full number in the column of the card is refused, whatever its check digit says."""
    full = table.text("card").str.fullmatch(_FULL_CARD).fillna(value=False).to_numpy(dtype=bool)
    table.refuse(full, "card", CARD_NUMBER)


def _last_digits(cards: pd.Series[Any]) -> pd.Series[Any]:
    """The last four digits, where a masked number shows as many."""
    parts = cards.str.extract(_MASKED)
    last = parts[0].fillna(parts[1]).fillna("")
    return last.where(last.str.len() == _LAST4, "")

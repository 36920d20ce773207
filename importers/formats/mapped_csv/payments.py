"""Sales and refunds of a platform as payments, where no terminal delivers the contract of its shop.

Source: shared format page "Money", section 4. The rows that tell of payments themselves are payments; where a
mapping has no word for such, those of payouts that are sales and refunds. A remittance is the day of a shop.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from app.models import SettlementLineKind
from app.wording.i18n import N_
from importers.formats.mapped_csv import settlements, values
from importers.formats.mapped_csv.mapping import PAYMENT_WORDS, ColumnMapping
from importers.reading.fields import Fields
from importers.reading.free_text import refuse_card_numbers
from importers.records import Header, Records, Together
from importers.records.chargebacks import Chargebacks
from importers.records.remote_payments import ALONE, REMOTE_PAYMENT, RemotePayments
from importers.records.remote_payments.profile import PaymentProfile
from importers.records.settlements import Settlements

_PAYMENT, _REFUND, _DECLINED, _ABANDONED = PAYMENT_WORDS
_PARTS: Final = (SettlementLineKind.SALE.value, SettlementLineKind.REFUND.value)
_REFUNDS: Final = (_REFUND, SettlementLineKind.REFUND.value)
_OUTCOMES: Final = {_DECLINED: "declined", _ABANDONED: "abandoned"}
_LAST_DIGITS: Final = re.compile(r"([0-9]{4})$", re.ASCII)
#: What such a file does not say of a payment.
_NEVER: Final[dict[str, Any]] = {
    "contract_number": "",
    "captured_time": None,
    "is_cancelled": False,
    "requested_amount": pd.NA,
    "response_code": "",
    "three_ds": "",
    "card_country": "",
    "schedule_rank": pd.NA,
    "schedule_count": pd.NA,
    "remittance_number": "",
    "terminal_number": "",
    "original_number": "",
}


def read(table: Fields, mapping: ColumnMapping, source: str, profile: PaymentProfile) -> RemotePayments:
    """The payments of a file; ``source`` stands for a shop that no column names.

    Raises FileRefusedError, naming line and heading.
    """
    kind = pd.Series(settlements.row_kinds(table, mapping), dtype=object)
    told_apart = bool(set(PAYMENT_WORDS) & set(mapping.words.values()))
    is_payment = kind.isin(PAYMENT_WORDS if told_apart else _PARTS).to_numpy()
    rows, kind = table.where(is_payment), kind[is_payment].reset_index(drop=True)
    currency = settlements.row_currencies(rows, mapping)
    gross = settlements.row_amounts(rows, mapping, kind, currency.tolist())["gross"]
    occurred = values.moments(rows, mapping, "day", _zone(mapping, profile))
    reference = values.ids(rows, mapping, "reference")
    ids = values.ids(rows, mapping, "id").str.replace(" ", "-")
    is_refund = kind.isin(_REFUNDS) | (gross < 0)
    card = values.texts(rows, mapping, "card")
    payments = pd.DataFrame(
        {
            **_NEVER,
            **ALONE,
            "shop": values.texts(rows, mapping, "payee").replace("", source),
            "sale_number": ids.where(ids != "", reference),
            "occurred": occurred,
            "captured_on": occurred.dt.normalize(),
            "type": np.where(is_refund, "refund", "debit"),
            "outcome": kind.map(_OUTCOMES).fillna("accepted"),
            "amount": gross.abs(),
            "currency": currency,
            "scheme": values.texts(rows, mapping, "scheme"),
            "card_last4": card.str.extract(_LAST_DIGITS)[0].fillna(""),
            "authorisation_number": values.texts(rows, mapping, "authorisation"),
            "order_reference": values.references(rows, mapping, "merchant_reference"),
            "platform_reference": reference,
            "line": rows.lines,
        }
    )
    free = ("shop", "order_reference", "scheme", "authorisation_number")
    refuse_card_numbers(payments.assign(card=card), (*free, "card"), rows.lines)
    nameless = (payments["sale_number"] == "").to_numpy()
    rows.refuse(nameless, mapping.headings()["reference"][0], N_("a value is required"))
    return RemotePayments(payments=payments[list(REMOTE_PAYMENT)])


def records(
    money: Settlements, chargebacks: Chargebacks, said: RemotePayments, profile: PaymentProfile, zone: str
) -> Records:
    """What becomes of a file with its payments: of two exports, the one that reaches further is the later.

    ``zone`` is the clock of its times. Raises FileRefusedError where a shop has no contract.
    """
    clock = ZoneInfo(zone) if zone else profile.zone
    last = said.payments["occurred"].max()
    if pd.isna(last):
        return money.with_chargebacks(chargebacks)
    header = Header(created_at=last.to_pydatetime().replace(tzinfo=clock))
    told = replace(money, header=header).with_chargebacks(replace(chargebacks, header=header))
    parts = told.parts if isinstance(told, Together) else (told,)
    return Together((*parts, said.of_source(replace(profile, zone=clock), header)))


def _zone(mapping: ColumnMapping, profile: PaymentProfile) -> ZoneInfo:
    return ZoneInfo(mapping.time_zone) if mapping.time_zone else profile.zone

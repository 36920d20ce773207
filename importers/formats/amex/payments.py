"""Submissions and transactions of American Express as payments, where no terminal delivers their contracts.

Source: shared format page "Money", sections 4 and 9. Each submission is a remittance; its number is the
invoice number, and where that repeats, its place among those that have it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from app.refusals import Unit
from app.wording.i18n import NN_
from importers.formats import FileContext
from importers.records import Header, Records, Together
from importers.records.chargebacks import Chargebacks
from importers.records.remote_payments import REMOTE_PAYMENT, RemotePayments
from importers.records.remote_payments.profile import PaymentProfile
from importers.records.remote_payments.submissions import SUBMISSION
from importers.records.settlements import Settlements
from importers.refusals import Notice

#: What every transaction of American Express is.
_ALWAYS: Final[dict[str, Any]] = {
    "shop": "",
    "captured_time": None,
    "outcome": "accepted",
    "is_cancelled": False,
    "requested_amount": pd.NA,
    "scheme": "AMEX",
    "response_code": "",
    "three_ds": "",
    "card_country": "",
    "schedule_rank": pd.NA,
    "schedule_count": pd.NA,
    "terminal_number": "",
    "original_number": "",
}
_UNTOLD: Final = NN_(
    "%(num)s submission names none of its transactions: its sum alone is known",
    "%(num)s submissions name none of their transactions: their sums alone are known",
)
#: What tells submissions apart.
_KEY: Final = ["batch", "contract_number", "captured_on", "remittance_number"]
_DAY: Final = timedelta(days=1)


class SubmissionNumbers:
    """The numbers of submissions, by contract, day and invoice, in the order of their file."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, int] = {}

    def next(self, contract: str, day: Hashable, invoice: str, payment: str) -> str:
        """The number of the next submission; of one without an invoice, that of its ``payment``."""
        number = invoice.strip().lstrip("0") or payment
        key = (contract, day, number)
        self._seen[key] = self._seen.get(key, 0) + 1
        return number if self._seen[key] == 1 else f"{number}-{self._seen[key]}"


def of_rows(rows: pd.DataFrame, submissions: pd.DataFrame, unit: Unit = Unit.LINE) -> RemotePayments:
    """The payments of a file, and its submissions that name none.

    ``rows`` has what it says of each: ``contract_number``, ``remittance_number``, ``batch`` (its payment) and
    ``said_on`` (the day of it), ``captured_on`` (that of the submission), ``occurred``, a signed ``amount``,
    ``currency``, ``card_last4`` and the references, and its ``line``, counted in ``unit``. ``submissions``
    has the columns of :data:`SUBMISSION` of each but ``shop``.
    """
    place = rows.groupby(_KEY).cumcount() + 1
    payments = rows.assign(
        **_ALWAYS,
        sale_number=place.astype(str),
        type=np.where(rows["amount"] < 0, "refund", "debit"),
        amount=rows["amount"].abs().astype("int64"),
        **{day: pd.to_datetime(rows[day]).astype("datetime64[s]") for day in ("captured_on", "occurred")},
    )
    untold = _untold(submissions, payments)
    return RemotePayments(
        payments=payments[list(REMOTE_PAYMENT)],
        submissions=untold,
        notices=Notice.counted(_UNTOLD, len(untold)),
        unit=unit,
        is_of_all_ranks=True,
    )


def _untold(submissions: pd.DataFrame, payments: pd.DataFrame) -> pd.DataFrame:
    """The submissions of which no payment is told; one with money has a payment at least."""
    days = pd.to_datetime(submissions["captured_on"]).astype("datetime64[s]")
    said = submissions.assign(captured_on=days, shop="").astype({"net": "int64", "count": "int64"})
    told = pd.MultiIndex.from_frame(payments[_KEY])
    untold = said[~pd.MultiIndex.from_frame(said[_KEY]).isin(told)].reset_index(drop=True)
    least = (untold["net"] != 0).astype("int64")
    return untold.assign(count=untold["count"].clip(lower=least))[list(SUBMISSION)]


def occurred(day: Any, at: time | None = None) -> datetime:
    """The moment of a payment; midnight where its file gives the day alone."""
    return datetime.combine(day, at or time())


def records(
    settlements: Settlements, chargebacks: Chargebacks, said: RemotePayments | None, context: FileContext
) -> Records:
    """What becomes of a file: its payments too, where the profile of its source says who delivers them.

    Raises FileRefusedError where a payment names no contract.
    """
    profile = context.own_payments
    if profile is None or said is None or (said.payments.empty and said.submissions.empty):
        return settlements.with_chargebacks(chargebacks)
    header = _header(said, profile)
    money = replace(settlements, header=header).with_chargebacks(replace(chargebacks, header=header))
    parts = money.parts if isinstance(money, Together) else (money,)
    return Together((*parts, said.of_source(profile, header)))


def _header(said: RemotePayments, profile: PaymentProfile) -> Header:
    """A header that vouches for the days of the sales alone: what is paid today was sold a week ago."""
    days = [said.payments["occurred"], said.submissions["captured_on"]]
    last = max(one.max() for one in days if len(one)).normalize().to_pydatetime()
    return Header(created_at=(last + _DAY).replace(tzinfo=profile.zone))

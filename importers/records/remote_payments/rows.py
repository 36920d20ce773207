"""The rows of remote payments before the database is asked: the last word on each, and its remittance."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from app.models import Completeness
from app.rules.payments import UNCAPTURED_NUMBER, Outcome, RemittanceStatus, TransactionType
from importers import totals
from importers.records.payments.rows import instants

#: A remittance stands at the end of its day, unless its file says when it was captured.
END_OF_DAY: Final = pd.Timedelta(hours=23, minutes=59, seconds=59)
#: What a payment is known by; it repeats with another content when more is known of it.
KEY: Final = ["merchant_id", "contract_id", "sold_on", "batch", "number"]
#: What a payment is not: its place, what it is told with, when it was told.
_UNSAID: Final = ("line", "batch", "said_on", "time_zone")
_EMPTY_AS_NULL: Final = (
    *("scheme", "card_last4", "authorisation_number", "response_code", "order_reference", "three_ds"),
    *("card_country", "platform_reference"),
)


def control_sums(payments: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count and net (minor units) by currency, to compare with the platform's own report."""
    sums = {}
    for currency, rows in payments.groupby("currency"):
        received = totals.received(rows.assign(remittance=0), 1, numbered=False)
        sums[str(currency)] = {"count": len(rows), "net": int(received["net_amount"].iloc[0])}
    return sums


def last_said(payments: pd.DataFrame, zone: ZoneInfo | None, said_at: datetime) -> pd.DataFrame:
    """The last row of each payment (:data:`KEY`), with its times on the clock of its outlet.

    ``payments`` have their owners and their ``time_zone``; ``zone`` is the clock that they are written by,
    None for that of the outlet, ``said_at`` when their file was made.
    """
    alone = payments["sale_number"].str.lstrip("0")
    within = payments["remittance_number"] + "/" + payments["sale_number"]
    rows = payments.assign(
        number=alone.where(payments["batch"] == "", within), sold_on=payments["occurred"].dt.normalize()
    )
    rows = rows.drop_duplicates(KEY, keep="last").reset_index(drop=True)
    first = np.zeros(len(rows), dtype=np.bool_)
    written_on = rows["time_zone"] if zone is None else pd.Series(str(zone), index=rows.index)
    at = instants(rows["occurred"], written_on, first)
    local = _on_clocks(at, rows["time_zone"])
    fold = (instants(local, rows["time_zone"], first) != at).to_numpy()
    digests = [
        sha256(repr(row).encode()).hexdigest()
        for row in rows.drop(columns=list(_UNSAID)).astype(str).itertuples(index=False, name=None)
    ]
    return rows.assign(
        **{name: rows[name].where(rows[name] != "", None) for name in _EMPTY_AS_NULL},
        occurred_at=at,
        occurred_local=local,
        occurred_on=local.dt.normalize(),
        second_fold=fold,
        said_at=_said_at(rows, said_at),
        digest=digests,
    )


def _said_at(rows: pd.DataFrame, made_at: datetime) -> pd.Series[Any]:
    """When each payment was said: on its own day, or else when its file was made."""
    said = pd.to_datetime(rows["said_on"]).astype("datetime64[s]").dt.tz_localize("UTC")
    return said.fillna(pd.Timestamp(made_at).tz_convert("UTC"))


def _on_clocks(at: pd.Series[Any], zones: pd.Series[Any]) -> pd.Series[Any]:
    local = pd.Series(pd.NaT, index=at.index, dtype="datetime64[s]")
    for zone in zones.unique():
        here = (zones == zone).to_numpy()
        local[here] = at[here].dt.tz_convert(zone).dt.tz_localize(None).astype("datetime64[s]")
    return local


def with_cancellations(rows: pd.DataFrame) -> pd.DataFrame:
    """The transactions of payments: one each, and a second one that takes back what was captured before.

    Two payments of one outlet's day may bear one number, made on two days of the platform's clock: the number
    of one that was made on another day says which.
    """
    moved = rows["sold_on"] != rows["occurred_on"]
    numbers = rows["sale_number"] + rows["sold_on"].dt.strftime("-%Y%m%d").where(moved, "")
    sales = rows.assign(
        sequence_number=numbers,
        original_sequence_number=rows["original_number"].where(rows["original_number"] != "", None),
    )
    taken_back = (rows["outcome"] == Outcome.ABANDONED) & rows["is_cancelled"] & rows["captured_on"].notna()
    sales.loc[taken_back, "outcome"] = Outcome.ACCEPTED.value
    again = sales[taken_back]
    second = again.assign(
        type=again["type"].map(_TAKEN_BACK),
        sequence_number=again["sequence_number"] + "-A",
        original_sequence_number=again["sequence_number"],
    )
    return pd.concat([sales, second], ignore_index=True)


_TAKEN_BACK: Final = {
    TransactionType.DEBIT: TransactionType.CANCELLATION.value,
    TransactionType.REFUND: TransactionType.REFUND_CANCELLATION.value,
}


def remittances_of(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """The remittances of payments, and the row of each payment's: by day of capture, or those without any."""
    is_captured = rows["captured_on"].notna()
    keyed = rows.assign(
        collected_on=rows["captured_on"].where(is_captured, rows["occurred_on"]).astype("datetime64[s]"),
        number=rows["remittance_number"].where(is_captured, UNCAPTURED_NUMBER),
        status=np.where(is_captured, RemittanceStatus.CORRECT, RemittanceStatus.INCOMPLETE),
    )
    key = ["merchant_id", "contract_id", "collected_on", "number", "currency"]
    groups = keyed.groupby(key, sort=False)
    place = groups.ngroup()
    columns = [*key, "reseller_id", "time_zone", "status", "terminal_number", "line"]
    found = keyed.drop_duplicates(key)[columns].reset_index(drop=True)
    return found.assign(
        terminal_number=found["terminal_number"].where(found["terminal_number"] != "", None),
        collected_local=found["collected_on"] + END_OF_DAY,
        opened_local=pd.Series(pd.NaT, index=found.index, dtype="datetime64[s]"),
        transmission=None,
        seal=Completeness.NO_TOTALS.value,
    ), place

"""The facts of remittances and transactions known before the database is asked: sums, instants, places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.models import Completeness
from app.rules.payments import AMOUNTS, COUNTS, remitted_rows
from importers import totals

if TYPE_CHECKING:
    from importers.records.payments import Payments

#: The sums of a remittance.
SUMS = (*COUNTS, *AMOUNTS, "transaction_count", "net_amount")


def with_totals(remittances: pd.DataFrame, payments: Payments, file_id: int) -> pd.DataFrame:
    """Add the sums, declared or else those of the payments, and whether they are complete."""
    received = totals.received(payments.transactions, len(remittances), numbered=not payments.is_remote)
    declared = remittances if payments.has_totals else received
    sums = {name: declared[name].to_numpy() for name in SUMS}
    seal = _completeness(sums["transaction_count"], payments)
    return remittances.assign(
        **sums,
        has_totals=payments.has_totals,
        totals_file_id=pd.array([file_id if payments.has_totals else None] * len(remittances), dtype="Int64"),
        received_count=received["transaction_count"].to_numpy(),
        received_net=received["net_amount"].to_numpy(),
        missing_sequences=received["missing_sequences"].to_numpy(),
        seal=seal,
        remitted=remitted_rows(seal, remittances["status"], remittances["transmission"]),
    )


def _completeness(announced: NDArray[np.int64], payments: Payments) -> NDArray[Any]:
    if payments.is_remote:
        return np.full(len(announced), Completeness.NO_TOTALS.value, dtype=object)
    if not payments.has_totals:
        return np.full(len(announced), Completeness.AWAITING_TOTALS.value, dtype=object)
    if payments.has_payments:  # the reader has checked that they add up
        return np.full(len(announced), Completeness.COMPLETE.value, dtype=object)
    return np.where(announced == 0, Completeness.COMPLETE.value, Completeness.AWAITING_PAYMENTS.value).astype(
        object
    )


def instants(local: pd.Series[Any], zones: pd.Series[Any], second_fold: NDArray[np.bool_]) -> pd.Series[Any]:
    """The instants (UTC) of local times. The function ``instant_of`` of the database says the same.

    An hour that a spring clock skips is read with the offset from before it.
    """
    result = pd.Series(pd.NaT, index=local.index, dtype="datetime64[s, UTC]")
    for zone in zones.unique():
        here = (zones == zone).to_numpy()
        placed = local[here].dt.tz_localize(
            zone, ambiguous=~second_fold[here], nonexistent=pd.Timedelta(hours=1)
        )
        result[here] = placed.dt.tz_convert("UTC").astype("datetime64[s, UTC]")
    return result


def with_instants(transactions: pd.DataFrame, remittances: pd.DataFrame) -> pd.DataFrame:
    """Transactions with the instant of their local time, and its day."""
    parents = transactions["remittance"].to_numpy()
    zones = pd.Series(remittances["time_zone"].to_numpy()[parents], index=transactions.index)
    second_fold = totals.clock_went_back(transactions)
    return transactions.assign(
        second_fold=second_fold,
        occurred_at=instants(transactions["occurred_local"], zones, second_fold),
        occurred_on=transactions["occurred_local"].dt.normalize(),
    )


def with_collection_instants(remittances: pd.DataFrame, transactions: pd.DataFrame) -> pd.DataFrame:
    """The call comes after its payments: a clock that shows it before the last of them has gone back."""
    last = transactions.groupby("remittance")["occurred_local"].max().reindex(remittances.index)
    second_fold = (last > remittances["collected_local"]).to_numpy()
    never = np.zeros(len(remittances), dtype=np.bool_)
    return remittances.assign(
        second_fold=second_fold,
        collected_at=instants(remittances["collected_local"], remittances["time_zone"], second_fold),
        opened_at=instants(remittances["opened_local"], remittances["time_zone"], never),
    )

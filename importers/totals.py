"""Totals of remittances: what their transactions add up to, in the six types of the telecollection."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.rules import payments
from app.rules.payments import AMOUNTS, COUNTS, TOTALS

#: Columns of :func:`received`.
COLUMNS = (*COUNTS, *AMOUNTS, "transaction_count", "net_amount", "missing_sequences")

# A numbering that starts again at 1 leaves one long stretch unused: that is no gap.
_ROUND = 900_000


def net(sums: pd.DataFrame) -> NDArray[np.int64]:
    """The net of each row of ``sums``, which has the columns of :data:`AMOUNTS`."""
    return payments.net(lambda total: sums[total.amount].to_numpy(dtype=np.int64))


def received(transactions: pd.DataFrame, remittances: int, *, numbered: bool = True) -> pd.DataFrame:
    """One row for each of ``remittances``: counts and amounts by type (minor units), all outcomes
    counted together, the net, and the holes in its numbering.

    ``transactions`` has ``remittance``, ``type``, ``outcome``, ``amount``, ``sequence_number``: those that
    are not ``numbered`` one after the other leave no holes.
    """  # noqa: D205
    counts, amounts = _by_type(transactions, remittances)
    parents = transactions["remittance"].to_numpy()
    frame = pd.DataFrame(
        dict(zip(COUNTS, counts.T, strict=True)) | dict(zip(AMOUNTS, amounts.T, strict=True))
    )
    frame["transaction_count"] = np.bincount(parents, minlength=remittances)
    frame["net_amount"] = net(frame)
    frame["missing_sequences"] = missing_sequences(transactions, remittances) if numbered else 0
    return frame


def _by_type(transactions: pd.DataFrame, remittances: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    totals = payments.total_of(transactions["type"], transactions["outcome"])
    added = totals >= 0
    places = transactions["remittance"].to_numpy()[added] * len(TOTALS) + totals[added]
    counts = np.bincount(places, minlength=remittances * len(TOTALS)).astype(np.int64)
    amounts = np.zeros(remittances * len(TOTALS), dtype=np.int64)
    np.add.at(amounts, places, transactions["amount"].to_numpy(dtype=np.int64)[added])
    return counts.reshape(-1, len(TOTALS)), amounts.reshape(-1, len(TOTALS))


def missing_sequences(transactions: pd.DataFrame, remittances: int) -> NDArray[np.int64]:
    """How many sequence numbers are missing between the first and the last of each remittance."""
    numbers = transactions["sequence_number"].astype("int64").to_numpy()
    parents = transactions["remittance"].to_numpy()
    order = np.lexsort((numbers, parents))
    numbers, parents = numbers[order], parents[order]
    steps = np.diff(numbers) - 1
    inside = (np.diff(parents) == 0) & (steps > 0) & (steps < _ROUND)
    missing = np.zeros(remittances, dtype=np.int64)
    np.add.at(missing, parents[1:][inside], steps[inside])
    return missing


def clock_went_back(transactions: pd.DataFrame) -> NDArray[np.bool_]:
    """For each transaction, whether an earlier one of its remittance shows a later time.

    Sequence numbers never go back; a local clock does, one night in autumn.
    """
    sequence = transactions["sequence_number"].astype("int64").to_numpy()
    order = np.lexsort((sequence, transactions["remittance"].to_numpy()))
    ordered = transactions[["remittance", "occurred_local"]].iloc[order]
    latest = ordered.groupby("remittance")["occurred_local"].cummax().to_numpy()
    result = np.zeros(len(transactions), dtype=np.bool_)
    result[order] = latest > ordered["occurred_local"].to_numpy()
    return result

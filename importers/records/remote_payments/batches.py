"""Payments of acquirers that are told as wholes: a remittance is of one of them."""

from __future__ import annotations

from typing import Final

import pandas as pd
from sqlalchemy import Connection, text

from app.models import Completeness
from app.wording.i18n import N_
from importers.refusals import FileRefusedError, Refusal

OTHER_BATCH: Final = N_("another payment of the acquirer has a submission of this contract, day and number")
_OTHER_BATCH: Final = """
SELECT DISTINCT t.remittance_id FROM transaction t
JOIN remote_payment p ON p.merchant_id = t.merchant_id AND p.transaction_id = t.id
  AND p.occurred_on = t.occurred_on
WHERE t.merchant_id = ANY(:merchants) AND t.remittance_id = ANY(:ids) AND p.batch <> ALL(:batches)
"""


def refuse_other_batches(
    connection: Connection, known: pd.DataFrame, remittances: pd.DataFrame, told: pd.DataFrame
) -> None:
    """Raises FileRefusedError where a known remittance is of a batch that the file does not tell again.

    One that bears no number of its own would be taken for the other. ``told`` has, of what the file tells,
    the ``batch`` and the row of its ``remittance``.
    """
    told = told[told["batch"] != ""]
    known = known[known.index.isin(told["remittance"])]
    if known.empty:
        return
    parameters = {
        "merchants": [int(one) for one in known["merchant_id"].unique()],
        "ids": [int(one) for one in known["id"]],
        "batches": told["batch"].unique().tolist(),
    }
    others = {row.remittance_id for row in connection.execute(text(_OTHER_BATCH), parameters)}
    is_other = known["id"].isin(others) | _is_sum_of_another(known, told)
    lines = remittances.loc[known.index[is_other], "line"]
    if len(lines):
        raise FileRefusedError(Refusal(reason=OTHER_BATCH, line=int(line)) for line in lines)


def _is_sum_of_another(known: pd.DataFrame, told: pd.DataFrame) -> pd.Series[bool]:
    """Which are sums alone that a payment of another number told of."""
    numbers = told["batch"].str.split("|").str[1].groupby(told["remittance"]).agg(set)
    own = numbers.reindex(known.index)
    other = [number not in some for number, some in zip(known["file_number"], own, strict=True)]
    return (known["seal"] == Completeness.NO_PAYMENTS) & pd.Series(other, index=known.index, dtype=bool)

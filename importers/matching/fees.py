"""Credits net of a commission that the bank says to the cent: by a line of its own, or with the credit.

Source: shared format page "Money", section 7.2. Amounts are in minor units.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from importers.matching.codes import NO_TEXT
from importers.matching.pairs import NOTHING
from importers.matching.rules import days_or_one

#: What a commission has in common with the credit that it was taken off.
_BESIDE: Final = ["account", "currency", "contract_number", "booked_on"]


def contract_fees(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """What a line credits and what was taken off it make a contract's day, all ranks or one remittance.

    Besides the columns of candidates: ``group_fee``, what was taken off for all items of the candidate, and
    ``fee_line``, the line that says so, missing where the credit itself does. A rank that the line names is
    that of its items.
    """
    gross = before_fees(lines)
    if gross.empty:
        return NOTHING
    candidates = _of_rank(days_or_one(found, gross), found, gross)
    said = gross.loc[candidates["line"]].reset_index(drop=True)
    return candidates.assign(
        line=said["line"].astype("int64"), group_fee=said["group_fee"], fee_line=said["fee_line"]
    )


def before_fees(lines: pd.DataFrame) -> pd.DataFrame:
    """The credits before what was taken off, each as often as there is a commission that it may be.

    ``amount`` is the gross; ``line`` is the row of the credit, ``fee_line`` that of the commission.
    """
    lines = lines.assign(line=lines.index)
    is_fee = lines["is_fee"]
    credits_, fees = lines[~is_fee], lines[is_fee]
    own = credits_["fee"]
    if credits_.empty or (fees.empty and not own.any()):
        return credits_.head(0)
    by_itself = credits_.assign(group_fee=own, fee_line=np.nan)[own != 0]
    beside = credits_[own == 0].merge(
        fees.assign(group_fee=-fees["amount"], fee_line=fees["line"])[
            [*_BESIDE, "contract_rank", "group_fee", "fee_line"]
        ],
        on=_BESIDE,
        suffixes=("", "_fee"),
    )
    ranks, fee_ranks = beside["contract_rank"], beside.pop("contract_rank_fee")
    beside = beside[(ranks == fee_ranks) | (ranks == NO_TEXT) | (fee_ranks == NO_TEXT)]
    both = pd.concat([one for one in (by_itself, beside) if len(one)] or [beside], ignore_index=True)
    return both.assign(amount=both["amount"] + both["group_fee"])


def _of_rank(candidates: pd.DataFrame, found: pd.DataFrame, gross: pd.DataFrame) -> pd.DataFrame:
    """The candidates all of whose items are of the rank that their line names, if it names one."""
    rank_of = found.drop_duplicates("item").set_index("item")["contract_rank"]
    named = gross["contract_rank"].reindex(candidates["line"]).to_numpy()
    other = (named != NO_TEXT) & (named != rank_of.reindex(candidates["item"]).to_numpy())
    gone = candidates.loc[other, "candidate"]
    return candidates[~candidates["candidate"].isin(gone)].reset_index(drop=True)

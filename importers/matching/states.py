"""The state of the credit of each remittance: credited, differs, late, still expected, or unknown.

Source: shared format page "Money", section 7.1. Lateness is decided by statements that are proven and
join without a gap, never by the clock.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from importers.matching import working_days
from importers.matching.rules import Certainty

#: A credit is late after so many working days.
WORKING_DAYS = 5


class Credit(StrEnum):
    """The state of a remittance's credit."""

    UNKNOWN = "unknown"
    NOT_EXPECTED = "not_expected"
    EXPECTED = "expected"
    CREDITED = "credited"
    DIFFERS = "differs"
    LATE = "late"


def credit_states(items: pd.DataFrame, links: pd.DataFrame, statements: pd.DataFrame) -> pd.DataFrame:
    """State, expected day and gap of each item, by its index.

    ``items`` and ``links`` are those of :func:`importers.matching.match`; ``statements`` has ``account``,
    ``currency``, ``opened_on``, ``closed_on``, ``opening``, ``closing`` and ``proven``. ``gap`` is what is
    still to be explained, in minor units, where a part was credited.
    """
    certain = links[links["certainty"] == Certainty.CERTAIN]
    explained = certain.groupby("item")["amount"].sum().reindex(items.index)
    days = items["collected_on"].to_numpy().astype("datetime64[D]")
    expected_by = working_days.after(days, WORKING_DAYS)
    seen, whole = _coverage(items, statements, days, expected_by)
    tests = [
        (explained == items["net"], Credit.CREDITED),
        (explained.notna(), Credit.DIFFERS),
        (items["net"] == 0, Credit.NOT_EXPECTED),
        (whole, Credit.LATE),
        (seen, Credit.EXPECTED),
    ]
    states = np.select(
        [np.asarray(test, dtype=bool) for test, _ in tests],
        [state.value for _, state in tests],
        default=Credit.UNKNOWN.value,
    )
    return pd.DataFrame(
        {"credit": states, "expected_by": expected_by, "gap": items["net"] - explained.fillna(0)},
        index=items.index,
    )


def _coverage(
    items: pd.DataFrame, statements: pd.DataFrame, days: Any, expected_by: Any
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where any statement of the item's account is there, and where all of its days are proven.

    An item whose account is not known is covered once every account of its currency covers it.
    """
    seen = np.zeros(len(items), dtype=np.bool_)
    whole = np.ones(len(items), dtype=np.bool_)
    for (account, currency), own in statements.groupby(["account", "currency"]):
        here = items["account"].isin(["", account]) & (items["currency"] == currency)
        concerned = here.to_numpy(dtype=bool)
        seen |= concerned
        covered = np.zeros(len(items), dtype=np.bool_)
        for first, last in _stretches(own):
            covered |= (first <= days) & (expected_by <= last)
        whole &= covered | ~concerned
    return seen, whole & seen


def _stretches(statements: pd.DataFrame) -> list[tuple[Any, Any]]:
    """First and last day of each run of proven statements of an account whose balances join."""
    proven = statements[statements["proven"]].sort_values(["closed_on", "opened_on"])
    joins = (proven["opening"] == proven["closing"].shift()).fillna(value=False)
    runs = (~joins.astype(bool)).cumsum()
    bounds = proven.groupby(runs).agg(first=("opened_on", "min"), last=("closed_on", "max"))
    first, last = (bounds[name].to_numpy().astype("datetime64[D]") for name in ("first", "last"))
    return list(zip(first, last, strict=True))

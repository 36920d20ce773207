"""Banks that deduct their commission: what a remittance may be said to be, when no amount is its own.

A net credit can be guessed, never known: a remittance that a line of such a bank may hold is not late.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from app.models import Certainty, Credit, FeeTiming
from importers.matching import working_days
from importers.matching.rules import CREDITING, WINDOW

_KEY: Final = ["account", "currency", "contract_number", "booked_on"]


def presumed(items: pd.DataFrame, lines: pd.DataFrame, links: pd.DataFrame) -> pd.Series[Any]:
    """What each item is presumed to be, by its index; empty where nothing is presumed.

    It differs where a line is proposed for it, and is still expected where an unexplained line may hold it.
    ``lines`` have ``fees`` besides the columns of :data:`importers.matching.LINE`, ``links`` those of
    :data:`importers.matching.LINK`.
    """
    found = pd.Series("", index=items.index, dtype=object)
    deducted = lines[(lines["fees"] == FeeTiming.DEDUCTED) & lines["kind"].isin(CREDITING)]
    if deducted.empty:
        return found
    proposed = links[(links["certainty"] == Certainty.PROPOSED) & links["line"].isin(deducted.index)]
    open_lines = deducted.loc[~deducted.index.isin(links["line"]), _KEY].drop_duplicates()
    found[_may_hold(items, open_lines)] = Credit.EXPECTED.value
    found[items.index.isin(proposed["item"])] = Credit.DIFFERS.value
    return found


def _may_hold(items: pd.DataFrame, lines: pd.DataFrame) -> pd.Series[Any]:
    """The items that one of ``lines`` may hold: in time, of its account, of its contract if it names one."""
    own = items[["account", "currency", "contract_number", "collected_on"]].assign(item=items.index)
    named = own.merge(lines, on=["currency", "contract_number"], suffixes=("", "_line"))
    unnamed = lines[lines["contract_number"] == ""].drop(columns="contract_number")
    pairs = pd.concat([named, own.merge(unnamed, on="currency", suffixes=("", "_line"))])
    pairs = pairs[(pairs["account"] == "") | (pairs["account"] == pairs["account_line"])]
    first, booked = (pairs[name].to_numpy().astype("datetime64[D]") for name in ("collected_on", "booked_on"))
    within = (first <= booked) & (booked <= working_days.after(first, WINDOW))
    return pd.Series(items.index.isin(pairs.loc[within, "item"]), index=items.index)

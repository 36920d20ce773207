"""Pairs of a line of a statement and a part of an item that agree, and candidates of one item.

Source: shared format page "Money", section 7.2.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from importers.matching.codes import NO_TEXT

CANDIDATES = ("line", "candidate", "item", "part", "amount")
#: What a rule proposes when there is nothing that it could be about: most files are small, and it costs.
NOTHING: Final = pd.DataFrame(columns=list(CANDIDATES))


def pairs_of(
    found: pd.DataFrame, lines: pd.DataFrame, on: list[str], equal: str | None = None
) -> pd.DataFrame:
    """Lines beside the parts that agree in currency and ``on``, in account, and in time.

    ``equal`` is the column of the parts that the amount of the line must be.
    """
    if equal and len(found) and len(lines):
        found = found[found[equal].isin(lines["amount"]).to_numpy()]
        lines = lines[lines["amount"].isin(found[equal]).to_numpy()]
    if found.empty or lines.empty:
        return _no_pairs(found, lines)
    own = [name for name in on if name != "account"]
    given = lines[["account", "currency", "booked_on", "amount", *own]]
    given = given.rename(columns={"amount": "booked"}).assign(line=lines.index)
    pairs = found.merge(
        given,
        left_on=["currency", *on, *([equal] if equal else [])],
        right_on=["currency", *on, *(["booked"] if equal else [])],
        suffixes=("", "_line"),
    )
    if "account" not in on:
        pairs = pairs[(pairs["account"] == NO_TEXT) | (pairs["account"] == pairs["account_line"])]
    day, first, last = (
        pairs[name].to_numpy().astype("datetime64[D]") for name in ("booked_on", "collected_on", "last_on")
    )
    return pairs[(day >= first) & (day <= last)]


def _no_pairs(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """What :func:`pairs_of` gives where nothing agrees, without the time that it takes to join."""
    none = lines.head(0)
    return found.head(0).assign(line=none.index, booked_on=none["booked_on"], booked=none["amount"])


def single(pairs: pd.DataFrame) -> pd.DataFrame:
    """Each pair as a candidate of its own, of one item."""
    return pairs.assign(candidate=np.arange(len(pairs)))[list(CANDIDATES)]

"""Calls that were made and have not come, told by the numbers of those that have.

A terminal numbers its calls: where the step from one number of a contract's rank to the next is a multiple of
the usual one, some between them are missing. After the highest number of its digits it begins with 1 again.
What is there of their days is then no whole that a bank credits: a line of its sum is of something else.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from importers.frames import TEXTS
from importers.matching import working_days

_CONTRACT: Final = ["account", "currency", "contract_number"]
_RANK: Final = [*_CONTRACT, "contract_rank"]
#: The usual step is told by at least so many around it, and fewer calls than so many are missing at once.
_LEAST, _MOST = 8, 10
#: So many days before and after a step tell of it, and none over more days is told: whatever else is read
#: changes nothing.
_AROUND: Final = 14
_DAYS_AROUND: Final = f"{2 * _AROUND + 1}D"
#: A step over a missing call is at least so many usual ones.
_OVER_ONE: Final = 2
#: No call is missing.
NONE: Final = pd.DataFrame(columns=[*_RANK, "collected_on", "settled_on"])


def missing_calls(items: pd.DataFrame) -> pd.DataFrame:
    """The ranks and days that lack a call: ``collected_on``, and ``settled_on`` when its weekend ends.

    ``items`` has the columns of :data:`importers.matching.ITEM`.
    """
    if len(items) <= _LEAST:
        return NONE
    is_number = items["number"].astype(TEXTS).str.fullmatch("[0-9]{1,9}").to_numpy(dtype=bool)
    told = items.loc[is_number, [*_RANK, "collected_on", "number"]]
    told = told.assign(highest=10 ** told["number"].str.len() - 1, number=told["number"].astype("int64"))
    told = told.sort_values([*_RANK, "collected_on", "number"], ignore_index=True)
    before = told.groupby(_RANK)[["number", "highest", "collected_on"]].shift()
    step = told["number"] - before["number"]
    told = told.assign(step=step.where(step > 0, step + before["highest"]), before=before["collected_on"])
    told = told[(told["step"] > 0) & (told["collected_on"] - told["before"] <= pd.Timedelta(days=_AROUND))]
    if told.empty or told["step"].max() < _OVER_ONE * told["step"].min():
        return NONE
    around = told.groupby(_RANK, sort=False).rolling(_DAYS_AROUND, on="collected_on", center=True)["step"]
    times = told["step"].to_numpy() / around.median().to_numpy()
    is_over = (times >= _OVER_ONE) & (times < _MOST) & (times == np.floor(times))
    steps_over = told[is_over & (around.count().to_numpy() >= _LEAST)]
    if steps_over.empty:
        return NONE
    days = _between(steps_over)
    settled = working_days.after(days["collected_on"].to_numpy().astype("datetime64[D]"), 1)
    return days.assign(settled_on=settled.astype("datetime64[s]")).drop_duplicates(ignore_index=True)


def _between(steps: pd.DataFrame) -> pd.DataFrame:
    """The days between the calls on both sides of each step; both days where none is between."""
    first, last = (steps[name].to_numpy().astype("datetime64[D]") for name in ("before", "collected_on"))
    apart = (last - first).astype("int64")
    is_apart = apart > 1
    start, count = np.where(is_apart, first + 1, first), np.where(is_apart, apart - 1, apart + 1)
    rows = np.repeat(np.arange(len(steps)), count)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return steps.iloc[rows][_RANK].assign(collected_on=(start[rows] + place).astype("datetime64[s]"))


def misses(day: str) -> str:
    """The column that says whether a call of the same ``day`` is missing."""
    return f"misses_by_{day}"


def with_missing(rows: pd.DataFrame, missing: pd.DataFrame) -> pd.DataFrame:
    """Items, or parts of them, with whether a call is missing of their contract and day, or weekend."""
    days = [day for day in ("collected_on", "settled_on") if day in rows]
    return rows.assign(**{misses(day): _is_among(rows, missing, [*_CONTRACT, day]) for day in days})


def _is_among(rows: pd.DataFrame, missing: pd.DataFrame, by: list[str]) -> Any:
    if missing.empty:
        return np.zeros(len(rows), dtype=np.bool_)
    return pd.MultiIndex.from_frame(rows[by]).isin(pd.MultiIndex.from_frame(missing[by]))


def without_missing(parts: pd.DataFrame) -> pd.DataFrame:
    """The parts as if every call had come: what may be proposed."""
    return parts.assign(**dict.fromkeys(map(misses, ("collected_on", "settled_on")), False))

"""Doubt of links by amounts: a call has not come whose line this may be, and statements may lack the other.

An amount is equal by chance where the line is of a call that has not come, and the line of the remittance
that it is equal to is missing too. Each of the two is told: a missing call by the numbers of those around it,
a missing line by statements that do not cover every day on which it may be booked. Where they do, two lines
claim the remittance, or none; unless its bank credits by scheme, and no line of its own has its amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.models import Grouping
from importers.matching import working_days
from importers.matching.codes import NO_TEXT
from importers.matching.rules import WINDOW
from importers.matching.schemes import Split
from importers.matching.states import coverage

_NAMED: Final = ["account", "currency", "contract_number", "contract_rank", "booked_on"]
#: Groupings whose lines are of no contract, whatever they name.
_OF_NO_CONTRACT: Final = (Grouping.ACCOUNT_DAY, Grouping.SHOP_DAY)


@dataclass(frozen=True)
class Doubts:
    """The lines that a missing call may have brought, and the items whose own line may be missing.

    Of the items ``by_scheme`` none may have their amount, for their bank credits by scheme.
    """

    lines: pd.Index[Any]
    uncovered: pd.Index[Any]
    by_scheme: pd.Index[Any]

    @classmethod
    def of(
        cls,
        items: pd.DataFrame,
        lines: pd.DataFrame,
        missing: pd.DataFrame,
        statements: pd.DataFrame | None,
        split: Split,
    ) -> Doubts:
        """The doubts where such calls are ``missing``; without ``statements`` any line may be.

        ``missing`` is what :func:`importers.matching.missing_calls.missing_calls` tells, ``lines`` are those
        of :func:`importers.matching.manners.with_manners`, ``split`` is what schemes may have brought.
        """
        if missing.empty or lines.empty:
            return cls(lines.index[:0], items.index[:0], items.index[:0])
        doubtful = _of_missing_calls(lines, missing)
        by_scheme = items.index[_of_ledgers(items, split.ledgers(lines))]
        if doubtful.empty or statements is None:
            return cls(doubtful, items.index, by_scheme)
        days = items["collected_on"].to_numpy().astype("datetime64[D]")
        _, whole = coverage(items, statements, days, working_days.after(days, WINDOW), nowhere=NO_TEXT)
        return cls(doubtful, items.index[~whole], by_scheme)

    def exist(self) -> bool:
        """Whether any link may be doubtful."""
        return len(self.lines) > 0 and (len(self.uncovered) > 0 or len(self.by_scheme) > 0)

    def lines_of(self, candidates: pd.DataFrame) -> list[Any]:
        """The lines of ``candidates`` that are doubtful, with those that stand or fall together with them."""
        if candidates.empty or not self.exist():
            return []
        doubtful = candidates["item"].isin(self.uncovered)
        if "together" in candidates:
            doubtful &= candidates["line"].isin(self.lines)
            doubtful = doubtful.groupby(candidates["together"]).transform("any")
        else:
            doubtful |= candidates["item"].isin(self.by_scheme)
            doubtful &= candidates["line"].isin(self.lines)
        return candidates.loc[doubtful, "line"].unique().tolist()


def _of_ledgers(items: pd.DataFrame, ledgers: pd.DataFrame) -> NDArray[np.bool_]:
    """Which items may be credited in one of the accounts and currencies."""
    found = items["account"].isin([NO_TEXT, *ledgers["account"]]) & items["currency"].isin(
        ledgers["currency"]
    )
    return found.to_numpy(dtype=bool)


def _of_missing_calls(lines: pd.DataFrame, missing: pd.DataFrame) -> pd.Index[Any]:
    """The lines that are booked in time after a call that is missing, of what they name."""
    is_nameless = lines["is_misnamed"] | lines["grouping"].isin(_OF_NO_CONTRACT)
    said = lines[_NAMED].assign(
        **{name: lines[name].mask(is_nameless, NO_TEXT) for name in ("contract_number", "contract_rank")}
    )
    first = missing["collected_on"].to_numpy().astype("datetime64[D]")
    calls = missing.assign(last_on=working_days.after(first, WINDOW)).drop(columns="settled_on")
    keys = said.drop_duplicates()
    nameless = keys[keys["contract_number"] == NO_TEXT]
    any_call = calls.drop(columns=["contract_number", "contract_rank"]).drop_duplicates()
    pairs = pd.concat(
        [
            keys.merge(calls, on=["currency", "contract_number"], suffixes=("", "_call")),
            nameless.merge(any_call, on="currency", suffixes=("", "_call")).assign(
                contract_rank_call=NO_TEXT
            ),
        ]
    )
    same = (pairs["account_call"] == NO_TEXT) | (pairs["account_call"] == pairs["account"])
    same &= (pairs["contract_rank"] == NO_TEXT) | (pairs["contract_rank"] == pairs["contract_rank_call"])
    booked, collected, last = (
        pairs[name].to_numpy().astype("datetime64[D]") for name in ("booked_on", "collected_on", "last_on")
    )
    pairs = pairs[same & (collected <= booked) & (booked <= last)]
    found = pd.MultiIndex.from_frame(said).isin(pd.MultiIndex.from_frame(pairs[_NAMED]))
    return lines.index[np.asarray(found)]

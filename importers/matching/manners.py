"""The manner of a bank, told by the lines around a line: how it credits a day, whether its names are true.

A bank keeps to its manner: it credits the remittances of a day one by one, or together. Where most lines can
only be one of the two, what a line would be in the other is equal by chance. And where lines of a contract
are equal to remittances of others, its name says nothing: it may be that of the head of a chain.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from importers.matching.fees import before_fees
from importers.matching.pairs import pairs_of
from importers.matching.rules import APART, TOGETHER, days_of_contracts, is_of_several, names_contract

# So many days before and after a line tell of it.
_AROUND: Final = np.timedelta64(10, "D")
# A manner is told by at least so many lines, of which one in so many may look like the other.
_LEAST, _ONE_IN = 8, 8
# A contract is misnamed by at least so many lines, and by one for so many that may be its own.
_LEAST_MISNAMED, _FOR_EACH = 4, 3
_LEDGER: Final = ["account", "currency"]


def with_manners(lines: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """The lines with their ``manner`` (:data:`APART`, :data:`TOGETHER` or 0) and whether they are misnamed.

    ``is_misnamed``: the contract that a line names is not its own, as far as those around it tell.
    """
    named = lines[names_contract(lines) & ~lines["is_fee"]]
    if len(named) < min(_LEAST, _LEAST_MISNAMED):
        return lines.assign(manner=0, is_misnamed=False)
    gross = before_fees(lines[names_contract(lines)]).set_index("line")
    told = pd.concat([named, gross[named.columns]]) if len(gross) else named
    sums = days_of_contracts(parts)
    own = pairs_of(parts, told, ["contract_number"], equal="amount")
    several = own[(own["part"] == "net") & is_of_several(own)]
    is_apart = named.index.isin(several["line"])
    is_together = named.index.isin(pairs_of(sums, told, ["contract_number"], equal="total")["line"])
    is_own = named.index.isin(own["line"]) | is_together
    is_others = _is_others(named, is_own, parts, sums)
    manner = pd.Series(_manners(named, is_apart & ~is_together, is_together & ~is_apart), index=named.index)
    by_contract = [*_LEDGER, "contract_number"]
    misnamed, owned = (_around(named, told, by_contract) for told in (is_others, is_own))
    is_misnamed = (misnamed >= _LEAST_MISNAMED) & (misnamed * _FOR_EACH >= owned)
    return lines.assign(
        manner=manner.reindex(lines.index, fill_value=0),
        is_misnamed=pd.Series(is_misnamed, index=named.index).reindex(lines.index, fill_value=False),
    )


def _is_others(
    named: pd.DataFrame, is_own: NDArray[np.bool_], parts: pd.DataFrame, sums: pd.DataFrame
) -> NDArray[np.bool_]:
    """Which lines can only be of another contract of their account than the one that they name."""
    others = named[~is_own]
    if others.empty:
        return np.zeros(len(named), dtype=np.bool_)
    alone = pairs_of(parts[parts["part"] == "net"], others, [], equal="amount")
    together = pairs_of(sums, others, [], equal="total")
    return named.index.isin([*alone["line"], *together["line"]])


def _manners(lines: pd.DataFrame, apart: NDArray[np.bool_], together: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The manner of each line by those around it which can only be ``apart`` or ``together``."""
    one, other = (_around(lines, told, _LEDGER) for told in (apart, together))
    is_told = one + other >= _LEAST
    is_apart, is_together = (rare * _ONE_IN <= one + other for rare in (other, one))
    return np.select([is_told & is_apart, is_told & is_together], [APART, TOGETHER], 0)


def _around(lines: pd.DataFrame, told: NDArray[np.bool_], by: list[str]) -> NDArray[np.int64]:
    """How many of the lines that are ``told`` are booked around each line, and are the same ``by``."""
    found = np.zeros(len(lines), dtype=np.int64)
    if not told.any():
        return found
    booked = lines["booked_on"].to_numpy().astype("datetime64[D]")
    for places in lines.groupby(by).indices.values():
        days = np.sort(booked[places][told[places]])
        last = np.searchsorted(days, booked[places] + _AROUND, side="right")
        found[places] = last - np.searchsorted(days, booked[places] - _AROUND, side="left")
    return found

"""The state of the credit of each remittance: credited, differs, late, still expected, or unknown.

Source: shared format page "Money", section 7.1. Lateness is decided by statements that are proven and
join without a gap, never by the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.models import USUAL_WORKING_DAYS, Certainty, Credit
from importers.matching import working_days
from importers.matching.working_days import Days

#: A day, and the weekend or holidays before it; what covers more is a statement of many days.
_LONGEST_DAY: Final = np.timedelta64(5, "D")
_NOWHERE: Final = np.zeros(0, dtype=np.intp)
_AWAITED: Final = (Credit.EXPECTED, Credit.LATE)
#: Columns of states: what is stored of each remittance, but for what its acquirer says.
STATE: Final = ("credit", "expected_by", "credited_on", "credit_gap", "credit_proposed")


def credit_states(
    items: pd.DataFrame,
    links: pd.DataFrame,
    statements: pd.DataFrame,
    *,
    payable: pd.Series[Any] | None = None,
    days_allowed: pd.Series[Any] | int = USUAL_WORKING_DAYS,
    presumed: pd.Series[Any] | None = None,
) -> pd.DataFrame:
    """State of each item by its index, in the columns of :data:`STATE`.

    ``items`` and ``links`` are those of :func:`importers.matching.match`; ``statements`` has ``account``,
    ``currency``, ``opened_on``, ``closed_on``, ``opening``, ``closing`` and ``proven``. ``payable`` tells the
    items that a bank credits, all when not given; ``days_allowed`` is after how many working days a credit is
    late; ``presumed`` is said instead of "late" or "expected" where it is not empty (see
    :mod:`importers.matching.deducting`). What is proposed is not late: something was found, and a person
    says what it is: ``credit_proposed``. The gap is what is still to be explained, in minor units, where a
    part was credited.
    """
    is_proposed = links["certainty"] == Certainty.PROPOSED
    proposed = items.index.isin(links.loc[is_proposed, "item"])
    certain = links[~is_proposed].groupby("item")
    explained = certain["amount"].sum().reindex(items.index)
    credited_on = pd.to_datetime(certain["booked_on"].max()).reindex(items.index)
    days = items["collected_on"].to_numpy().astype("datetime64[D]")
    expected_by = working_days.after(days, np.asarray(days_allowed))
    seen, whole = coverage(items, statements, days, expected_by)
    tests = [
        (explained == items["net"], Credit.CREDITED),
        (explained.notna(), Credit.DIFFERS),
        (~seen, Credit.UNKNOWN),
        (items["net"] == 0, Credit.NOT_EXPECTED),
        (np.zeros(len(items), dtype=bool) if payable is None else ~payable, Credit.NOT_EXPECTED),
        (whole & ~proposed, Credit.LATE),
    ]
    states = first_true(tests, Credit.EXPECTED)
    if presumed is not None:
        states = np.where((presumed != "") & np.isin(states, _AWAITED), presumed, states)
    waited_for = ~np.isin(states, (Credit.UNKNOWN, Credit.NOT_EXPECTED))
    by_then = pd.Series(expected_by.astype("datetime64[s]"), index=items.index)
    return pd.DataFrame(
        {
            "credit": states,
            "expected_by": by_then.where(waited_for),
            "credited_on": credited_on.astype("datetime64[s]"),
            "credit_gap": (items["net"] - explained).astype("Int64"),
            "credit_proposed": proposed,
        },
        index=items.index,
    )


def fees_alone(links: pd.DataFrame, items: pd.Index[Any]) -> pd.Series[Any]:
    """What the bank says that it took off each of ``items``, where a line credits that one alone."""
    own = links[(links["certainty"] != Certainty.PROPOSED) & links["group_fee"].notna()]
    alone = own.groupby("line")["item"].transform("nunique") == 1
    fees = own[alone].groupby("item")["group_fee"].sum()
    return fees.reindex(items).astype("Int64")


def first_true(tests: list[tuple[Any, Credit]], default: Credit) -> NDArray[np.str_]:
    """The state of the first of ``tests`` that each item passes."""
    conditions = [np.asarray(test, dtype=bool) for test, _ in tests]
    return np.select(conditions, [state.value for _, state in tests], default=default.value)


def coverage(
    items: pd.DataFrame, statements: pd.DataFrame, days: Any, expected_by: Any, nowhere: str | int = ""
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where statements of the item's account had begun, and where all of its days are proven.

    An item whose account is not known, ``nowhere``, is covered once every account of its currency covers it.
    """
    seen = np.zeros(len(items), dtype=np.bool_)
    whole = np.ones(len(items), dtype=np.bool_)
    until = np.broadcast_to(expected_by, len(items))
    named = items["account"].to_numpy()
    of_currency = _places(items, "currency")
    every = _Statements.of(statements)
    for (account, currency), places in _places(statements, ["account", "currency"]).items():
        own = of_currency.get(currency, _NOWHERE)
        concerned = own[(named[own] == account) | (named[own] == nowhere)]
        if len(concerned):
            there = every.at(places)
            seen[concerned] |= there.opened.min() <= days[concerned]
            whole[concerned] &= there.cover(days[concerned], until[concerned])
    return seen, whole & seen


def _places(rows: pd.DataFrame, by: str | list[str]) -> Mapping[Any, NDArray[Any]]:
    """The places of the rows that are the same ``by``."""
    return {key: np.asarray(places) for key, places in rows.groupby(by).indices.items()}


@dataclass(frozen=True, kw_only=True)
class _Statements:
    """The statements of accounts: their days, the balances that they say, and which are proven."""

    opened: Days
    closed: Days
    opening: NDArray[np.int64]
    closing: NDArray[np.int64]
    has_opening: NDArray[np.bool_]
    has_closing: NDArray[np.bool_]
    proven: NDArray[np.bool_]

    @classmethod
    def of(cls, statements: pd.DataFrame) -> _Statements:
        """Those of a frame with the columns that :func:`credit_states` is given."""
        opening, closing = statements["opening"], statements["closing"]
        return cls(
            opened=statements["opened_on"].to_numpy().astype("datetime64[D]"),
            closed=statements["closed_on"].to_numpy().astype("datetime64[D]"),
            opening=opening.fillna(0).to_numpy(dtype="int64"),
            closing=closing.fillna(0).to_numpy(dtype="int64"),
            has_opening=opening.notna().to_numpy(),
            has_closing=closing.notna().to_numpy(),
            proven=statements["proven"].to_numpy(dtype=bool),
        )

    def at(self, places: NDArray[Any]) -> _Statements:
        """Those at ``places``."""
        return _Statements(**{name: values[places] for name, values in vars(self).items()})

    def cover(self, first: Days, last: Days) -> NDArray[np.bool_]:
        """Which stretches from ``first`` to ``last`` lie in a run of proven statements whose balances join.

        A month and its days are two chains: neither breaks the other.
        """
        proven = self.at(self.proven)
        proven = proven.at(np.lexsort((proven.opened, proven.closed)))
        covered = proven.join_over(first, last)
        long = proven.closed - proven.opened > _LONGEST_DAY
        return covered | proven.at(~long).join_over(first, last) if long.any() else covered

    def join_over(self, first: Days, last: Days) -> NDArray[np.bool_]:
        """The same of statements in their order; of the runs begun by ``first`` the longest tells."""
        if not len(self.opened):
            return np.zeros(len(first), dtype=np.bool_)
        joins = self.has_opening[1:] & self.has_closing[:-1] & (self.opening[1:] == self.closing[:-1])
        starts = np.flatnonzero(np.concatenate([[True], ~joins]))
        begun, ended = np.minimum.reduceat(self.opened, starts), np.maximum.reduceat(self.closed, starts)
        order = np.argsort(begun, kind="stable")
        until = np.maximum.accumulate(ended[order])
        place = np.searchsorted(begun[order], first, side="right") - 1
        covered: NDArray[np.bool_] = (place >= 0) & (until[place] >= last)
        return covered

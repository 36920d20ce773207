"""The state of the credit of each remittance: credited, differs, late, still expected, or unknown.

Source: shared format page "Money", section 7.1. Lateness is decided by statements that are proven and
join without a gap, never by the clock.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.models import USUAL_WORKING_DAYS, Certainty, Credit
from importers.matching import working_days

#: A day, and the weekend or holidays before it; what covers more is a statement of many days.
_LONGEST_DAY: Final = pd.Timedelta(days=5)
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
    items: pd.DataFrame, statements: pd.DataFrame, days: Any, expected_by: Any
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where statements of the item's account had begun, and where all of its days are proven.

    An item whose account is not known is covered once every account of its currency covers it.
    """
    seen = np.zeros(len(items), dtype=np.bool_)
    whole = np.ones(len(items), dtype=np.bool_)
    for (account, currency), own in statements.groupby(["account", "currency"]):
        here = items["account"].isin(["", account]) & (items["currency"] == currency)
        concerned = here.to_numpy(dtype=bool)
        seen |= concerned & (own["opened_on"].to_numpy().astype("datetime64[D]").min() <= days)
        covered = np.zeros(len(items), dtype=np.bool_)
        for first, last in _stretches(own):
            covered |= (first <= days) & (expected_by <= last)
        whole &= covered | ~concerned
    return seen, whole & seen


def _stretches(statements: pd.DataFrame) -> list[tuple[Any, Any]]:
    """First and last day of each run of proven statements of an account whose balances join.

    A month and its days are two chains: neither breaks the other.
    """
    proven = statements[statements["proven"]].sort_values(["closed_on", "opened_on"])
    days = proven["closed_on"] - proven["opened_on"]
    long = days > _LONGEST_DAY
    chains = [proven, proven[~long]] if long.any() and not long.all() else [proven]
    return [stretch for chain in chains for stretch in _joined(chain)]


def _joined(proven: pd.DataFrame) -> list[tuple[Any, Any]]:
    joins = (proven["opening"] == proven["closing"].shift()).fillna(value=False)
    runs = (~joins.astype(bool)).cumsum()
    bounds = proven.groupby(runs).agg(first=("opened_on", "min"), last=("closed_on", "max"))
    first, last = (bounds[name].to_numpy().astype("datetime64[D]") for name in ("first", "last"))
    return list(zip(first, last, strict=True))

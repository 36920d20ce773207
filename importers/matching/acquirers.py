"""The states of remittances that acquirers say they pay: announced, credited by their transfers, late.

Source: shared format page "Money", section 7.1. What the bank credits by itself stands as it is.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from app.models import Credit
from importers.matching import working_days
from importers.matching.settlements import WINDOW
from importers.matching.states import coverage, first_true

#: A payer outside the bank is late so many working days after a call that it says nothing of.
OWN_PAYER_DAYS: Final = 10


def with_acquirers(
    states: pd.DataFrame, items: pd.DataFrame, said: pd.DataFrame, statements: pd.DataFrame
) -> pd.DataFrame:
    """The ``states`` of :func:`importers.matching.states.credit_states`, and ``fee_amount``, by what is said.

    ``said`` has, for each item, ``paid``, ``fee``, ``paid_on`` and ``booked_on`` of the payments it is part
    of (minor units, days), ``is_carried`` where one of these leaves a debit balance that is still to be paid
    off, ``needs_no_line`` where one of them ends with a payment of 0, which statements tell of by holding
    nothing, and ``first_on`` and ``last_on``: from when to when its acquirer's files reach.
    ``items`` have ``remitted`` and ``own_payer``, which tells those that no bank credits as remittances.
    """
    found = states.assign(fee_amount=said["fee"])
    paid, paid_on = said["paid"].notna(), said["paid_on"]
    awaited = items["own_payer"] & (said["first_on"] <= items["collected_on"])
    concerned = items["remitted"] & (items["net"] != 0) & (paid | awaited) & states["credit_gap"].isna()
    if not concerned.any():
        return found
    days = items["collected_on"].to_numpy().astype("datetime64[D]")
    by = _due(days, paid_on)
    _, proven = coverage(items, statements, days, by)
    passed = paid | (said["last_on"].to_numpy().astype("datetime64[D]") >= by)
    booked = paid & said["booked_on"].notna() & (proven | ~said["needs_no_line"])
    tests: list[tuple[Any, Credit]] = [
        (booked & (said["paid"] == items["net"]).fillna(value=False), Credit.CREDITED),
        (booked, Credit.DIFFERS),
        (passed & proven & ~said["is_carried"], Credit.LATE),
        (paid, Credit.ANNOUNCED),
    ]
    credit = first_true(tests, Credit.EXPECTED)
    due = paid_on.fillna(pd.Series(by.astype("datetime64[s]"), index=items.index))
    gap = (items["net"] - said["paid"]).astype("Int64").where(booked)
    for name, values in (
        ("credit", pd.Series(credit, index=items.index)),
        ("expected_by", due),
        ("credited_on", said["booked_on"].where(booked)),
        ("credit_gap", gap),
    ):
        found[name] = found[name].where(~concerned, values)
    return found


def _due(days: Any, paid_on: pd.Series[Any]) -> Any:
    """The last day on which each may be booked: after the day that its payer says, else after its call."""
    said = paid_on.notna().to_numpy()
    start = np.where(said, paid_on.to_numpy().astype("datetime64[D]"), days)
    return working_days.after(start, np.where(said, WINDOW, OWN_PAYER_DAYS))

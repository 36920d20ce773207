"""Statements whose days overlap, such as a month and its days: a line that both hold counts once.

It stays with the statement that brought it first. Parts of a day, whose balances join, hold lines of their
own however alike these are; so do notifications, each of which tells of some lines of a day.
"""

from __future__ import annotations

from typing import Final

import pandas as pd
from sqlalchemy import Connection

from importers.staging import rows_of

_KEY: Final = ["bank_account_id", "booked_on", "amount"]
_OVERLAPPING: Final = """
SELECT m.bank_account_id, m.booked_on, m.amount, s.opened_on, s.closed_on, s.opening, s.closing,
  s.notification
FROM bank_movement m
JOIN bank_statement s ON s.merchant_id = m.merchant_id AND s.id = m.bank_statement_id
WHERE m.merchant_id = ANY(:merchants) AND m.bank_account_id = ANY(:accounts)
  AND m.booked_on BETWEEN :first AND :last
"""


def without_known(connection: Connection, movements: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """The lines that no stored statement of the same days has brought.

    ``placed`` are the new statements, ``movements`` their lines of card money, with the account of each.
    """
    if movements.empty:
        return movements
    parameters = {
        "merchants": [int(number) for number in placed["merchant_id"].unique()],
        "accounts": [int(number) for number in placed["bank_account_id"].unique()],
        "first": movements["booked_on"].min().date(),
        "last": movements["booked_on"].max().date(),
    }
    stored = rows_of(connection, _OVERLAPPING, parameters)
    if stored.empty:
        return movements
    known = _known(movements, placed, stored)
    twin = movements.groupby(["statement", *_KEY]).cumcount()
    return movements[twin >= known.reindex(movements.index, fill_value=0)]


def _known(movements: pd.DataFrame, placed: pd.DataFrame, stored: pd.DataFrame) -> pd.Series[int]:
    """How many stored lines there are like each line, in statements that overlap its own."""
    days = ["opened_on", "closed_on"]
    stored = stored.assign(
        **{name: pd.to_datetime(stored[name]).astype("datetime64[s]") for name in ("booked_on", *days)}
    ).astype({"bank_account_id": "int64", "amount": "int64"})
    own = placed[[*days, "opening", "closing", "notification"]]
    lines = movements[["statement", *_KEY]].join(own, on="statement").assign(line=movements.index)
    pairs = lines.merge(stored, on=_KEY, suffixes=("", "_stored"))
    overlaps = (pairs["opened_on"] <= pairs["closed_on_stored"]) & (
        pairs["opened_on_stored"] <= pairs["closed_on"]
    )
    follows = _equal(pairs["opening"], pairs["closing_stored"]) & (
        pairs["opened_on"] >= pairs["closed_on_stored"]
    )
    precedes = _equal(pairs["closing"], pairs["opening_stored"]) & (
        pairs["closed_on"] <= pairs["opened_on_stored"]
    )
    notified = (pairs["notification"] != "") & (pairs["notification_stored"] != "")
    return pairs[overlaps & ~follows & ~precedes & ~notified].groupby("line").size()


def _equal(one: pd.Series, other: pd.Series) -> pd.Series:
    """Whether two balances are the same; one that is not given is none."""
    known = one.notna() & other.notna()
    return known & (one.astype(object) == other.astype(object))

"""Lines of a bank account from a mapped CSV: proven only where a balance stands beside each of them."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from importers.formats.mapped_csv import values
from importers.formats.mapped_csv.mapping import ColumnMapping
from importers.reading.fields import Fields
from importers.records import banking
from importers.records.banking import BankStatements

_DEFAULT_CURRENCY: Final = "EUR"


def read(table: Fields, mapping: ColumnMapping, account_key: str = "") -> BankStatements:
    """A statement for each day that a file has lines of, in the order of time. Raises FileRefusedError.

    Exports overlap as people make them: a day that two of them hold is the same statement.
    """
    currency = values.texts(table, mapping, "currency").str.upper().replace("", _DEFAULT_CURRENCY)
    currencies = currency.tolist()
    booked = values.days(table, mapping, "day")
    value = values.days(table, mapping, "value_day", required=False)
    lines = pd.DataFrame(
        {
            "booked_on": booked,
            "value_on": value.fillna(booked),
            "amount": values.amounts(table, mapping, "amount", currencies).fillna(0).astype("int64"),
            "balance": values.amounts(table, mapping, "balance", currencies),
            "currency": currency,
            "label": values.texts(table, mapping, "label"),
            "details": values.texts(table, mapping, "details"),
            "reference": values.texts(table, mapping, "reference"),
        }
    )
    lines = _in_time(lines).assign(**_absent(len(table)))
    days = lines.groupby(["currency", "booked_on"], sort=True)
    lines = lines.assign(statement=days.ngroup(), rank=days.cumcount())
    return banking.statements(_statements(lines, account_key), lines[list(banking.MOVEMENT)])


def _absent(count: int) -> dict[str, Any]:
    none = pd.array([None] * count, dtype="Int64")
    words = dict.fromkeys(("code", "inner_code", "payer", "entry_number"), "")
    return {**words, "batch_count": none, "gross": none, "fee": none, "reversal": False}


def _in_time(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines from the oldest on: many banks write the newest first."""
    newest_first = len(lines) > 1 and lines["booked_on"].iloc[0] > lines["booked_on"].iloc[-1]
    ordered = lines[::-1] if newest_first else lines
    return ordered.sort_values("booked_on", kind="stable").reset_index(drop=True)


def _statements(lines: pd.DataFrame, account_key: str) -> pd.DataFrame:
    """The statements of the days, each from the one before; balances are those beside their lines.

    They count where each line follows the last, all through the file.
    """
    balance, amount = lines["balance"], lines["amount"]
    joins = (balance.shift() + amount == balance)[1:].fillna(value=False).all() and balance.notna().all()
    days = lines.assign(before=balance - amount).groupby("statement", sort=True)
    closed = days["booked_on"].first()
    currencies = days["currency"].first()
    opened = closed.groupby(currencies, sort=False).shift().fillna(closed)
    none = pd.Series(pd.NA, index=closed.index, dtype="Int64")
    return pd.DataFrame(
        {
            "account_key": account_key,
            "currency": currencies,
            "opened_on": opened,
            "closed_on": closed,
            "opening": days["before"].first().astype("Int64") if joins else none,
            "closing": days["balance"].last().astype("Int64") if joins else none,
            "notification": "",
        }
    )

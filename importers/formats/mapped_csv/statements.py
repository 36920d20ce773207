"""Lines of a bank account from a mapped CSV: proven only where a balance stands beside each of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from importers.formats.mapped_csv import values
from importers.formats.mapped_csv.mapping import ColumnMapping
from importers.reading.fields import Fields
from importers.records import banking
from importers.records.banking import BankStatements

_DEFAULT_CURRENCY: Final = "EUR"


def read(table: Fields, mapping: ColumnMapping) -> BankStatements:
    """The one statement that a file is, its lines in the order of time. Raises FileRefusedError."""
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
    lines = _in_time(lines).assign(**_absent(len(table)), statement=0, rank=np.arange(len(table)))
    return banking.statements(_statement(lines), lines[list(banking.MOVEMENT)])


def _absent(count: int) -> dict[str, Any]:
    none = pd.array([None] * count, dtype="Int64")
    words = dict.fromkeys(("code", "inner_code", "payer", "entry_number"), "")
    return {**words, "batch_count": none, "gross": none, "fee": none, "reversal": False}


def _in_time(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines from the oldest on: many banks write the newest first."""
    newest_first = len(lines) > 1 and lines["booked_on"].iloc[0] > lines["booked_on"].iloc[-1]
    ordered = lines[::-1] if newest_first else lines
    return ordered.reset_index(drop=True)


def _statement(lines: pd.DataFrame) -> pd.DataFrame:
    """The statement around the lines; its balances are those beside them, where each follows the last."""
    balance, amount = lines["balance"], lines["amount"]
    joins = (balance.shift() + amount == balance)[1:].fillna(value=False).all() and balance.notna().all()
    opening = balance.iloc[0] - amount.iloc[0] if len(lines) and joins else pd.NA
    closing = balance.iloc[-1] if len(lines) and joins else pd.NA
    return pd.DataFrame(
        {
            "account_key": [""],
            "currency": lines["currency"].head(1).tolist() or [_DEFAULT_CURRENCY],
            "opened_on": [lines["booked_on"].min()],
            "closed_on": [lines["booked_on"].max()],
            "opening": pd.array([opening], dtype="Int64"),
            "closing": pd.array([closing], dtype="Int64"),
        }
    )

"""Columns that several journals share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.rules import currencies
from app.wording.i18n import N_
from importers.reading.fields import Fields

DEFAULT_CURRENCY = "EUR"


def currency(table: Fields) -> list[str]:
    """The currency of each row, in letters; the euro where a journal leaves it out."""
    values = table.read(
        "currency", currencies.letters, N_("expected a currency such as EUR or 978"), required=False
    )
    return [value or DEFAULT_CURRENCY for value in values]


def directions(table: Fields, codes: Mapping[str, str], *, required: bool = True) -> list[Any]:
    """The code of each row's direction; a JRFI has it beside a type of another meaning, such as SINGLE."""
    return table.words("direction" if "direction" in table else "type", codes, required=required)


def sale_number(table: Fields) -> pd.Series[Any]:
    """The number of the sale: the platform's, else the merchant's order, where a journal has no other."""
    return table.first_of("sale_number", "order_reference")

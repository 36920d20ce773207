"""Settlements: what an acquirer or a platform announces or pays, and what each payment is made of.

Source: shared format page "Money", sections 4 and 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from importers.files.refusals import Notice

#: Of each payment: amounts in minor units; ``paid_on`` a day; ``net_proven`` whether its parts make its net.
SETTLEMENT = (
    "payee",
    "number",
    "reference",
    "paid_on",
    "currency",
    "account_key_last",
    "gross",
    "discount",
    "fee",
    "adjustment",
    "tax",
    "carried_over",
    "net",
    "net_proven",
    "state",
)
#: Of each line: ``*_hundredths`` are hundredths of a minor unit, for four decimals are common.
SETTLEMENT_LINE = (
    "settlement",
    "rank",
    "kind",
    "gross",
    "fee_hundredths",
    "net_hundredths",
    "currency",
    "contract_number",
    "reference",
    "merchant_reference",
    "occurred_on",
    "card_last4",
    "count",
)

#: Hundredths of a minor unit in one.
HUNDREDTHS: Final = 100


def rounded(hundredths: pd.Series[Any]) -> pd.Series[Any]:
    """Hundredths of minor units in minor units, half of one away from zero: what a bank pays."""
    units: pd.Series[Any] = (hundredths.abs() + HUNDREDTHS // 2) // HUNDREDTHS * np.sign(hundredths)
    return units


@dataclass(frozen=True, kw_only=True)
class Settlements:
    """The payments of a file and their lines.

    ``settlements`` has the columns of :data:`SETTLEMENT`, indexed 0 to n-1; ``lines`` those of
    :data:`SETTLEMENT_LINE`, where ``settlement`` is the row of the payment and ``rank`` the place in it.
    """

    settlements: pd.DataFrame
    lines: pd.DataFrame
    notices: tuple[Notice, ...] = ()

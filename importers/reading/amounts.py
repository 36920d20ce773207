"""Amounts as texts of major units: into whole minor units, without any float."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd

from app.wording.i18n import N_
from importers.refusals import refuse

#: Hundredths of a minor unit in one.
HUNDREDTHS: Final = 100

_MAJOR = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?", re.ASCII)
#: As many digits as 64 bits hold with room to add them up.
_MOST_DIGITS = 17
_MOST = 10.0**17


def refuse_uncountable(amounts: Any) -> None:
    """Refuse a column of amounts (minor units) whose sum 64 bits would not hold with room to spare.

    They are added as floats, which do not wrap: a part in 10**15 more or less decides nothing here.
    """
    if float(np.abs(np.asarray(amounts, dtype=np.float64)).sum()) > _MOST:
        raise refuse(N_("amounts that add up to more than anybody has"), column=N_("amount"))


def minor_units(text: str, decimals: int) -> int:
    """``12.5``, ``.2`` or ``18.150`` in units of 10 to the power of ``-decimals``.

    Raises ValueError for what is no amount, and for a part of a unit other than zero.
    """
    found = _MAJOR.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        raise ValueError("not an amount")
    whole, fraction = found[2].lstrip("0"), (found[3] or "").rstrip("0")
    if len(fraction) > decimals or len(whole) + decimals > _MOST_DIGITS:
        raise ValueError("more decimals than the currency has, or too large")
    value = int(whole + fraction.ljust(decimals, "0") or "0")
    return -value if found[1] == "-" else value


def rounded(hundredths: pd.Series[Any]) -> pd.Series[Any]:
    """Hundredths of minor units in minor units, half of one away from zero: what a bank pays."""
    units: pd.Series[Any] = (hundredths.abs() + HUNDREDTHS // 2) // HUNDREDTHS * np.sign(hundredths)
    return units

"""Amounts as texts of major units: into whole minor units, without any float."""

from __future__ import annotations

import re

_MAJOR = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?", re.ASCII)
_MOST_DIGITS = 15


def minor_units(text: str, decimals: int) -> int:
    """``12.5``, ``.2`` or ``18.150`` in units of 10 to the power of ``-decimals``.

    Raises ValueError for what is no amount, and for a part of a unit other than zero.
    """
    found = _MAJOR.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        raise ValueError("not an amount")
    whole, fraction = found[2].lstrip("0"), (found[3] or "").rstrip("0")
    if len(fraction) > decimals or len(whole) > _MOST_DIGITS:
        raise ValueError("more decimals than the currency has, or too large")
    value = int(whole + fraction.ljust(decimals, "0") or "0")
    return -value if found[1] == "-" else value

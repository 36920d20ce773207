"""Money: integer minor units and an ISO 4217 currency, read and written without any float; see formats."""

from __future__ import annotations

import re
from decimal import Decimal

#: ISO 4217 currencies by number of decimals; every other one has DEFAULT_EXPONENT.
EXPONENTS = {
    0: [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    3: ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"],
    4: ["CLF", "UYW"],
}
DEFAULT_EXPONENT = 2
#: Currencies that do not have DEFAULT_EXPONENT decimals.
UNUSUAL = tuple(sorted(code for codes in EXPONENTS.values() for code in codes))
_EXPONENT_OF = {code: exponent for exponent, codes in EXPONENTS.items() for code in codes}

# Thirteen digits before the comma leave room for every exponent in 64 bits.
_AMOUNT = re.compile(r"[+-]?[0-9]{1,13}(?:[.,][0-9]{1,4})?")
_SPACES = re.compile("[ \u00a0\u202f]")


def exponent(currency: str) -> int:
    """Number of decimals of ``currency``: 2 for EUR, 0 for JPY, 3 for TND."""
    return _EXPONENT_OF.get(currency, DEFAULT_EXPONENT)


def decimal(text: str) -> Decimal:
    """``12,50``, ``12.50``, ``-1 234,5``, with either minus, or ``39 €`` as a decimal. Raises ValueError."""
    bare = _SPACES.sub("", text.strip().removesuffix("€")).replace("\u2212", "-")
    if not _AMOUNT.fullmatch(bare):
        raise ValueError("not an amount")
    return Decimal(bare.replace(",", "."))


def minor_units(amount: Decimal, decimals: int) -> int:
    """``amount`` in minor units. Raises ValueError when it has more decimals than the currency."""
    scaled = amount.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError("more decimals than the currency has")
    return int(scaled)


def plain(minor: int, currency: str) -> str:
    """``-1234,56``: no thousands separator, no sign of currency; what :func:`decimal` reads back."""
    whole, cents = _parts(minor, currency)
    return f"{'-' if minor < 0 else ''}{whole}{',' if cents else ''}{cents}"


def _parts(minor: int, currency: str) -> tuple[str, str]:
    """Digits before and after the comma, without sign."""
    digits = exponent(currency)
    text = str(abs(minor)).rjust(digits + 1, "0")
    return text[: len(text) - digits], text[len(text) - digits :]

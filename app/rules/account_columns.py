"""The columns of a declaration of bank accounts (``COMPTES``), as importers read and the desk writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final = (
    "reseller",
    "merchant_code",
    "iban_or_rib",
    "label",
    "grouping",
    "fees",
    "working_days",
    "contracts",
)
FIRST_LINE: Final = ";".join(NAMES)


def text(line: Mapping[str, str]) -> bytes:
    """A declaration of one account; what is missing is empty."""
    return f"{FIRST_LINE}\n{';'.join(line.get(name, '') for name in NAMES)}\n".encode()

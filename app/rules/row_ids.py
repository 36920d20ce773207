"""The ids of rows, as addresses and forms name them."""

from __future__ import annotations

import re

#: What a column holds at most: 64 bits, signed.
LARGEST: int = 2**63 - 1
_ID = re.compile(r"[1-9][0-9]{0,18}")


def row_id(text: str) -> int | None:
    """The id that ``text`` names; None for what is none, or none that a column holds."""
    number = int(text) if _ID.fullmatch(text) else 0
    return number if 0 < number <= LARGEST else None

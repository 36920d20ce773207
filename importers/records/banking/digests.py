"""Digests of statements: hashes over the days and amounts of their lines, in an order of their own.

They are the same from CFONB 120, from camt and from a CSV, so that an account may change its format.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import numpy as np
import pandas as pd


def of_statements(lines: pd.DataFrame, count: int) -> list[str]:
    """The digests of ``count`` statements: ``lines`` have ``statement`` (0 to count-1), a day, an amount."""
    ordered = lines.sort_values(["statement", "booked_on", "amount"], kind="stable")
    days = ordered["booked_on"].to_numpy().astype("datetime64[D]").astype("<i8")
    pairs = np.column_stack([days, ordered["amount"].to_numpy(dtype="<i8")])
    starts = np.searchsorted(ordered["statement"].to_numpy(dtype=np.int64), np.arange(count + 1))
    return [sha256(pairs[first:last].tobytes()).hexdigest() for first, last in pairwise(starts)]


def of_lines(lines: pd.DataFrame) -> str:
    """The digest of the statement that these lines alone would be."""
    return of_statements(lines.assign(statement=0), 1)[0]

"""Transactions while they are being drawn: numbers only, one frame, turned into words at the end."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Frame = pd.DataFrame

NONE = -1
TYPES = ("debit", "refund", "cancellation", "refund_cancellation", "preauthorisation")
DEBIT, REFUND, CANCELLATION, REFUND_CANCELLATION, PREAUTHORISATION = range(5)
OUTCOMES = ("accepted", "declined", "abandoned")
ACCEPTED, DECLINED, ABANDONED = range(3)
ENTRY_MODES = ("chip", "contactless", "magstripe", "manual", "online")
CHIP, CONTACTLESS, MAGSTRIPE, MANUAL, ONLINE = range(5)
#: Response codes; the place of "" stands for none. Field 39 of ISO 8583.
CODES = ("", "00", "10", "51", "05", "57", "61", "54", "75", "91", "14", "80", "65", "43", "96")
NO_CODE, APPROVED, PARTIAL = range(3)

# ``at`` is in seconds of the local clock from the first day's midnight; ``fold`` says which of the two
# repeated hours of autumn is meant, if it is one. ``original`` is the ``id`` of another draft.
_DEFAULTS: dict[str, int | bool] = {
    "id": NONE,
    "slot": NONE,
    "at": 0,
    "fold": False,
    "type": DEBIT,
    "outcome": ACCEPTED,
    "amount": 0,
    "customer": NONE,
    "kind": NONE,
    "entry": CHIP,
    "asked": False,
    "code": NO_CODE,
    "dossier": NONE,
    "order": NONE,
    "original": NONE,
    "original_number": NONE,
    "requested": NONE,
}


def drafts(**columns: Ints | Flags | int | bool) -> Frame:
    """A frame with every column of a draft: those given (at least one an array), defaults for the others."""
    count = max(len(values) for values in columns.values() if isinstance(values, np.ndarray))
    filled: dict[str, Ints | Flags] = {}
    for name, default in _DEFAULTS.items():
        kind = np.bool_ if isinstance(default, bool) else np.int64
        filled[name] = np.broadcast_to(np.asarray(columns.get(name, default), dtype=kind), count)
    return pd.DataFrame(filled)


def together(frames: Iterable[Frame]) -> Frame:
    """All the drafts of ``frames``, in order."""
    return pd.concat(list(frames), ignore_index=True)

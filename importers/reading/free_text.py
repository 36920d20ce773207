"""Card numbers in the free texts of a file: searched inside each declared field, never across fields.

Source: shared format page "Money", section 5.6. In records of fixed places account, code and date are
neighbours that pass for a card number once in three accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.refusals import CARD_NUMBER, Unit
from app.rules.cards import looks_like_card
from importers.files.refusals import Refusal, Refused
from importers.records.account_keys import is_iban

_RUN = re.compile(r"(?<![0-9])[0-9](?:[ .\-/_]?[0-9]){12,18}(?![0-9])", re.ASCII)
_MAYBE = r"[0-9](?:[ .\-/_]?[0-9]){12}"
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b", re.ASCII)


def holds_card_number(text: str) -> bool:
    """Whether ``text`` holds a full card number, plain or in groups; account numbers (IBAN) are none."""
    bare = _IBAN.sub(lambda found: "" if is_iban(found[0].replace(" ", "")) else found[0], text)
    return any(looks_like_card(re.sub(r"[^0-9]", "", run[0])) for run in _RUN.finditer(bare))


def refuse_card_numbers(
    frame: pd.DataFrame, names: Iterable[str], numbers: NDArray[np.int64], unit: Unit = Unit.LINE
) -> None:
    """Raises Refused where a text of the columns ``names`` holds a card number.

    ``numbers`` are the places of the rows, counted in ``unit``; of the numbers nothing is said.
    """
    refusals = []
    for name in names:
        maybe = frame[name].str.contains(_MAYBE, regex=True).to_numpy(dtype=bool)
        rows = np.flatnonzero(maybe)
        found = [row for row in rows if holds_card_number(frame[name].iloc[row])]
        refusals += [
            Refusal(reason=CARD_NUMBER, unit=unit, line=int(numbers[row]), column=name) for row in found
        ]
    if refusals:
        raise Refused(sorted(refusals, key=lambda one: one.line or 0))

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
from app.rules import cards
from importers.files.refusals import FileRefusedError, Refusal

# As people write a card: digits in a row, or in groups of four, of 4-6-5 (American Express) or 4-6-4.
_PRINTED = re.compile(
    r"[0-9]{13,19}|[0-9]{4}([^0-9])[0-9]{4}(?:\1[0-9]{1,4}){2,3}|[0-9]{4}([^0-9])[0-9]{6}\2[0-9]{4,5}"
)


def holds_card_number(text: str) -> bool:
    """Whether ``text`` holds a card number as people write one.

    Numbers of a bank's label that only make one together (a contract, a remittance, a day) are none.
    """
    if not _PRINTED.search(text):
        return False
    return any(_PRINTED.fullmatch(text[card.start : card.end]) for card in cards.find(text))


def refuse_card_numbers(
    frame: pd.DataFrame, names: Iterable[str], numbers: NDArray[np.int64], unit: Unit = Unit.LINE
) -> None:
    """Raises FileRefusedError where a text of the columns ``names`` holds a card number.

    ``numbers`` are the places of the rows, counted in ``unit``; of the numbers nothing is said.
    """
    refusals = []
    for name in names:
        texts = frame[name]
        found = [text for text in texts.unique() if holds_card_number(text)]
        refusals += [
            Refusal(reason=CARD_NUMBER, unit=unit, line=int(number), column=name)
            for number in (numbers[texts.isin(found).to_numpy()] if found else ())
        ]
    if refusals:
        raise FileRefusedError(sorted(refusals, key=lambda one: one.line or 0))

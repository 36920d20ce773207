"""Card numbers in the free texts of a file: searched inside each declared field, never across fields.

Source: shared format page "Money", section 5.6. In records of fixed places account, code and date are
neighbours that pass for a card number once in three accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.refusals import CARD_NUMBER, Unit
from app.rules.cards import holds_card_number
from importers.refusals import FileRefusedError, Refusal


def refuse_card_numbers(
    frame: pd.DataFrame,
    names: Iterable[str],
    numbers: NDArray[np.int64],
    unit: Unit = Unit.LINE,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Raises FileRefusedError where a text of the columns ``names`` holds a card number.

    ``numbers`` are the places of the rows, counted in ``unit``; ``labels`` what the file itself calls its
    columns. Of the numbers nothing is said.
    """
    refusals = []
    for name in names:
        texts = frame[name]
        found = [text for text in texts.unique() if holds_card_number(text)]
        refusals += [
            Refusal(reason=CARD_NUMBER, unit=unit, line=int(number), column=(labels or {}).get(name, name))
            for number in (numbers[texts.isin(found).to_numpy()] if found else ())
        ]
    if refusals:
        raise FileRefusedError(sorted(refusals, key=lambda one: one.line or 0))

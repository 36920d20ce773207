"""Texts of remittances and lines as numbers: a cascade joins and compares the same ones a hundred times.

The numbers keep the order of the texts, and are those of the same text in every frame of one matching.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from importers.frames import TEXTS

#: The number of an empty text.
NO_TEXT: Final = 0
#: The texts of a line that may hold the number of a remittance.
NUMBERS: Final = ("remittance_number", "entry_number", "reference")
#: The columns that are numbered, in the frames that have them.
_NUMBERED: Final = ("account", "currency", "contract_number", "contract_rank", "outlet")
_NUMBER_LENGTH: Final = 7
#: The end of a rank that names the terminal.
_TERMINAL_LENGTH: Final = 2


@dataclass(frozen=True, kw_only=True)
class Coded:
    """The frames of :func:`importers.matching.match`, their texts as numbers.

    ``items`` have ``terminal`` besides, the end of their rank, and ``key``, what is left of their number in
    an entry; of the :data:`NUMBERS` of ``lines`` there is that alone.
    """

    items: pd.DataFrame
    lines: pd.DataFrame
    known: pd.DataFrame
    statements: pd.DataFrame | None

    @classmethod
    def of(
        cls, items: pd.DataFrame, lines: pd.DataFrame, known: pd.DataFrame, statements: pd.DataFrame | None
    ) -> Coded:
        """The frames with the numbers of their texts."""
        frames = [items, lines, known, *([] if statements is None else [statements])]
        codes: list[dict[str, Any]] = [{} for _ in frames]
        for name in _NUMBERED:
            places = [place for place, frame in enumerate(frames) if name in frame]
            for place, found in zip(places, _codes([frames[place][name] for place in places]), strict=True):
                codes[place][name] = found
        (codes[0]["terminal"],) = _codes(
            [items["contract_rank"]], lambda texts: texts.str[-_TERMINAL_LENGTH:]
        )
        keys = _codes([items["number"], *(lines[name] for name in NUMBERS)], number_key)
        codes[0]["key"], codes[1] = keys[0], codes[1] | dict(zip(NUMBERS, keys[1:], strict=True))
        items, lines, known, *others = (frame.assign(**own) for frame, own in zip(frames, codes, strict=True))
        return cls(items=items, lines=lines, known=known, statements=others[0] if others else None)


def _codes(
    columns: list[pd.Series[Any]], end: Callable[[pd.Series[Any]], pd.Series[Any]] | None = None
) -> list[NDArray[np.int64]]:
    """The numbers of the texts of ``columns``, one set for all of them, or of what is the ``end`` of each."""
    every = [np.array([""], dtype=object), *(column.to_numpy(dtype=object) for column in columns)]
    found, texts = pd.factorize(np.concatenate(every), sort=end is None, use_na_sentinel=end is None)
    if end is not None:
        found = pd.factorize(end(pd.Series(texts, dtype=TEXTS)), sort=True)[0][found]
    return np.split(found[1:].astype("int64"), np.cumsum([len(column) for column in columns])[:-1])


def number_key(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """The last seven characters without leading zeros: what is left of a number in an entry."""
    return numbers.astype(TEXTS).str[-_NUMBER_LENGTH:].str.lstrip("0")

"""Keys: codes by which files name a merchant, an application, a terminal. No two of them look alike.

A Cyrillic or Greek letter that looks like a Latin one would make a second merchant that nobody can tell
from the first. Names may be of any script.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from app.wording.searching import tidy

#: A letter of a key: what a French keyboard types, a semicolon excepted.
LETTER: Final = "[ -:<-~°À-ÖØ-öø-ÿŒœ]"


def tidy_key(text: str) -> str:
    """A key in letters of one width, without marks that nobody sees, one blank between its words."""
    return tidy(unicodedata.normalize("NFKC", text))

"""The names of merchants and people as a round button shows them."""

from __future__ import annotations

import re

#: Words that no one would abbreviate a shop by.
_SMALL_WORDS = frozenset(
    ("le", "la", "les", "l", "du", "de", "des", "d", "au", "aux", "à", "et", "en", "the", "of", "and")
)
_WORD = re.compile(r"[^\W_]+")


def initials(name: str) -> str:
    """The first letters of the last two words that count: ``MB`` for "Boulangerie du Moulin Bleu".

    Of a mail address, those of what stands before the @.
    """
    words = [word for word in _WORD.findall(name.partition("@")[0]) if word.lower() not in _SMALL_WORDS]
    return "".join(word[0] for word in words[-2:]).upper()

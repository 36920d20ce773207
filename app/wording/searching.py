"""Searches as people type and paste them, made ready to compare: one way for lists, desk and pickers."""

from __future__ import annotations

import unicodedata

#: Marks that nobody sees: they turn the direction of a line, join or part letters, begin a file.
_INVISIBLE = "Cf"
_LETTERS = ("L", "M", "N")


def tidy(text: str) -> str:
    """``text`` on one line: without marks that nobody sees, one plain blank between words, none outside."""
    seen = (letter for letter in text if unicodedata.category(letter) != _INVISIBLE)
    return " ".join("".join(seen).split())


def words_of(text: str) -> tuple[str, ...]:
    """The words of ``text``, whatever stands between them: apostrophes, dashes, blanks."""
    letters = (letter if unicodedata.category(letter)[0] in _LETTERS else " " for letter in tidy(text))
    return tuple("".join(letters).split())


def folded(text: str) -> str:
    """The words of ``text`` in small letters without accents, as ``fold`` of the database makes them."""
    plain = unicodedata.normalize("NFKD", " ".join(words_of(text))).lower().replace("œ", "oe")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))

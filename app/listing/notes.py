"""Notes beside the groups of a list: amounts that belong together, in a sentence, and one by one in files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """An amount of a note in minor units: its name for programs, its words in the language of the moment.

    ``name`` is None for what nobody named.
    """

    name: str | None
    words: str
    amount: int


@dataclass(frozen=True)
class GroupNote:
    """A note in one currency.

    ``name`` is for programs, ``title`` and ``sentence`` are in the language of the moment.
    """

    name: str
    title: str
    currency: str
    figures: tuple[Figure, ...]
    sentence: str

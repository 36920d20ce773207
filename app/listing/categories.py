"""Texts of which there are few: issuers, products. One of them as it is stored, or words anywhere in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_

from app.listing.filters import LONGEST, FreeText
from app.listing.kinds import Expression
from app.wording.searching import tidy

_QUOTE = '"'


def whole(value: str) -> str:
    """``value`` in an address, where it is asked for as a whole: between quotes.

    Words alone would find MASTERCARD GOLD for MASTERCARD. What an address would not give back as it is
    stored is asked for by its words.
    """
    quoted = f"{_QUOTE}{value}{_QUOTE}"
    return quoted if tidy(value) == value and len(quoted) <= LONGEST else value


def _unquoted(text: str) -> str | None:
    """What stands between quotes; None for words."""
    is_whole = len(text) > len(_QUOTE) * 2 and text.startswith(_QUOTE) and text.endswith(_QUOTE)
    return text[1:-1] if is_whole else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Category(FreeText):
    """A text of which there are few: ``"MASTERCARD"`` asks for that very one, ``gold`` for a word in it."""

    def say(self, value: str) -> str:
        return _unquoted(value) or value

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        chosen = [stored for value in values if (stored := _unquoted(value)) is not None]
        words = [value for value in values if _unquoted(value) is None]
        conditions = [super().where(column, words)] if words else []
        return or_(*conditions, column.in_(chosen)) if chosen else or_(*conditions)

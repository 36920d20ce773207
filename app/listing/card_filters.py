"""Kinds of what is read off a card, asked for by a filter: its truncated number and its last month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement, Text, and_, func, literal_column, or_

from app.listing.filters import CARD_TEXT, LONGEST, Filter, InvalidValueError, clean
from app.listing.kinds import Expression, Row, protected
from app.wording.i18n import N_, gettext
from app.wording.searching import tidy

# A card number has at least this many digits; the last four, or six and four, are all we ever need.
_DIGITS = 12
#: As tickets and statements print it: ``############2204``, ``5131 40** **** 2204``, ``CB*1996``.
_AS_PRINTED = re.compile(r"(?:[0-9][^0-9]*){6}[0-9]{4}|[^0-9]*[0-9]{4}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Card(Filter):
    """A truncated card number: the last four digits, and the first six when they are known.

    The column holds the last four, ``bin`` the first six. A value is ``(first six or "", last four)``.
    """

    widget: ClassVar[str] = "card"
    mode = "numeric"
    #: A full card number does not even leave the browser: eleven digits do, whatever stands between them.
    pattern: ClassVar[str] = r"(?:[^0-9]*[0-9]){0,11}[^0-9]*"
    advice: ClassVar[str] = CARD_TEXT
    quoted: ClassVar[bool] = True
    bin: Expression

    def input_label(self, title: str) -> str:  # noqa: ARG002 - it says which digits
        return gettext("Card (last 4 digits)")

    def below(self, value: str | None, row: Row) -> str:  # noqa: ARG002
        return f"•••• {value[-4:]}" if value else ""

    def csv(self, column: Expression) -> Expression:
        return protected(column)

    def parse(self, text: str) -> tuple[str, str]:
        digits = "".join(letter for letter in text if letter.isdigit())
        if digits.isascii() and _AS_PRINTED.fullmatch(tidy(text)):
            return digits[:-4], digits[-4:]
        secret = sum(letter.isdigit() for letter in text) >= _DIGITS
        raise InvalidValueError(CARD_TEXT, secret=secret or len(text) > LONGEST)

    def unparse(self, value: tuple[str, str]) -> str:
        first, last = value
        return f"{first}******{last}" if first else last

    def where(self, column: Expression, values: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
        return or_(*(self._matches(column, first, last) for first, last in values))

    def _matches(self, column: Expression, first: str, last: str) -> ColumnElement[bool]:
        return and_(column == last, self.bin == first) if first else column == last


@dataclass(frozen=True, kw_only=True, eq=False)
class Expiry(Filter):
    """The month a card expires, stored as ``MMYY``."""

    quoted: ClassVar[bool] = True

    def show(self, value: str | None, row: Row) -> str:  # noqa: ARG002
        return self.say(value) if value else ""

    def say(self, value: str) -> str:
        return f"{value[:2]}/{value[2:]}"

    def csv(self, column: Expression) -> Expression:
        # Protected as an identifier: a spreadsheet takes 12/28 for a day.
        return protected(func.left(column, 2).concat(literal_column("'/'")).concat(func.substr(column, 3)))

    def parse(self, text: str) -> str:
        found = re.fullmatch(r"(0[1-9]|1[0-2])\s*[/.-]?\s*(?:20)?([0-9]{2})", clean(text))
        if not found:
            raise InvalidValueError(N_("Type the month and the year, such as 12/28"))
        return found[1] + found[2]

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        return column.in_(values)


def masked(first6: Expression, last4: Expression) -> Expression:
    """A column of ``497010******0044``, or ``************0044`` when the first six are unknown."""
    stars = literal_column("'******'", Text)
    return func.coalesce(first6, stars).concat(stars).concat(last4)

"""Kinds that a filter can ask for: how a value is read from an address and compared in SQL.

A value that cannot be read raises :class:`InvalidValueError`, which is shown beside its field.
"""

from __future__ import annotations

import re
import unicodedata
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Text, and_, case, false, func, literal_column, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.listing.kinds import Expression, Identifier, Kind, Row, translated
from app.rules.cards import holds_card
from app.rules.directory_columns import is_siret
from app.wording import applications, response_codes
from app.wording.i18n import N_, gettext
from app.wording.searching import tidy, words_of

LONGEST = 100
#: Asks for the rows without a code. Codes are kept in capitals, so that it is none itself.
ABSENT = "none"
# Six letters have 64 casings: still a short list for an index.
MOST_LETTERS = 6
CARD_TEXT = N_("Type only the last 4 digits of the card, or the first 6 and the last 4")
_ZERO = literal_column("'0'", Text)


class InvalidValueError(ValueError):
    """A value that is not understood.

    ``message`` is an English message identifier, filled with ``values``; ``secret`` ones are not shown again.
    """

    def __init__(self, message: str, *, secret: bool = False, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.values = values
        self.secret = secret


def clean(text: str, longest: int = LONGEST) -> str:
    """``text`` as it is searched for, see :func:`tidy`. Refuses what no stored value can hold."""
    stripped = tidy(text)
    if len(stripped) > longest:
        raise InvalidValueError(
            N_("%(longest)d characters at most"), longest=longest, secret=holds_card(stripped)
        )
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in stripped):
        raise InvalidValueError(N_("Some of these characters cannot be searched"))
    return stripped


def holds_words(column: Expression, text: str, kept: Expression | None = None) -> ColumnElement[bool]:
    """Whether ``column`` (``kept`` in its folded form) holds each word of ``text``, or all if it has none."""
    folded, words = func.fold(column) if kept is None else kept, words_of(text) or (tidy(text),)
    # A position, not LIKE: folding can itself produce '%' and '_' out of exotic letters.
    return and_(*(func.strpos(folded, func.fold(word)) > 0 for word in words))


@dataclass(frozen=True, kw_only=True, eq=False)
class Filter(Kind):
    """A kind that a filter can ask for.

    ``widget`` is how its input is filled: text, choice, card or amount; ``pattern`` all that it may hold,
    ``advice`` what a browser says of what it may not: a message identifier.
    """

    widget: ClassVar[str] = "text"
    pattern: ClassVar[str] = ""
    advice: ClassVar[str] = ""

    @property
    def mode(self) -> str:
        """Which keyboard a phone shows, as ``inputmode`` has it; "" for its usual one."""
        return ""

    def input_label(self, title: str) -> str:
        """What an input of the field ``title`` is called, in the language of the moment."""
        return title

    def suggestions(self) -> tuple[tuple[str, str], ...]:
        """What an input proposes, and the words of each; other texts can be typed."""
        return ()

    @abstractmethod
    def parse(self, text: str) -> Any:
        """The value written as ``text``, which is not empty. Raises InvalidValueError."""

    def unparse(self, value: Any) -> str:
        """The canonical text of ``value`` in an address: ``parse`` reads it back."""
        return str(value)

    def say(self, value: Any) -> str:
        """``value`` in words, for a chip."""
        return self.unparse(value)

    @abstractmethod
    def where(self, column: Expression, values: Sequence[Any]) -> ColumnElement[bool]:
        """True for the rows whose ``column`` is any of ``values`` (at least one)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RangeFilter(Filter):
    """A kind that is asked for exactly, or within bounds, each a parameter of its own."""

    @property
    @abstractmethod
    def ends(self) -> tuple[Filter, Filter]:
        """The kinds that read the lower and the upper bound."""

    @abstractmethod
    def between(self, column: Expression, low: Any | None, high: Any | None) -> ColumnElement[bool]:
        """True from ``low`` to ``high``, both included; None is no bound, one of them at least is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FreeText(Filter):
    """Words that match anywhere, without accents or case; ``kept`` as for :func:`holds_words`."""

    kept: Expression | None = None

    def parse(self, text: str) -> str:
        words = clean(text)
        if holds_card(words):
            raise InvalidValueError(CARD_TEXT, secret=True)
        return words

    def order(self, column: Expression) -> Expression:
        return (func.fold(column, type_=Text) if self.kept is None else self.kept).collate("C")

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        return or_(*(holds_words(column, value, self.kept) for value in values))


@dataclass(frozen=True, kw_only=True, eq=False)
class Code(Filter, Identifier):
    """An identifier: matches exactly; case and leading zeros do not matter.

    ``longest`` bounds what can be typed, ``most_digits`` what is typed in digits alone, where that is less.
    ``indexed`` codes have an index on their text without leading zeros, so that every casing of a code is
    asked for instead of folding the column. ``absent`` are the words of the rows without one, where these
    can be asked for, as :data:`ABSENT`. ``digits`` ones are typed on a phone's keyboard of numbers.
    """

    longest: int
    most_digits: int | None = None
    indexed: bool = False
    absent: str = ""
    digits: bool = False

    @property
    def mode(self) -> str:
        return "numeric" if self.digits else ""

    def parse(self, text: str) -> str:
        written = clean(text)
        if self.absent and written.lower() == ABSENT:
            return ABSENT
        bare = re.sub(r"\s", "", written)
        code = bare if bare.isdigit() else written
        if not code.isascii():
            raise InvalidValueError(N_("Type digits and letters without accents"))
        if self.is_secret(written):
            raise InvalidValueError(CARD_TEXT, secret=True)
        most = self.most_digits if code.isdigit() else None
        return clean(code, most or self.longest).upper()

    def is_secret(self, written: str) -> bool:
        """Whether ``written`` is, or may be, a full card number."""
        return holds_card(written)

    def say(self, value: str) -> str:
        return gettext(self.absent) if value == ABSENT else value

    def suggestions(self) -> tuple[tuple[str, str], ...]:
        return ((ABSENT, gettext(self.absent)),) if self.absent else ()

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        codes = [value for value in values if value != ABSENT]
        found = self._is_one_of(column, codes) if codes else false()
        return found if len(codes) == len(values) else or_(_bare(column).is_(None), found)

    def _is_one_of(self, column: Expression, codes: Sequence[str]) -> ColumnElement[bool]:
        significant = [code.lstrip("0") for code in codes]
        compared = _kept("compared", column)
        if compared is not None:
            return compared.in_(significant)
        bare = _bare(column)
        if self.indexed and all(sum(map(str.isalpha, code)) <= MOST_LETTERS for code in significant):
            return bare.in_(sorted({casing for code in significant for casing in casings(code)}))
        return func.upper(bare).in_(significant)


@dataclass(frozen=True, kw_only=True, eq=False)
class Siret(Code):
    """A SIRET: fourteen digits that pass the check of card numbers, some of them in a brand's range.

    ``said`` is what the terminal said, which is indexed: a column that falls back on the outlet's is
    searched for by it, and among the rows whose terminal said nothing.
    """

    longest: int = 14
    indexed: bool = True
    digits: bool = True
    said: Expression

    def is_secret(self, written: str) -> bool:
        return holds_card(written) and not is_siret(re.sub(r"\s", "", written))

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        said_nothing = _bare(self.said).is_(None)
        return and_(or_(super().where(self.said, values), said_nothing), super().where(column, values))


def _bare(column: Expression) -> Expression:
    """``column`` without its leading zeros: as its table keeps it, if it does, since that has the index."""
    kept = _kept("bare", column)
    return func.ltrim(column, _ZERO) if kept is None else kept


def _kept(form: str, column: Expression) -> Expression | None:
    """``column`` in another form that its table keeps beside it; None where it does not."""
    if not isinstance(column, InstrumentedAttribute):
        return None
    found: Expression | None = column.parent.columns.get(f"{form}_{column.key}")
    return found


def casings(code: str) -> set[str]:
    """Every way to write ``code`` in small and capital letters: 2 to the number of its letters."""
    ways = (sorted({letter.lower(), letter.upper()}) for letter in code)
    return {"".join(way) for way in product(*ways)}


@dataclass(frozen=True, kw_only=True, eq=False)
class ResponseCode(Code):
    """A response code, explained in plain words."""

    longest: int = 4

    def say(self, value: str) -> str:
        meaning = response_codes.meaning(value)
        return f"{value} ({meaning})" if meaning else value

    def explain(self, value: str | None) -> str | None:
        return response_codes.meaning(value) if value else None


@dataclass(frozen=True, kw_only=True, eq=False)
class ExplainedCode(Kind):
    """A response code with its meaning beside it."""

    def show(self, value: str, row: Row) -> str:  # noqa: ARG002
        return ResponseCode().say(value)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bank(Code):
    """A bank code, shown with the bank's name; asked for by either."""

    longest: int = 5
    name: Expression

    def show(self, value: str | None, row: Row) -> str:
        return " ".join(part for part in (value, row["bank_name"]) if part)

    def sheet(self, value: str | None, row: Row) -> str:  # noqa: ARG002
        return value or ""

    def parse(self, text: str) -> str:
        named = any(letter.isalpha() for letter in text)
        return FreeText().parse(text) if named else super().parse(text)

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        names = [value for value in values if any(letter.isalpha() for letter in value)]
        codes = [value for value in values if value not in names]
        return or_(
            super().where(column, codes) if codes else false(),
            FreeText().where(self.name, names) if names else false(),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice(Filter):
    """One of a few codes, shown in words."""

    widget: ClassVar[str] = "choice"
    labels: Mapping[str, str]

    def show(self, value: str | None, row: Row) -> str:  # noqa: ARG002
        return self.say(value) if value is not None else ""

    def csv(self, column: Expression) -> Expression:
        return translated(column, {code: gettext(label) for code, label in self.labels.items()})

    def parse(self, text: str) -> str:
        code = clean(text).lower()
        if code not in self.labels:
            raise InvalidValueError(N_("Choose one of the values of the list"))
        return code

    def say(self, value: str) -> str:
        return gettext(self.labels[value]) if value in self.labels else value

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Codes and their words, in the order of the list."""
        return tuple((code, self.say(code)) for code in self.labels)

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        return column.in_(values)


@dataclass(frozen=True, kw_only=True, eq=False)
class ApplicationCode(Choice):
    """A payment application; one that we do not know is shown, and asked for, as received."""

    def parse(self, text: str) -> str:
        return Code(longest=LONGEST).parse(text)

    def say(self, value: str) -> str:
        return applications.label(value)

    def csv(self, column: Expression) -> Expression:
        return translated(column, self.labels)

    def where(self, column: Expression, values: Sequence[str]) -> ColumnElement[bool]:
        return func.upper(column).in_(values)


def flagged(condition: ColumnElement[bool] | Expression, yes: str, no: str) -> Expression:
    """A column of codes out of a condition."""
    return case((condition, literal_column(f"'{yes}'")), else_=literal_column(f"'{no}'"))

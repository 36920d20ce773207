"""Kinds: what depends on the type of a value and on nothing else.

Each knows how a value is shown on a page, written in a CSV cell (an SQL expression, so that
PostgreSQL writes the file itself) and in JSON. Kinds that a filter can ask for are in ``asked``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    SQLColumnExpression,
    Text,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
)

from app.wording import formats, money
from app.wording.i18n import N_, gettext

Expression = SQLColumnExpression[Any]
#: A statement of any columns.
Statement = Select[*tuple[Any, ...]]
#: A listed row: the values of the fields by name, as they come from the database.
Row = Mapping[Any, Any]


def _constant(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer)


#: First characters that make a spreadsheet read a text as a formula: TAB, CR, ``+``, ``-``, ``=``, ``@``, and
#: the full-width ones that some take for these.
FORMULA = "\t\r+-=@＋－＝＠"
_FORMULA = [_constant(ord(letter)) for letter in FORMULA]
_LETTERS = (_constant(ord("A")), _constant(ord("＋") - 1))
_DIGITS = (_constant(ord("0")), _constant(ord("9")))
_TAB = literal_column(r"E'\t'", Text)
_TAB_QUOTE = literal_column(r"E'\t'''", Text)
_QUOTE = literal_column("''''", Text)
_EUR = literal_column("'EUR'", Text)
_FIRST = _constant(1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """Plain words: the kind of a value that needs nothing special.

    ``quoted`` cells stand between quotes in CSV, so that no reader takes a TAB for a separator.
    """

    quoted: ClassVar[bool] = False
    #: The words of a list in falling and in rising order of it; ``%(label)s`` is the field's.
    order_words: ClassVar[tuple[str, str]] = (N_("%(label)s, from Z to A"), N_("%(label)s, from A to Z"))

    def show(self, value: Any, row: Row) -> str:  # noqa: ARG002 - an amount looks up its currency
        """Text for a page, in the language of the moment; empty when the value is unknown."""
        return "" if value is None else str(value)

    def cell(self, value: Any, row: Row) -> str:
        """Text of a cell, where it may say more than :meth:`show` beside a label."""
        return self.show(value, row)

    def short(self, value: Any, row: Row) -> str:
        """Text of a cell of a table, where there is less room than among the details."""
        return self.cell(value, row)

    def below(self, value: Any, row: Row) -> str:
        """Text below the name of a row on a phone, where there is little room."""
        return self.cell(value, row)

    def sheet(self, value: Any, row: Row) -> str:
        """Text of a cell of a workbook, which has a column for each field: nothing of another one."""
        return self.show(value, row)

    def badge(self, value: Any, row: Row) -> str:
        """Text of its badge; empty for the ordinary case that needs none."""
        return self.cell(value, row)

    def tone_key(self, value: Any, row: Row) -> Any:  # noqa: ARG002 - a value that another one overrides
        """The code that its tone goes by."""
        return value

    def explain(self, value: Any) -> str | None:  # noqa: ARG002 - most values speak for themselves
        """A sentence that says what the value means, for those that need one."""
        return None

    def order(self, column: Expression) -> Expression:
        """What rows are ordered by: texts by their letters, whatever the server's language."""
        return column.collate("C")

    def csv(self, column: Expression) -> Expression:
        """The text of a CSV cell, in French. NULL is an empty cell."""
        return guarded(column)

    def json(self, value: Any) -> Any:
        """The value of a JSON property."""
        return value


def guarded(column: Expression) -> Expression:
    """``column`` with a quote in front when a spreadsheet would run it as a formula."""
    first: Expression = func.ascii(column)
    return case(
        (first.between(*_LETTERS), column),  # the usual case, and the quickest test
        (first.in_(_FORMULA), _QUOTE.concat(column)),
        else_=column,
    )


def guarded_text(text: str) -> str:
    """``text`` with a quote in front when a spreadsheet would run it as a formula."""
    return f"'{text}" if text[:1] and text[0] in FORMULA else text


def protected_text(text: str) -> str:
    """An identifier as :func:`protected` writes it."""
    return f"\t{guarded_text(text)}"


def protected(column: Expression) -> Expression:
    """``column`` with a TAB in front: text for a spreadsheet, white space to trim for an import."""
    first: Expression = func.ascii(column)
    return case(
        (first.between(*_DIGITS), _TAB.concat(column)),  # the usual case again
        (first.in_(_FORMULA), _TAB_QUOTE.concat(column)),
        else_=_TAB.concat(column),
    )


def translated(column: Expression, labels: Mapping[str, str]) -> Expression:
    """``column`` with its codes replaced by ``labels``; other codes stay as they are."""
    if not labels:
        return guarded(column)
    return case(labels, value=column, else_=guarded(column))


@dataclass(frozen=True, kw_only=True, eq=False)
class Identifier(Kind):
    """Digits or letters that are no quantity: zeros in front and length are part of it."""

    quoted: ClassVar[bool] = True

    def csv(self, column: Expression) -> Expression:
        return protected(column)


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment(Kind):
    """A local date and time, as the terminal's clock showed it."""

    order_words: ClassVar[tuple[str, str]] = (N_("Newest first"), N_("Oldest first"))

    def show(self, value: datetime | None, row: Row) -> str:  # noqa: ARG002
        return formats.moment(value) if value else ""

    def order(self, column: Expression) -> Expression:
        return column

    def csv(self, column: Expression) -> Expression:
        return func.to_char(column, literal_column("'DD/MM/YYYY HH24:MI:SS'"))

    def json(self, value: datetime | None) -> str | None:
        return value.isoformat(timespec="seconds") if value else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Day(Kind):
    """A day of the calendar."""

    order_words: ClassVar[tuple[str, str]] = Moment.order_words

    def show(self, value: date | None, row: Row) -> str:  # noqa: ARG002
        return formats.day(value) if value else ""

    def order(self, column: Expression) -> Expression:
        return column

    def csv(self, column: Expression) -> Expression:
        return func.to_char(column, literal_column("'DD/MM/YYYY'"))

    def json(self, value: date | None) -> str | None:
        return value.isoformat() if value else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole(Kind):
    """A number of things."""

    order_words: ClassVar[tuple[str, str]] = (N_("%(label)s, largest first"), N_("%(label)s, smallest first"))

    def order(self, column: Expression) -> Expression:
        return column

    def csv(self, column: Expression) -> Expression:
        return cast(column, Text)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rate(Kind):
    """An exact decimal number: an exchange rate, a percentage."""

    unit: str = ""

    def show(self, value: Decimal | None, row: Row) -> str:  # noqa: ARG002
        if value is None:
            return ""
        text = f"{value:f}".replace(".", formats.decimal_sign())
        return f"{text}\u00a0{self.unit}" if self.unit else text

    def order(self, column: Expression) -> Expression:
        return column

    def csv(self, column: Expression) -> Expression:
        return func.replace(cast(column, Text), ".", ",")

    def json(self, value: Decimal | None) -> str | None:
        return None if value is None else f"{value:f}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Flag(Kind):
    """Yes or no."""

    def show(self, value: Any, row: Row) -> str:  # noqa: ARG002
        return "" if value is None else yes_or_no()[value]

    def order(self, column: Expression) -> Expression:
        return column

    def csv(self, column: Expression) -> Expression:
        no, yes = yes_or_no()
        return case((column.is_(True), literal(yes)), (column.is_(False), literal(no)))


def yes_or_no() -> tuple[str, str]:
    """The words for False and True."""
    return gettext("No"), gettext("Yes")


@dataclass(frozen=True, kw_only=True, eq=False)
class Money(Kind):
    """Signed minor units of the currency that the row holds under ``currency``."""

    order_words: ClassVar[tuple[str, str]] = (N_("Largest amount first"), N_("Smallest amount first"))
    currency: Expression
    currency_field: str = "currency"

    def show(self, value: int | None, row: Row) -> str:
        currency = row[self.currency_field]
        if value is None or currency is None:
            return ""
        return formats.money(value, currency)

    def order(self, column: Expression) -> Expression:
        return column

    def csv(self, column: Expression) -> Expression:
        return decimal_comma(column, self.currency)


def decimal_comma(amount: Expression, currency: Expression) -> Expression:
    """Minor units as ``-12,50``, with the number of decimals of the row's currency."""
    return case(
        (has_exponent(currency, money.DEFAULT_EXPONENT), _scaled(amount, money.DEFAULT_EXPONENT)),
        *((has_exponent(currency, exponent), _scaled(amount, exponent)) for exponent in money.EXPONENTS),
    )


def has_exponent(currency: Expression, exponent: int) -> ColumnElement[bool]:
    """True where ``currency`` has ``exponent`` decimals.

    A search in a list of codes: the planner would weigh each member of IN, on each partition. EUR
    comes first, because it is quick and because the planner knows how many rows have it.
    """
    if exponent == money.DEFAULT_EXPONENT:
        return or_(currency == _EUR, _place(money.UNUSUAL, currency) < _FIRST)
    return _place(money.EXPONENTS[exponent], currency) >= _FIRST


def _place(codes: Iterable[str], currency: Expression) -> ColumnElement[int]:
    """Where ``currency`` stands among ``codes``; 0 when it does not."""
    return func.strpos(literal_column(f"'{' '.join(codes)}'", Text), currency, type_=Integer)


def _scaled(amount: Expression, exponent: int) -> Expression:
    if not exponent:
        return cast(amount, Text)
    unit = literal_column(f"{Decimal(1).scaleb(-exponent):f}", Numeric)
    # bigint times 0.01 keeps exactly two decimals: no rounding, no formatting.
    return func.replace(cast(cast(amount, BigInteger) * unit, Text), ".", ",")

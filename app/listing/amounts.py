"""Amounts as a filter asks for them: exactly, or within bounds, whatever the currency of each row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, BinaryExpression, ColumnElement, and_, case, literal, or_

from app.listing.filters import Filter, InvalidValueError, RangeFilter, clean
from app.listing.kinds import Expression, Money, has_exponent
from app.rules.cards import holds_card
from app.wording import formats, money
from app.wording.i18n import N_, gettext

EXPONENTS = (money.DEFAULT_EXPONENT, *money.EXPONENTS)


@dataclass(frozen=True, kw_only=True, eq=False)
class AmountFilter(RangeFilter, Money):
    """An amount, asked for without its sign; a value is a decimal number of currency units.

    The same ``12,50`` is 1250 in EUR and 12500 in TND: each row is compared with its own. No index goes by
    that; ``daily_currency``, the same currency in the daily sums, tells the bounds that one can go by.
    """

    widget: ClassVar[str] = "amount"
    mode = "decimal"
    daily_currency: Expression | None = None

    @property
    def ends(self) -> tuple[Filter, Filter]:
        return AtLeast(currency=self.currency), AtMost(currency=self.currency)

    def parse(self, text: str) -> Decimal:
        try:
            return abs(money.decimal(clean(text)))
        except InvalidValueError:
            raise
        except ValueError:
            raise InvalidValueError(N_("Type an amount, such as 12,50"), secret=holds_card(text)) from None

    def unparse(self, value: Decimal) -> str:
        whole, _, cents = f"{value.normalize():f}".partition(".")
        return f"{whole},{cents.ljust(2, '0')}"

    def say(self, value: Decimal) -> str:
        return self.unparse(value).replace(",", formats.decimal_sign())

    def where(self, column: Expression, values: Sequence[Decimal]) -> ColumnElement[bool]:
        exact = {exponent: list(_whole_units(values, exponent)) for exponent in EXPONENTS}
        # Every candidate first, for the index; then the ones of the row's own currency, of which the
        # sum with 0 keeps the planner from searching the index once more for each.
        candidates = sorted({unit for units in exact.values() for unit in units})
        own = self._by_currency(lambda exponent: (column + 0).in_(exact[exponent]))
        return and_(column.in_(candidates), own)

    def between(self, column: Expression, low: Decimal | None, high: Decimal | None) -> ColumnElement[bool]:
        if low is not None and low == high:
            return self.where(column, [low])

        def inside(exponent: int) -> Iterator[ColumnElement[bool]]:
            for compare, value, rounding in _ends(low, high):
                yield compare(column, _rounded(value, exponent, rounding))

        return self._by_currency(lambda exponent: and_(*inside(exponent)))

    def limits(
        self, column: Expression, low: Decimal | None, high: Decimal | None
    ) -> Iterator[BinaryExpression[bool]]:
        """Comparisons of ``column`` with what a bound is in the currency of a row of the daily sums.

        No amount of a period lies beyond the furthest of these. None where an exact amount is asked for,
        which :meth:`where` has an index find.
        """
        if self.daily_currency is None or low == high:
            return
        for compare, value, rounding in _ends(low, high):
            usual, *others = (literal(_rounded(value, each, rounding), BigInteger) for each in EXPONENTS)
            unusual = (has_exponent(self.daily_currency, exponent) for exponent in money.EXPONENTS)
            bound = case(*zip(unusual, others, strict=True), else_=usual)
            yield cast("BinaryExpression[bool]", compare(column, bound))

    def _by_currency(self, test: Callable[[int], ColumnElement[bool]]) -> ColumnElement[bool]:
        """``test`` for the exponent of the row's currency."""
        return or_(*(and_(has_exponent(self.currency, exponent), test(exponent)) for exponent in EXPONENTS))


def _ends(low: Decimal | None, high: Decimal | None) -> Iterator[tuple[Callable[..., Any], Decimal, str]]:
    """How amounts compare with each of the two, and how these are rounded to the units of a currency."""
    if low is not None:
        yield operator.ge, low, ROUND_CEILING
    if high is not None:
        yield operator.le, high, ROUND_FLOOR


def _whole_units(values: Sequence[Decimal], exponent: int) -> Iterator[int]:
    """The values that a currency of that exponent can hold, in its minor units."""
    for value in values:
        with suppress(ValueError):
            yield money.minor_units(value, exponent)


def _rounded(value: Decimal, exponent: int, rounding: str) -> int:
    return int(value.scaleb(exponent).to_integral_value(rounding))


@dataclass(frozen=True, kw_only=True, eq=False)
class AtLeast(AmountFilter):
    """The lower end of a range of amounts."""

    def input_label(self, title: str) -> str:
        return gettext("%(label)s from", label=title)

    def say(self, value: Decimal) -> str:
        return f"≥ {super().say(value)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class AtMost(AmountFilter):
    """The upper end of a range of amounts."""

    def input_label(self, title: str) -> str:
        return gettext("%(label)s to", label=title)

    def say(self, value: Decimal) -> str:
        return f"≤ {super().say(value)}"

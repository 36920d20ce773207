"""Amounts as a filter asks for them: exactly, or within bounds, whatever the currency of each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import ClassVar

from sqlalchemy import ColumnElement, and_, or_

from app.listing.filters import Filter, InvalidValueError, RangeFilter, clean
from app.listing.kinds import Expression, Money, has_exponent
from app.rules.cards import holds_card
from app.wording import formats, money
from app.wording.i18n import N_, gettext

EXPONENTS = (money.DEFAULT_EXPONENT, *money.EXPONENTS)


@dataclass(frozen=True, kw_only=True, eq=False)
class AmountFilter(RangeFilter, Money):
    """An amount, asked for without its sign; a value is a decimal number of currency units.

    The same ``12,50`` is 1250 in EUR and 12500 in TND: each row is compared with its own.
    """

    widget: ClassVar[str] = "amount"
    mode = "decimal"

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
            if low is not None:
                yield column >= _rounded(low, exponent, ROUND_CEILING)
            if high is not None:
                yield column <= _rounded(high, exponent, ROUND_FLOOR)

        return self._by_currency(lambda exponent: and_(*inside(exponent)))

    def _by_currency(self, test: Callable[[int], ColumnElement[bool]]) -> ColumnElement[bool]:
        """``test`` for the exponent of the row's currency."""
        return or_(*(and_(has_exponent(self.currency, exponent), test(exponent)) for exponent in EXPONENTS))


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

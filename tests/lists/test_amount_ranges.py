"""Amounts asked for from one to another: exact in every currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import and_, literal, select, true

from app.listing.amounts import AmountFilter
from app.wording import money

if TYPE_CHECKING:
    from app.database.engine import Database

_BOUNDS = st.none() | st.decimals("0", "3", places=4)


@given(st.integers(0, 30), st.sampled_from(("EUR", "JPY", "TND", "CLF")), _BOUNDS, _BOUNDS)
def test_a_range_of_amounts_is_exact_in_every_currency(
    module_database: Database, minor: int, currency: str, low: Decimal | None, high: Decimal | None
) -> None:
    """A bound finer than a currency's smallest coin lets nothing in that lies beyond it."""
    assume((low, high) != (None, None))  # no range at all is no condition
    kind = AmountFilter(currency=literal(currency))
    amount = Decimal(minor).scaleb(-money.exponent(currency))
    inside = (low is None or amount >= low) and (high is None or amount <= high)
    with module_database.reading() as connection:
        assert connection.scalar(select(kind.between(literal(minor), low, high))) is inside


@given(st.integers(0, 30), st.sampled_from(("EUR", "JPY", "TND", "CLF")), _BOUNDS, _BOUNDS)
def test_what_an_index_goes_by_is_as_exact_for_one_currency(
    module_database: Database, minor: int, currency: str, low: Decimal | None, high: Decimal | None
) -> None:
    assume(low != high)
    kind = AmountFilter(currency=literal(currency), daily_currency=literal(currency))
    amount, limits = literal(minor), kind.limits(literal(minor), low, high)
    with module_database.reading() as connection:
        inside = connection.scalar(select(kind.between(amount, low, high)))
        assert connection.scalar(select(and_(true(), *limits))) is inside


@pytest.mark.parametrize(
    ("currency", "low", "high", "inside"),
    [
        ("JPY", "12.5", None, [13, 14]),
        ("JPY", None, "12.5", [11, 12]),
        ("EUR", "0.125", "0.135", [13]),
        ("TND", "0.0121", "0.0139", [13]),
    ],
)
def test_both_bounds_of_a_range_are_rounded_inwards(
    module_database: Database, currency: str, low: str | None, high: str | None, inside: list[int]
) -> None:
    kind, bounds = (
        AmountFilter(currency=literal(currency)),
        [bound and Decimal(bound) for bound in (low, high)],
    )
    with module_database.reading() as connection:
        found = [n for n in (11, 12, 13, 14) if connection.scalar(select(kind.between(literal(n), *bounds)))]
    assert found == inside

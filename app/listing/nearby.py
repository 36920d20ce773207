"""Amounts that are there where the one asked for is not: near it, or with two digits the other way round.

What somebody reads to somebody on the telephone is seldom far from it. Looked for in the same days, among
rows that meet the other filters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, select, union_all

from app.listing.criteria import Criteria
from app.listing.query import PAGE_SIZE, page_statement
from app.listing.scope import Scope
from app.wording import money

#: So many are offered, the nearest first.
MOST: Final = 5
#: How far from it an amount may be.
_REACH: Final = Decimal("0.05")
_AMOUNT: Final = "amount"


@dataclass(frozen=True)
class NearAmount:
    """An amount that has rows, in minor units of ``currency``; ``criteria`` ask for these."""

    criteria: Criteria
    minor: int
    currency: str


def nearby(connection: Connection, scope: Scope, criteria: Criteria) -> tuple[NearAmount, ...]:
    """The amounts near the only one that ``criteria`` ask for, the nearest first."""
    asked = criteria.filters.get(_AMOUNT, ())
    if len(asked) != 1 or _AMOUNT not in criteria.spec.by_name:
        return ()
    rows = (
        page_statement(criteria.spec, scope, near, PAGE_SIZE).subquery()
        for near in _questions(criteria, asked[0])
    )
    both = (select(found.c[_AMOUNT], found.c.currency) for found in rows)
    found = {_read(row) for row in connection.execute(union_all(*both))}
    nearest = sorted(found, key=lambda one: (abs(one[0] - asked[0]), one))[:MOST]
    return tuple(
        NearAmount(_of(criteria, {_AMOUNT: (amount,)}), minor, currency)
        for amount, currency, minor in nearest
    )


def _questions(criteria: Criteria, asked: Decimal) -> Iterator[Criteria]:
    """The nearest rows above and below, and those of the same digits."""
    above, below = asked * (1 + _REACH), asked * (1 - _REACH)
    yield replace(_of(criteria, {"amount_from": (asked,), "amount_to": (above,)}), sort=_AMOUNT)
    yield replace(_of(criteria, {"amount_from": (below,), "amount_to": (asked,)}), sort=f"-{_AMOUNT}")
    if swapped := tuple(_swapped(asked)):
        yield _of(criteria, {_AMOUNT: swapped})


def _of(criteria: Criteria, amounts: Mapping[str, tuple[Any, ...]]) -> Criteria:
    others = {name: values for name, values in criteria.filters.items() if name != _AMOUNT}
    return replace(criteria, filters={**others, **amounts}, after=None, of_any_values=None)


def _swapped(asked: Decimal) -> Iterator[Decimal]:
    """The amounts that two neighbouring digits make the other way round: 32,40 and 24,30 of 23,40."""
    digits = str(int(asked.scaleb(money.DEFAULT_EXPONENT)))
    for place in range(len(digits) - 1):
        one, other = digits[place], digits[place + 1]
        if one != other:
            changed = f"{digits[:place]}{other}{one}{digits[place + 2 :]}"
            yield Decimal(changed).scaleb(-money.DEFAULT_EXPONENT)


def _read(row: Any) -> tuple[Decimal, str, int]:
    """The amount of a row as filters have it, its currency, and its minor units."""
    minor = abs(row.amount)
    return Decimal(minor).scaleb(-money.exponent(row.currency)), row.currency, minor

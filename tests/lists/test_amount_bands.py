"""Amounts by bands: whole bands and what is beside them are the payments of a range, one by one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.listing import query, sums, where
from app.listing.question import Question
from app.listing.scope import Scope
from app.rules.amount_bands import BOUNDS, band_sql, in_bands
from app.wording import money
from tests.examples import dear_examples
from tests.lists import oracle, world
from tests.lists.test_oracle import SPECS, all_pages, criteria_of, seen_as, values_of
from tests.lists.world import TODAY, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.criteria import Criteria

SPEC = SPECS["transactions"]
CURRENCIES = ("EUR", "USD", "JPY", "TND", "CLF")
_NEAR_BOUNDS = st.builds(
    lambda bound, beside: abs(bound + beside),
    st.sampled_from((*BOUNDS[:6], *BOUNDS[78:83], *BOUNDS[-3:])),
    st.sampled_from([Decimal(text) for text in ("0", "0.01", "-0.01", "0.0001", "-0.0001", "0.00005")]),
)
_AMOUNTS = st.none() | _NEAR_BOUNDS | st.decimals("0", "120", places=2)
#: How a range of amounts is asked for, and what the bands know besides.
_RANGES = ({"amount_from"}, {"amount_to"}, {"amount_from", "amount_to"})
KNOWN = ("type", "outcome")


@pytest.fixture(scope="module")
def mine(module_database: Database) -> World:
    with module_database.writing(DatabaseRole.OWNER) as connection:
        return world.build(connection, 4)


@pytest.fixture(scope="module")
def connection(module_database: Database, mine: World) -> Iterator[Connection]:
    with module_database.reading() as connection:
        yield connection


def within(amount: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is None or amount >= low) and (high is None or amount <= high)


@given(st.integers(0, 10**7), st.sampled_from(CURRENCIES), _AMOUNTS, _AMOUNTS)
@example(10**15, "JPY", Decimal(1), None)
@example(10**15, "EUR", Decimal(1), Decimal("99999.99"))
def test_an_amount_of_a_range_is_in_one_of_its_bands_or_beside_them(
    module_database: Database, minor: int, currency: str, low: Decimal | None, high: Decimal | None
) -> None:
    assume((low, high) != (None, None) and (low is None or high is None or low <= high))
    amount, found = Decimal(minor).scaleb(-money.exponent(currency)), in_bands(low, high)
    amounts = {"minor": minor, "currency": currency}
    band = text(f"SELECT {band_sql('CAST(:minor AS bigint)', 'CAST(:currency AS text)')}")
    with module_database.reading() as connection:
        its = connection.scalar(band, amounts)
    places = [found.first <= its <= found.last, *(within(amount, *end) for end in found.ends)]
    assert sum(places) == within(amount, low, high)
    assert not any(places) or found.first - 1 <= its <= found.last + 1


def asked_of(data: st.DataObject) -> Criteria:
    """A question about a range of amounts, the lower first."""
    names = sorted(data.draw(st.sampled_from(_RANGES)))
    amounts = sorted((data.draw(values_of(name, SPEC)) for name in names), key=money.decimal)
    others = data.draw(st.lists(st.sampled_from(KNOWN), unique=True))
    asked = {name: data.draw(st.lists(values_of(name, SPEC), min_size=1, max_size=2)) for name in others}
    asked |= {name: [amount] for name, amount in zip(names, amounts, strict=True)}
    back = data.draw(st.integers(0, 40))
    return criteria_of(SPEC, asked, TODAY - timedelta(back), TODAY)


@pytest.mark.no_cover
@dear_examples()
@given(data=st.data())
def test_sums_of_a_range_of_amounts_are_those_of_its_rows(
    data: st.DataObject, connection: Connection, mine: World
) -> None:
    criteria, by = asked_of(data), data.draw(st.none() | st.sampled_from(("day", "week", "weekday")))
    dimension = None if by is None else SPEC.groupings[by]
    scope = seen_as(connection, Scope(mine.merchant_id))
    question = Question.of(SPEC, scope, criteria)
    banded = sums.banded_sums(SPEC, question.scope, question.criteria, dimension)
    assert banded is not None
    rows = sums.row_sums(SPEC, scope, criteria, dimension)
    assert connection.execute(banded, question.values).all() == connection.execute(rows).all()


@pytest.mark.parametrize("few", [0, 10_000], ids=["searched", "sorted"])
@pytest.mark.parametrize("is_banded", [True, False])
@pytest.mark.parametrize("asked", [{"amount_from": ["10"]}, {"amount_from": ["1"], "amount_to": ["12,50"]}])
def test_rows_and_sums_are_the_same_with_bands_and_without(
    module_database: Database,
    mine: World,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    is_banded: bool,
    asked: dict[str, list[str]],
) -> None:
    """A merchant that was never large has none; where there are some, they tell how rows are looked for."""
    monkeypatch.setattr(where, "FEW_OF_AMOUNTS", few)
    query._page.cache_clear()
    first, scope = TODAY - timedelta(40), Scope(mine.merchant_id)
    criteria = criteria_of(SPEC, asked, first, TODAY)
    found = oracle.asked_for("transactions", mine.rows["transactions"], asked, first, TODAY)
    expected = [row["id"] for row in sorted(found, key=lambda row: row["_at"], reverse=True)]
    with module_database.writing(DatabaseRole.OWNER) as connection:
        if not is_banded:
            connection.execute(text("DELETE FROM transaction_band"))
        totals = sums.totals(connection, SPEC, scope, criteria)
        rows = all_pages(connection, SPEC, scope, criteria, 50)
        connection.rollback()
    query._page.cache_clear()
    assert totals.count == len(expected) > 50
    assert [row["id"] for row in rows] == expected

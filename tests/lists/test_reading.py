"""Readings find what their selects do, with the types that these have, in one statement."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    null,
    select,
)

from app.listing.reading import Reading, known, together
from tests.views.round_trips import statements_sent

if TYPE_CHECKING:
    from app.database.engine import Database

DAY, NOW = date(2026, 2, 28), datetime(2026, 2, 28, 23, 59, 58, 120, tzinfo=UTC)
LARGEST = 2**63 - 1
VALUES = select(
    bindparam("day", type_=Date).label("day"),
    bindparam("now", type_=DateTime(timezone=True)).label("now"),
    literal(NOW.replace(tzinfo=None), DateTime).label("local"),
    bindparam("number", type_=BigInteger).label("number"),
    literal([DAY, DAY], ARRAY(Date)).label("days"),
    literal('é "quoted" \\ \n', Text).label("words"),
    null().label("nothing"),
    literal(value=True).label("is_true"),
)
NUMBERS = select(func.generate_series(1, 3, type_=BigInteger).label("n"))
NONE = select(literal(1).label("one")).where(literal(value=False))


def rows(*found: Any) -> Any:
    return found


def test_values_keep_their_types(module_database: Database) -> None:
    reading = Reading((VALUES,), rows, {"day": DAY, "now": NOW, "number": LARGEST})
    with module_database.reading() as connection:
        ((row,),) = reading.read(connection)
        assert tuple(row) == tuple(connection.execute(VALUES, dict(reading.values)).one())
    assert (row.day, row.now, row.number, row.nothing) == (DAY, NOW, LARGEST, None)


def test_several_are_read_in_one_statement_and_each_gets_its_own_rows(module_database: Database) -> None:
    ordered = NUMBERS.order_by(literal_column("n").desc())
    one = together(rows, Reading((ordered, NONE), rows), known("told"), Reading((NUMBERS,), len))
    found: list[Any] = []

    def read() -> None:
        with module_database.reading() as connection:
            found.append(one.beside(known(4)).read(connection))

    assert statements_sent(module_database, read) == 1
    (((numbers, none), told, count), four) = found[0]
    assert ([row.n for row in numbers], none, told, count, four) == ([3, 2, 1], [], "told", 3, 4)


def test_what_is_known_asks_nothing(module_database: Database) -> None:
    def read() -> None:
        with module_database.reading() as connection:
            assert known("told").read(connection) == "told"

    assert statements_sent(module_database, read) == 0

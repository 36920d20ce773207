"""A statement is built once for everybody: nothing of those who asked before stays in it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from app.listing import query
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.question import Question
from app.listing.scope import Scope
from app.listing.sums import series, totals
from app.lists import LISTS, TRANSACTIONS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.spec import ListSpec

FIRST, SECOND = date(2026, 3, 3), date(2025, 10, 26)
ONE, OTHER = Scope(711, (712, 713)), Scope(811, (812,))


def asked(spec: ListSpec, day: date, *args: tuple[str, str]) -> Criteria:
    return Criteria.from_args(spec, args, Days(day, day, day))


def sent(connection: Connection, scope: Scope, criteria: Criteria) -> list[tuple[str, str]]:
    """What is sent to show, add up and group: each statement, and its values."""
    seen: list[tuple[str, str]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if not statement.startswith("SET LOCAL"):
            seen.append((statement, repr(values)))

    event.listen(connection, "before_cursor_execute", note)
    query.page(connection, criteria.spec, scope, criteria)
    totals(connection, criteria.spec, scope, criteria)
    for dimension in (*criteria.spec.groupings.values(),)[::4]:
        series(connection, criteria.spec, scope, criteria, dimension)
    event.remove(connection, "before_cursor_execute", note)
    return seen


@pytest.mark.parametrize("spec", LISTS.values(), ids=list(LISTS))
def test_nothing_of_who_asked_before_stays_in_a_statement(spec: ListSpec, module_database: Database) -> None:
    filters = [
        ((), ()),
        ((("contract", "7110007"),), (("contract", "00811"),)),
        ((("trade_name", "gare 711"),), (("trade_name", "port 811"),)),
        ((("contract", "711"), ("serial", "2026")), (("contract", "811"), ("serial", "812"))),
    ]
    for args, others in filters:
        with module_database.reading_as(ONE) as connection:
            before = sent(connection, ONE, asked(spec, FIRST, *args))
        with module_database.reading_as(OTHER) as connection:
            after = sent(connection, OTHER, asked(spec, SECOND, *others))
        assert [statement for statement, _ in after] == [statement for statement, _ in before]
        for _, values in after:
            assert "811" in values
            assert "812" in values
            assert not [old for old in ("711", "712", "713", "2026") if old in values]


def test_questions_are_told_apart_by_all_but_whose_and_when() -> None:
    ways = (
        (),
        (("sort", "amount"),),
        (("outcome", "declined"),),
        (("outcome", "accepted"), ("contract", "1")),
        (("authorisation", "none"),),
        (("authorisation", "12"),),
        (("trade_name", "gare"),),
        (("trade_name", "gare"), ("trade_name", "port")),
        (("card", "2204"),),
        (("card", "497010 2204"),),
        (("amount_from", "1"),),
        (("amount_to", "1"),),
        (("period", "yesterday"),),
        (("period", "last-30-days"),),
        (("after", "-date~n~1763800000000000~417"),),
    )
    questions = [Question.of(TRANSACTIONS, ONE, asked(TRANSACTIONS, FIRST, *args)) for args in ways]
    # Thirty days are other days of the same question as seven; one day may be in the order of its places.
    assert len(set(questions)) == len(ways) - 1 - (TRANSACTIONS.place is None)
    whole = Question.of(TRANSACTIONS, Scope(711), asked(TRANSACTIONS, FIRST))
    assert whole not in questions
    same = asked(TRANSACTIONS, SECOND, ("contract", "2"), ("contract", "3"), ("outcome", "declined"))
    assert Question.of(TRANSACTIONS, OTHER, same) == questions[3]
    assert Question.of(TRANSACTIONS, OTHER, asked(TRANSACTIONS, SECOND)) == questions[0]

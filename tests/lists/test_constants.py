"""Constants of what is declared stand in the text of a statement; nothing that is asked for ever does."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Date, bindparam, column, event, literal, select

from app.listing import query
from app.listing.constants import with_constants, written_out
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.listing.sums import series, totals
from app.lists import LISTS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.spec import ListSpec

TODAY = date(2026, 3, 3)
DAYS = Days(TODAY, TODAY, TODAY)
#: One of them is understood by each parameter that takes what is written in it.
WRITTEN = ("zqx'xqz%(yqy)s:qqz\\", "ZQ9Q8Z7", "739517391", "7395", "739", "7391,53", "07/39")


def asked(spec: ListSpec, name: str) -> tuple[Criteria, str] | None:
    """A question by one parameter, and what is written in it; None for one that offers its values."""
    for written in WRITTEN:
        criteria = Criteria.from_args(spec, [(name, written)], DAYS)
        if criteria.filters and not criteria.faults:
            return criteria, written
    return None


def texts_of(connection: Connection, spec: ListSpec, criteria: Criteria) -> str:
    """The text of all that is sent to show, add up and group what is asked for."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    scope = Scope(1)
    query.page(connection, spec, scope, criteria)
    totals(connection, spec, scope, criteria)
    for dimension in spec.dimensions[:1]:
        series(connection, spec, scope, criteria, dimension)
    event.remove(connection, "before_cursor_execute", note)
    return "\n".join(sent).lower()


def parts_of(written: str) -> set[str]:
    """What a statement could show of it: itself, its words, and an amount in cents."""
    cents = {written.replace(",", "")} if "," in written else set()
    return {written.lower(), *re.findall(r"\w{3,}", written.lower())} | cents


def stands_in(part: str, text: str) -> bool:
    """Whether it is there, as a number of its own where it is one: a longer one holds many by chance."""
    if part.isdigit():
        return re.search(rf"(?<!\d)0*{part}(?!\d)", text) is not None
    return part in text


@pytest.mark.parametrize("spec", LISTS.values(), ids=list(LISTS))
def test_what_is_asked_for_is_never_in_the_text_of_a_statement(
    spec: ListSpec, module_database: Database
) -> None:
    known = {name: found for name in spec.parameters if (found := asked(spec, name))}
    assert {"trade_name", "serial"} & set(spec.parameters) <= set(known)
    assert "trade_name" in known
    with module_database.reading_as(Scope(1)) as connection:
        for name, (criteria, written) in known.items():
            text = texts_of(connection, spec, criteria)
            assert "select" in text
            assert not [part for part in parts_of(written) if stands_in(part, text)], name


@pytest.mark.parametrize("value", ["a'b", "a\\b", "100 %", ":x", "%(x)s", "é", "", True, 12, TODAY])
def test_a_constant_is_itself_whatever_its_signs(value: Any, module_database: Database) -> None:
    statement = select(written_out(literal(value)))
    assert not statement.compile().params
    with module_database.reading() as connection:
        assert connection.scalar(statement) == value
        assert connection.scalar(select(written_out(literal(value).in_([value, value])))) is True


def test_what_is_filled_in_later_is_no_constant() -> None:
    with pytest.raises(ValueError, match="day"):
        written_out(column("day", Date) == bindparam("day", type_=Date))


def test_a_statement_keeps_the_parameters_that_have_a_name() -> None:
    day = bindparam("day", type_=Date)
    inner = select(literal("a").label("one")).where(column("kind").in_(["b", "c"]), column("day") == day)
    inner = inner.cte("inner")
    built = select(inner).where(column("kind") != "d").limit(3)
    compiled = with_constants(built).compile()
    assert [*compiled.params] == ["day"]
    assert [letter in str(compiled) for letter in ("'a'", "'b'", "'c'", "'d'")] == [True] * 4

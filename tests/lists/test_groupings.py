"""Sums by every dimension: from the daily sums as from the rows, as a plain Python oracle has them."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.listing import sums
from app.listing.question import Question
from app.listing.scope import Scope
from tests.examples import dear_examples
from tests.lists import oracle, world
from tests.lists.closing import check_closed
from tests.lists.test_oracle import DAYS, SPECS, criteria_of, questions, seen_as
from tests.lists.world import TODAY, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.criteria import Criteria
    from app.listing.dimension import Dimension
    from app.listing.spec import ListSpec

BOTH = pytest.mark.parametrize("name", SPECS)
EVERY = [(name, by) for name, spec in SPECS.items() for by in spec.groupings]
#: The dimensions that the daily sums know.
DAILY = ("day", "week", "month", "weekday", "outlet", "contract", "application")
DAILY_OF = {"transactions": DAILY, "remittances": (*DAILY, "credit")}


@pytest.fixture(scope="module")
def mine(module_database: Database) -> World:
    with module_database.writing(DatabaseRole.OWNER) as connection:
        return world.build(connection, 3)


@pytest.fixture(scope="module")
def connection(module_database: Database, mine: World) -> Iterator[Connection]:
    with module_database.reading() as connection:
        yield connection


def drawn_scope(data: st.DataObject, connection: Connection, mine: World) -> Scope:
    chosen = data.draw(st.none() | st.lists(st.sampled_from(mine.contract_ids), unique=True).map(tuple))
    return seen_as(connection, Scope(mine.merchant_id, chosen))


def drawn_question(
    data: st.DataObject, connection: Connection, mine: World, spec: ListSpec, among: tuple[str, ...] = ()
) -> tuple[Scope, Criteria]:
    """A scope, whose rows the connection reads from here on, and what is asked of it."""
    scope = drawn_scope(data, connection, mine)
    asked, back, until = data.draw(questions(spec, among))
    return scope, criteria_of(spec, asked, TODAY - timedelta(back), TODAY - timedelta(until))


def rows_of(mine: World, name: str, scope: Scope) -> list[dict[str, Any]]:
    chosen = scope.contract_ids
    return [row for row in mine.rows[name] if chosen is None or row["_contract"]["id"] in chosen]


def in_groups(spec: ListSpec, rows: list[dict[str, Any]], by: str) -> dict[Any, list[Any]]:
    """The totals of the oracle by group."""
    key = oracle.KEYS[by]
    ordered = sorted(rows, key=lambda row: str(key(row)))
    return {group: oracle.totals(spec.name, list(part)) for group, part in groupby(ordered, key)}


def as_totals(spec: ListSpec, totals: sums.Totals) -> list[dict[str, Any]]:
    """Totals as the oracle writes them."""
    lines = []
    for line in totals.lines:
        kept: dict[str, Any] = {"currency": line.currency, "net": line.net}
        for measure in spec.measures:
            if measure.group is None:
                kept[measure.name] = line[measure.name]
            else:
                why, what = measure.group
                kept.setdefault("apart", {}).setdefault(why, {})[what] = line[measure.name]
        lines.append(kept)
    return lines


def grouped(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, by: Dimension
) -> dict[Any, list[dict[str, Any]]]:
    groups = sums.series(connection, spec, scope, criteria, by)
    assert len({group.key for group in groups}) == len(groups)
    return {group.key: as_totals(spec, group.totals) for group in groups}


@pytest.mark.no_cover
@BOTH
@dear_examples()
@given(data=st.data())
def test_groups_are_those_of_the_oracle(
    name: str, data: st.DataObject, connection: Connection, mine: World
) -> None:
    spec, by = SPECS[name], data.draw(st.sampled_from(sorted(SPECS[name].groupings)))
    scope = drawn_scope(data, connection, mine)
    asked, back, until = data.draw(questions(spec))
    first, last = TODAY - timedelta(back), TODAY - timedelta(until)
    expected = oracle.asked_for(name, rows_of(mine, name, scope), asked, first, last)
    found = grouped(connection, spec, scope, criteria_of(spec, asked, first, last), spec.groupings[by])
    assert found == in_groups(spec, expected, by)


@pytest.mark.no_cover
@BOTH
@dear_examples()
@given(data=st.data())
def test_daily_sums_and_rows_give_the_same_groups(
    name: str, data: st.DataObject, connection: Connection, mine: World
) -> None:
    spec, by = SPECS[name], data.draw(st.sampled_from(DAILY_OF[name]))
    known = [field.name for field in spec.filters if field.daily is not None]
    among = (*known, "application", "label", "group_outlet")
    scope, criteria = drawn_question(data, connection, mine, spec, among)
    daily = sums.daily_sums(spec, scope, criteria, spec.groupings[by])
    assert daily is not None
    rows = sums.row_sums(spec, scope, criteria, spec.groupings[by])
    assert connection.execute(daily).all() == connection.execute(rows).all()


@pytest.mark.no_cover
@dear_examples()
@given(data=st.data())
def test_groups_that_the_daily_sums_know_in_part_are_those_of_the_rows(
    data: st.DataObject, connection: Connection, mine: World
) -> None:
    """Credited remittances are added up from days, the others one by one: together as from rows alone."""
    spec = SPECS["remittances"]
    by = spec.groupings["credit_reason"]
    known = [field.name for field in spec.filters if field.daily is not None]
    among = (*known, "application", "label", "group_outlet")
    scope, criteria = drawn_question(data, connection, mine, spec, among)
    rows = connection.execute(sums.row_sums(spec, scope, criteria, by)).all()
    found = sums.series(connection, spec, scope, criteria, by)
    assert [(group.key, line.currency) for group in found for line in group.totals.lines] == [
        (row.group_key, row.currency) for row in rows
    ]
    lines = [line for group in found for line in group.totals.lines]
    for line, row in zip(lines, rows, strict=True):
        assert dict(line.sums) == {measure.name: getattr(row, measure.name) for measure in spec.measures}


def test_credited_remittances_are_not_read_one_by_one_to_close_a_month() -> None:
    spec = SPECS["remittances"]
    criteria = criteria_of(spec, {}, TODAY - timedelta(40), TODAY)
    statement = str(sums._sums(Question.of(spec, Scope(1), criteria), spec.groupings["credit_reason"]))
    assert "remittance_day" in statement
    asked = criteria_of(spec, {"number": ["000001"]}, TODAY - timedelta(40), TODAY)
    statement = str(sums._sums(Question.of(spec, Scope(1), asked), spec.groupings["credit_reason"]))
    assert "remittance_day" not in statement


@pytest.mark.parametrize(
    ("name", "by", "asked", "contracts", "reads"),
    [
        ("transactions", "outlet", {}, None, True),
        ("transactions", "outlet", {"application": ["CBEMV"], "state": ["pending"]}, None, True),
        ("transactions", "application", {}, (1, 2), True),
        ("transactions", "outlet", {"outcome": ["accepted"]}, None, True),
        ("transactions", "day", {}, (1, 2), False),
        ("remittances", "outlet", {}, None, True),
        ("remittances", "application", {"status": ["correct"]}, None, True),
        ("remittances", "outlet", {"count": ["without"]}, None, False),
        ("remittances", "outlet", {"application": ["CBEMV"]}, None, True),
        ("remittances", "outlet", {}, (1, 2), True),
        ("remittances", "credit", {}, (1, 2), True),
        ("remittances", "credit", {}, None, False),
        ("remittances", "day", {}, (1, 2), False),
        ("remittances", "day", {}, None, False),
    ],
)
def test_thirds_of_months_are_read_of_contracts_where_no_day_is_asked_for(
    name: str, by: str, asked: dict[str, list[str]], contracts: tuple[int, ...] | None, reads: bool
) -> None:
    spec = SPECS[name]
    criteria = criteria_of(spec, asked, TODAY - timedelta(40), TODAY)
    statement = sums.daily_sums(spec, Scope(1, contracts), criteria, spec.groupings[by])
    assert ("_third" in str(statement)) is reads


@pytest.mark.parametrize("migration", ["0059_thirds_of_remittances", "0062_thirds_of_transactions"])
def test_the_migration_adds_up_the_days_that_are_there(
    module_database: Database, mine: World, migration: str
) -> None:
    fill = import_module(f"migrations.versions.{migration}")._ADD_UP
    table = migration.rpartition("_")[2].removesuffix("s")
    kept = text(f"SELECT d.*::text FROM {table}_third d ORDER BY 1")
    with module_database.writing(DatabaseRole.OWNER) as connection:
        before = connection.scalars(kept).all()
        assert len(before) > len(mine.contract_ids)
        connection.execute(text(f"DELETE FROM {table}_third"))
        connection.execute(text(fill))
        assert connection.scalars(kept).all() == before


@pytest.mark.parametrize(("name", "by"), EVERY)
def test_each_group_is_asked_for_exactly(name: str, by: str, connection: Connection, mine: World) -> None:
    """The address of a group means its rows, and no others."""
    spec, scope = SPECS[name], seen_as(connection, Scope(mine.merchant_id))
    criteria = criteria_of(spec, {}, TODAY - timedelta(40), TODAY).grouped(by)
    groups = sums.series(connection, spec, scope, criteria, spec.groupings[by])
    assert sum(group.totals.count for group in groups) == len(mine.rows[name])
    for group in groups:
        of_group = criteria.of_group(group.key)
        assert type(criteria).from_args(spec, of_group.to_args(), DAYS) == of_group
        assert sums.totals(connection, spec, scope, of_group) == group.totals


@pytest.mark.parametrize("name", SPECS)
def test_only_what_the_daily_sums_do_not_know_is_read_from_rows(name: str) -> None:
    spec, scope = SPECS[name], Scope(1)
    criteria = criteria_of(spec, {}, TODAY - timedelta(40), TODAY)
    known = [
        by
        for by, found in spec.groupings.items()
        if sums.daily_sums(spec, scope, criteria, found) is not None
    ]
    assert sorted(known) == sorted(DAILY_OF[name])


@pytest.mark.no_cover
@dear_examples()
@given(data=st.data())
def test_the_states_of_credit_add_up_to_the_net(
    data: st.DataObject, connection: Connection, mine: World
) -> None:
    """Whatever is asked: to the cent, in all rows and in each group, and as lines of their own."""
    spec = SPECS["remittances"]
    scope, criteria = drawn_question(data, connection, mine, spec)
    by = spec.groupings[data.draw(st.sampled_from(sorted(spec.groupings)))]
    states = [f"credit_{state}" for state in world.CREDITS]
    groups = sums.series(connection, spec, scope, criteria, by)
    for line in (line for group in groups for line in group.totals.lines):
        assert sum(line[state] for state in states) == line.net
    for group in sums.series(connection, spec, scope, criteria, spec.groupings["credit"]):
        for line in group.totals.lines:
            assert line.net == line[f"credit_{group.key}"]


@pytest.mark.no_cover
@given(data=st.data())
def test_what_closes_a_month_adds_up_to_the_net(
    data: st.DataObject, connection: Connection, mine: World
) -> None:
    """Credited, on its way, outside the bank, unknown and missing: to the cent, as a whole and by reason."""
    check_closed(connection, *drawn_question(data, connection, mine, SPECS["remittances"]))

"""List, totals, CSV and JSON say the same, and what a plain Python oracle says, for any filter."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database.engine import DatabaseRole
from app.listing import query, sums
from app.listing.card_filters import Expiry
from app.listing.criteria import Criteria
from app.listing.day_filter import DayRange
from app.listing.export import json_document, write_csv
from app.listing.filters import Choice
from app.listing.kinds import Day, Flag, Moment, Money, Rate
from app.listing.period import Days, Period
from app.listing.scope import Scope
from app.lists import REMITTANCES, TRANSACTIONS
from app.lists.credit_reasons import CreditReason
from tests.examples import dear_examples
from tests.lists import oracle, world
from tests.lists.world import TODAY, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.spec import ListSpec

SPECS = {spec.name: spec for spec in (REMITTANCES, TRANSACTIONS)}
WORDS = ("comptoir", "ETE", "é", "bœuf", "BOEUF", "100 %", "_", "%", "gare", "INGENICO", "visa", "bnp", "zzz")
WHOLE = ('"BNP PARIBAS"', '"VISA CLASSIC"', '"VISA"', '"INGENICO"', '"ingenico"')
CODES = (
    *("1", "001", "701", "0765001", "765002", "D00183", "D7", "219300290018", "ab12", "000AB12", "7"),
    *("42", "012345", "12345", "a1B2c3", "00", "05", "5", "51", "a1", "30004", "1234", "10096"),
)
AMOUNTS = ("0", "0,01", "5,00", "12.5", "39", "1,25", "1250", "1234,56", "0,0050", "12,5000", "50")

DAYS = Days(TODAY, TODAY, TODAY)


@pytest.fixture(scope="module")
def worlds(module_database: Database) -> list[World]:
    with module_database.writing(DatabaseRole.OWNER) as connection:
        return [world.build(connection, seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def connection(module_database: Database, worlds: list[World]) -> Iterator[Connection]:
    with module_database.reading() as connection:
        yield connection


def seen_as(connection: Connection, scope: Scope) -> Scope:
    """``scope``, whose rows the connection reads from here on."""
    scope.isolation.enter(connection)
    return scope


TEXTS = {
    **dict.fromkeys(oracle.WORDS, WORDS),
    **dict.fromkeys(("amount", "amount_from", "amount_to"), AMOUNTS),
    **dict.fromkeys(("issuer", "product", "manufacturer"), (*WORDS, *WHOLE)),
    "scheme": ("CB", '"CB"', '"cb"', '"C"'),
    "dossier": ("42", "0000042", "AB42", "ab42"),
    "order_reference": ("cmd-42", "CMD-42", "0CMD-42", "=1+1"),
    "card": ("0044", "0028", "4970100044", "5132000028"),
    "authorisation": (*CODES[:4], "none", "012345", "a1B2c3"),
    "expiry": ("1228", "12/28", "01/27"),
    "application": world.APPLICATIONS,
    "bank": ("30004", "1234", "01234", "10096", "bnp", "credit", "CIC", "banque"),
    "siret": ("99999999800019", "1"),
    "captured_on": ("2026-03-02",),
    **dict.fromkeys(
        ("credited_on", "credited_on_from", "credited_on_to"),
        (world.FIRST.isoformat(), "2026-01-26", "2026-01-28", "2026-02-02"),
    ),
}


GROUPS = {
    "weekday": ("1", "6", "7"),
    "hour": ("12", "23", "04"),
    "outlet": ("~", "SPA _100%_ · 1"),
    "terminal": ("~", "Hôtel de la Gare · 1 · 001"),
    "contract": ("765000 · 001 · CBEMV", "0765001 · 701 · PLBS+", "~"),
    "scheme": ("CB", "cb", "~"),
    "issuer": ("BNP PARIBAS", "BNP", "~"),
    "reason": ("opposed", "other", "~"),
    "response_code": ("05", "5", "~"),
    "credit_reason": ("credited", "differs/refunds", "not_expected/nothing", "not_remitted", "~"),
}


def texts_of(name: str, spec: ListSpec) -> Sequence[str]:
    """Texts of a parameter, some of which find something."""
    if name in TEXTS:
        return TEXTS[name]
    if name.startswith("group_"):
        return GROUPS[name.removeprefix("group_")]
    field = spec.by_name[name]
    choices = [code for code, _ in field.choices() if code not in field.elsewhere]
    longest = getattr(spec.parameters[name].kind, "longest", 24)
    return choices or [code for code in CODES if len(code) <= longest]


def values_of(name: str, spec: ListSpec) -> st.SearchStrategy[str]:
    return st.sampled_from(texts_of(name, spec))


@st.composite
def questions(
    draw: st.DrawFn, spec: ListSpec, among: tuple[str, ...] = ()
) -> tuple[dict[str, list[str]], int, int]:
    """Values of some parameters, of ``among`` if given, and how far the period reaches back from today."""
    names = draw(st.lists(st.sampled_from(sorted(among or spec.parameters)), unique=True, max_size=3))
    if {"amount_from", "amount_to"} <= set(names):
        names.remove("amount_to")
    asked = {
        name: draw(st.lists(values_of(name, spec), unique=True, min_size=1, max_size=1 if "_" in name else 2))
        for name in names
    }
    last = draw(st.integers(0, 20))
    return asked, last + draw(st.integers(0, 29)), last


def criteria_of(spec: ListSpec, asked: dict[str, list[str]], first: Any, last: Any, *more: Any) -> Criteria:
    args = [("date_from", first.isoformat()), ("date_to", last.isoformat()), *more]
    args += [(name, text) for name, texts in asked.items() for text in texts]
    criteria = Criteria.from_args(spec, args, DAYS)
    assert not criteria.faults, {name: fault.text() for name, fault in criteria.faults.items()}
    return criteria


def all_pages(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, size: int
) -> list[Any]:
    rows: list[Any] = []
    while True:
        found = query.page(connection, spec, scope, criteria, size)
        rows += found.rows
        if found.next_args is None:
            return rows
        assert len(found.rows) == size
        assert len(rows) < 5000, "the pages of a list end"
        criteria = Criteria.from_args(spec, found.next_args, DAYS)


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


@pytest.mark.parametrize("name", SPECS)
def test_each_value_of_each_parameter_finds_what_it_means(
    name: str, connection: Connection, worlds: list[World]
) -> None:
    spec, mine = SPECS[name], worlds[0]
    scope, first, last = seen_as(connection, Scope(mine.merchant_id)), TODAY - timedelta(29), TODAY
    for parameter in spec.parameters:
        for text in texts_of(parameter, spec):
            asked = {parameter: [text]}
            found = query.page(connection, spec, scope, criteria_of(spec, asked, first, last), 50)
            expected = oracle.asked_for(name, mine.rows[name], asked, first, last)[:50]
            assert [row["id"] for row in found.rows] == [row["id"] for row in expected], asked


@pytest.mark.no_cover
@pytest.mark.parametrize("name", SPECS)
@dear_examples()
@given(data=st.data())
def test_list_totals_csv_and_json_agree_with_the_oracle(
    name: str, data: st.DataObject, connection: Connection, worlds: list[World]
) -> None:
    spec = SPECS[name]
    mine = data.draw(st.sampled_from(worlds))
    chosen = data.draw(st.none() | st.lists(st.sampled_from(mine.contract_ids), unique=True))
    scope = seen_as(connection, Scope(mine.merchant_id, None if chosen is None else tuple(chosen)))
    asked, back, until = data.draw(questions(spec))
    size = data.draw(st.integers(1, 60))
    first, last = TODAY - timedelta(back), TODAY - timedelta(until)
    seen = [row for row in mine.rows[name] if chosen is None or row["_contract"]["id"] in chosen]
    expected = oracle.asked_for(name, seen, asked, first, last)
    criteria = criteria_of(spec, asked, first, last)

    rows = all_pages(connection, spec, scope, criteria, size)
    assert [row["id"] for row in rows] == [row["id"] for row in expected]

    document = json_document(connection, spec, scope, criteria, str)
    assert document["rows"] == [as_json(row) for row in expected[:50]]
    assert document["count"] == len(expected)
    assert [dict(line) for line in document["totals"]] == oracle.totals(name, expected)
    check_csv(connection, spec, scope, criteria, expected)


def check_csv(
    connection: Connection, spec: ListSpec, scope: Scope, criteria: Criteria, expected: list[dict[str, Any]]
) -> None:
    file = io.BytesIO()
    assert write_csv(connection, spec, scope, criteria, file) == len(expected)
    lines = list(csv.DictReader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) == len(expected)
    by_heading = {field.full_title: field for field in spec.file_fields}
    assert len(by_heading) == len(spec.file_fields)
    for line, row in zip(lines, expected, strict=True):
        cells = {by_heading[title].name: text.strip("\t") for title, text in line.items()}
        assert cells == as_cells(spec, row)


def as_cells(spec: ListSpec, row: dict[str, Any]) -> dict[str, str]:
    return {field.name: as_cell(field, row) for field in spec.file_fields}


def as_cell(field: Any, row: dict[str, Any]) -> str:
    """A cell as design §5 has it, from the value of the JSON."""
    value = row[field.name]
    if value is None:
        return ""
    if isinstance(field.kind, Money):
        exponent = world.EXPONENTS.get(row[field.kind.currency_field], 2)
        return f"{Decimal(value).scaleb(-exponent):.{exponent}f}".replace(".", ",")
    if isinstance(field.kind, Choice):
        return field.kind.say(value)
    write = WRITTEN.get(type(field.kind), as_text)
    return write(value)


def as_text(value: object) -> str:
    return f"'{value}" if str(value).startswith(("=", "@")) else str(value)


def as_day(value: str) -> str:
    return "/".join(reversed(value.split("-")))


def as_moment(value: str) -> str:
    day, clock = value.split("T")
    return f"{as_day(day)} {clock}"


#: The words of a choice are its field's: they are compared in the golden line of the export.
WRITTEN = {
    Day: as_day,
    DayRange: as_day,
    Moment: as_moment,
    Rate: lambda value: value.replace(".", ","),
    Flag: {True: "Oui", False: "Non"}.get,
    Expiry: lambda value: f"{value[:2]}/{value[2:]}",
    CreditReason: lambda value: CreditReason().show(value, {}),
}


@pytest.mark.no_cover
@pytest.mark.parametrize("name", SPECS)
@dear_examples()
@given(data=st.data())
def test_daily_sums_and_rows_give_the_same_totals(
    name: str, data: st.DataObject, connection: Connection, worlds: list[World]
) -> None:
    spec = SPECS[name]
    known = [field.name for field in spec.filters if field.daily is not None]
    names = data.draw(st.lists(st.sampled_from([*known, "application", "label", "contract"]), unique=True))
    asked = {each: data.draw(st.lists(values_of(each, spec), min_size=1, max_size=2)) for each in names}
    contract_ids = data.draw(
        st.none() | st.lists(st.sampled_from(worlds[0].contract_ids), unique=True).map(tuple)
    )
    scope = seen_as(connection, Scope(worlds[0].merchant_id, contract_ids))
    criteria = criteria_of(spec, asked, TODAY - timedelta(data.draw(st.integers(0, 40))), TODAY)
    daily = sums.daily_sums(spec, scope, criteria)
    assert daily is not None
    rows = sums.row_sums(spec, scope, criteria)
    assert connection.execute(daily).all() == connection.execute(rows).all()


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("sort", ["date", "-date", "amount", "-amount"])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_pages_show_each_row_once_in_order(
    name: str, sort: str, size: int, connection: Connection, worlds: list[World]
) -> None:
    spec, mine = SPECS[name], worlds[0]
    criteria = criteria_of(spec, {}, TODAY - timedelta(40), TODAY, ("sort", sort))
    rows = all_pages(connection, spec, seen_as(connection, Scope(mine.merchant_id)), criteria, size)
    key = {
        "date": lambda row: row["_at"],
        "amount": lambda row: (abs(row["amount"]), *row["_at"]),
    }[sort.removeprefix("-")]
    expected = sorted(mine.rows[name], key=key, reverse=sort.startswith("-"))
    assert [row["id"] for row in rows] == [row["id"] for row in expected]


@pytest.mark.parametrize("name", SPECS)
def test_the_rows_of_each_day_are_in_the_order_of_one_day(
    name: str, connection: Connection, worlds: list[World]
) -> None:
    spec, mine = SPECS[name], worlds[0]
    scope = seen_as(connection, Scope(mine.merchant_id))
    for back in range(30):
        day = TODAY - timedelta(back)
        rows = all_pages(connection, spec, scope, criteria_of(spec, {}, day, day), 3)
        expected = oracle.asked_for(name, mine.rows[name], {}, day, day)
        assert [row["id"] for row in rows] == [row["id"] for row in expected], day


#: The fields of a list by which no index keeps its rows: of the rows, of what is joined to them, often empty.
SORTED = {
    "remittances": ("number", "status", "count", "serial", "opened", "application", "siret", "received_net"),
    "transactions": ("type", "card", "expiry", "authorisation", "contract", "remittance", "collected"),
}


@pytest.mark.parametrize(("name", "field"), [(name, field) for name in SORTED for field in SORTED[name]])
@pytest.mark.parametrize("sign", ["", "-"])
def test_any_column_orders_by_its_values(
    name: str, field: str, sign: str, connection: Connection, worlds: list[World]
) -> None:
    fields = tuple(replace(each, sort=True) if each.name == field else each for each in SPECS[name].fields)
    spec = replace(SPECS[name], fields=fields)
    criteria = criteria_of(spec, {}, TODAY - timedelta(40), TODAY, ("sort", f"{sign}{field}"))
    rows = all_pages(connection, spec, seen_as(connection, Scope(worlds[0].merchant_id)), criteria, 7)
    at = {row["id"]: row["_at"] for row in worlds[0].rows[name]}
    known = [row for row in rows if row[field] is not None]
    assert rows == sorted(known, key=lambda row: (row[field], at[row["id"]]), reverse=bool(sign)) + sorted(
        (row for row in rows if row[field] is None), key=lambda row: at[row["id"]], reverse=bool(sign)
    )
    assert {row["id"] for row in rows} == at.keys()


@pytest.mark.parametrize("name", SPECS)
def test_a_row_out_of_scope_does_not_exist(name: str, connection: Connection, worlds: list[World]) -> None:
    spec, (mine, other) = SPECS[name], worlds
    row = mine.rows[name][0]
    contract_id = row["_contract"]["id"]
    others = tuple(each for each in mine.contract_ids if each != contract_id)
    found = query.one(
        connection, spec, seen_as(connection, Scope(mine.merchant_id, (contract_id,))), row["id"]
    )
    assert found is not None
    assert {field.name: field.json(found) for field in spec.fields} == {
        key: value for key, value in as_json(row).items() if key != "id"
    }
    for scope in (Scope(mine.merchant_id, others), Scope(mine.merchant_id, ()), Scope(other.merchant_id)):
        assert query.one(connection, spec, seen_as(connection, scope), row["id"]) is None
    assert query.one(connection, spec, Scope(mine.merchant_id), 2**70) is None


@pytest.mark.parametrize("name", SPECS)
def test_an_empty_scope_sees_nothing(name: str, connection: Connection, worlds: list[World]) -> None:
    spec, scope = SPECS[name], Scope(worlds[0].merchant_id, ())
    criteria = criteria_of(spec, {}, TODAY - timedelta(29), TODAY)
    days = [day.isoformat() for day in Period(TODAY - timedelta(29), TODAY).each_day]
    document = json_document(connection, spec, scope, criteria, str)
    assert document.pop("not_received", days) == days
    assert document == {"count": 0, "totals": [], "rows": [], "next": None}
    check_csv(connection, spec, scope, criteria, [])

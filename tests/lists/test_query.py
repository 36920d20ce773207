"""Questions to the database: one statement each, two at most, by index, harmless whatever is typed."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from app.database.engine import DatabaseRole
from app.database.migrate import ensure_partitions
from app.listing import query
from app.listing.criteria import Criteria
from app.listing.export import write_csv
from app.listing.period import Days, Freshness, Period
from app.listing.scope import Scope
from app.listing.spec import ListSpec
from app.listing.sums import row_sums, totals
from app.lists import REMITTANCES, TRANSACTIONS
from app.lists.remittance_sums import TypeSum, sums_by_type
from app.models import Remittance, written_columns
from tests import factories
from tests.examples import dear_examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from app.database.engine import Database
    from app.listing.spec import ListSpec

TODAY = date(2026, 3, 3)
DAYS = Days(TODAY, TODAY, TODAY)
BOTH = pytest.mark.parametrize("spec", [REMITTANCES, TRANSACTIONS], ids=lambda spec: spec.name)


@pytest.fixture(scope="module")
def shop(module_database: Database) -> Scope:
    """A shop with one remittance: a debit, a refund and a declined payment."""
    with module_database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        contract_id = factories.a_contract(connection, merchant_id=merchant_id, number="7654321")
        same = {"merchant_id": merchant_id, "contract_id": contract_id}
        remittance_id = factories.a_remittance(
            connection,
            **same,
            transaction_count=3,
            debit_count=1,
            debit_amount=3900,
            declined_count=1,
            declined_amount=1800,
        )
        for values in ({}, {"type": "refund", "amount": 500}, {"outcome": "declined", "amount": 1800}):
            factories.a_transaction(connection, **same, remittance_id=remittance_id, **values)
        factories.sum_days(connection)
    return Scope(merchant_id)


def criteria_of(spec: ListSpec, *args: tuple[str, str]) -> Criteria:
    days = () if any(name.startswith("date") for name, _ in args) else (("period", "last-7-days"),)
    return Criteria.from_args(spec, [*days, *args], DAYS)


def statements_of(connection: Connection, question: Callable[[], Any]) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("SET LOCAL"):
            seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    question()
    event.remove(connection, "before_cursor_execute", note)
    return len(seen)


@BOTH
@pytest.mark.parametrize(
    ("args", "of_page"),
    [
        ([], 1),
        ([("contract", "7654321")], 1),
        ([("siret", "1")], 2),
        ([("amount_from", "1"), ("sort", "amount")], 2),
    ],
)
def test_each_question_is_one_statement_and_rows_planned_for_their_values_are_two(
    spec: ListSpec, args: list[tuple[str, str]], of_page: int, shop: Scope, module_database: Database
) -> None:
    criteria = criteria_of(spec, *args)
    with module_database.reading_as(shop) as connection:
        questions = (
            lambda: query.page(connection, spec, shop, criteria),
            lambda: totals(connection, spec, shop, criteria),
            lambda: query.one(connection, spec, shop, 1),
            lambda: spec.arrived(shop, criteria.period, DAYS).read(connection),
        )
        assert [statements_of(connection, question) for question in questions] == [of_page, 1, 1, 1]


@BOTH
def test_a_plan_for_all_contracts_is_none_for_some_of_them(spec: ListSpec) -> None:
    assert query.is_walked(spec, Scope(1), criteria_of(spec, ("contract", "1")))
    assert not query.is_walked(spec, Scope(1, (7, 8)), criteria_of(spec))
    assert not query.is_walked(spec, Scope(1), criteria_of(spec, ("serial", "1")))


hostile = st.text(max_size=20) | st.sampled_from(
    (
        "'; DROP TABLE transaction; --",
        "' OR 1=1 --",
        "%",
        "_",
        "\\",
        "%(merchant_id)s",
        ":id",
        "{}",
        "$1",
        "\u0130",
        "％",
    )
)


@pytest.mark.no_cover
@BOTH
@dear_examples()
@given(data=st.data())
def test_nothing_that_is_typed_is_an_error_or_an_order(
    spec: ListSpec, data: st.DataObject, shop: Scope, module_database: Database
) -> None:
    names = data.draw(
        st.lists(st.sampled_from([*spec.parameters, "date_from", "date_to", "sort", "after"]), max_size=3)
    )
    criteria = criteria_of(spec, *((name, data.draw(hostile)) for name in names))
    with module_database.reading_as(shop) as connection:
        rows = query.page(connection, spec, shop, criteria).rows
        assert totals(connection, spec, shop, criteria).count == len(rows)
        assert write_csv(connection, spec, shop, criteria, io.BytesIO()) == len(rows)
        assert len(rows) <= 3


@pytest.mark.parametrize(
    ("args", "index"),
    [
        ([], "occurred_at_id_idx"),
        ([("contract", "7000007")], "contract_id_occurred_at"),
        ([("card", "0044")], "card_last4"),
        ([("authorisation", "000123")], "bare_authorisation_number"),
        ([("amount", "12,34")], "amount_occurred_at"),
    ],
)
def test_a_page_is_found_by_index(
    args: list[tuple[str, str]], index: str, busy: Scope, module_database: Database
) -> None:
    criteria = criteria_of(TRANSACTIONS, *args)
    plan = plan_of(module_database, busy, query.page_statement(TRANSACTIONS, busy, criteria, 50))
    assert "Seq Scan on transaction_p" not in plan
    assert index in plan


def test_a_night_reads_its_calls_and_not_those_of_its_month(chain: Scope, module_database: Database) -> None:
    criteria = criteria_of(REMITTANCES, ("date_from", "2026-02-27"), ("date_to", "2026-02-27"))
    assert criteria.is_by_place
    plan = plan_of(module_database, chain, query.page_statement(REMITTANCES, chain, criteria, 50))
    assert "merchant_id_collected_on_contract_id" in plan


@pytest.mark.parametrize("args", [[("amount", "12,34")], [("amount_from", "12,34"), ("amount_to", "12.34")]])
def test_sums_of_one_amount_need_its_index_alone(
    args: list[tuple[str, str]], busy: Scope, module_database: Database
) -> None:
    plan = plan_of(module_database, busy, row_sums(TRANSACTIONS, busy, criteria_of(TRANSACTIONS, *args)))
    assert "Index Only Scan" in plan
    assert "Bitmap" not in plan


@pytest.mark.parametrize("spec", [REMITTANCES, TRANSACTIONS])
def test_an_outlet_is_found_by_the_index_of_its_siret(
    spec: ListSpec, chain: Scope, module_database: Database
) -> None:
    criteria = criteria_of(spec, ("siret", "99999900000123"))
    plan = plan_of(module_database, chain, row_sums(spec, chain, criteria))
    assert plan.count("bare_siret = '99999900000123'") >= 2  # looked for, then checked again
    assert "Bitmap Index Scan" in plan


def plan_of(database: Database, scope: Scope, statement: Any) -> str:
    """How PostgreSQL would answer, with rows kept apart as they are for the web."""
    with database.reading_as(scope) as connection:
        compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        rows = connection.exec_driver_sql(f"EXPLAIN {compiled}", dict(compiled.params))
        return "\n".join(row[0] for row in rows)


@pytest.fixture(scope="module")
def chain(module_database: Database) -> Scope:
    """A merchant with SHOPS."""
    with module_database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        factories.a_remittance(connection, merchant_id=merchant_id, contract_id=1)
        ensure_partitions(connection, {"remittance": FROM_TO})
        connection.execute(text(SHOPS), {"merchant": merchant_id})
        connection.execute(text("ANALYZE remittance"))
    return Scope(merchant_id)


@pytest.fixture(scope="module")
def busy(module_database: Database) -> Scope:
    """A merchant with MANY."""
    with module_database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        first, *_ = [
            factories.a_contract(connection, merchant_id=merchant_id, number=f"{7000000 + number}")
            for number in range(20)
        ]
        ensure_partitions(connection, {"transaction": FROM_TO})
        connection.execute(text(MANY), {"merchant": merchant_id, "contract": first})
        connection.execute(text("ANALYZE transaction"))
    return Scope(merchant_id)


#: The days on which their week begins and ends.
FROM_TO = (date(2026, 2, 25), date(2026, 3, 3))
#: 20 000 payments of one week, over 20 contracts.
MANY = """
INSERT INTO transaction (merchant_id, id, occurred_on, reseller_id, contract_id, remittance_id, collected_on,
  sequence_number, occurred_local, occurred_at, second_fold, type, outcome, remitted, amount, currency,
  card_last4, authorisation_number, import_file_id)
SELECT :merchant, 1000000 + n, at::date, 0, :contract + (n % 20) * 2, 1, at::date, n::text, at,
  at AT TIME ZONE 'Europe/Paris', false, 'debit', 'accepted', true, (n * 7919) % 100000, 'EUR',
  lpad(((n * 31) % 10000)::text, 4, '0'), lpad(((n * 37) % 100000)::text, 6, '0'), 1
FROM generate_series(1, 20000) AS n,
  LATERAL (SELECT timestamp '2026-02-25' + n * interval '25 seconds' AS at) AS clock
"""


#: 20 000 copies of a telecollection, of 500 outlets, within one week.
SHOPS = f"""
INSERT INTO remittance ({", ".join(written_columns(Remittance))})
SELECT {", ".join(written_columns(Remittance))} FROM (
SELECT (jsonb_populate_record(r, jsonb_build_object('id', 1000000 + n, 'number', n::text, 'siret',
  '99999900000' || lpad((n % 500)::text, 3, '0'), 'collected_on', at::date, 'collected_local', at,
  'collected_at', at AT TIME ZONE 'Europe/Paris'))).*
FROM remittance AS r, generate_series(1, 20000) AS n,
  LATERAL (SELECT timestamp '2026-02-25' + n * interval '25 seconds' AS at) AS clock
WHERE r.merchant_id = :merchant) AS copies
"""


def test_sums_by_type_set_the_declared_beside_the_received(shop: Scope, module_database: Database) -> None:
    with module_database.reading_as(shop) as connection:
        row = query.page(connection, REMITTANCES, shop, criteria_of(REMITTANCES)).rows[0]
        found = sums_by_type(connection, shop, row["id"], row["collected_on"])
        assert found[0] == TypeSum("debit", 1, 3900, 1, 3900)
        assert found[2] == TypeSum("refund", 0, 0, 1, 500)
        assert found[4] == TypeSum("declined", 1, 1800, 1, 1800)
        assert [line.type for line in found] == [
            *("debit", "cancellation", "refund", "refund_cancellation", "declined", "abandoned")
        ]
        assert sums_by_type(connection, Scope(shop.merchant_id, ()), row["id"], row["collected_on"]) == ()


def test_the_autumn_hour_that_comes_twice_is_ordered_by_instant(database: Database) -> None:
    local = datetime(2025, 10, 26, 2, 30)
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        contract_id = factories.a_contract(connection, merchant_id=merchant_id)
        same = {
            "merchant_id": merchant_id,
            "contract_id": contract_id,
            "remittance_id": 1,
            "occurred_local": local,
        }
        later = factories.a_transaction(
            connection, **same, second_fold=True, occurred_at=text("'2025-10-26 01:30Z'")
        )
        sooner = factories.a_transaction(connection, **same, occurred_at=text("'2025-10-26 00:30Z'"))
    criteria = criteria_of(TRANSACTIONS, ("date_from", "2025-10-26"), ("date_to", "2025-10-26"))
    with database.reading_as(Scope(merchant_id)) as connection:
        rows = query.page(connection, TRANSACTIONS, Scope(merchant_id), criteria).rows
    assert [row["id"] for row in rows] == [later, sooner]


@pytest.mark.parametrize("stored", ["A1b2C3", "00A1B2C3", "aBcDeFgH", "0"])
@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase, lambda code: f"00{code}"])
def test_codes_match_whatever_their_case_and_leading_zeros(
    stored: str, change: Callable[[str], str], shop: Scope, module_database: Database
) -> None:
    with module_database.engine(DatabaseRole.OWNER).connect() as connection:
        row_id = factories.a_transaction(
            connection,
            merchant_id=shop.merchant_id,
            contract_id=1,
            remittance_id=1,
            authorisation_number=stored,
        )
        criteria = criteria_of(TRANSACTIONS, ("authorisation", change(stored)))
        rows = query.page(connection, TRANSACTIONS, shop, criteria).rows
        connection.rollback()
    assert [row["id"] for row in rows] == [row_id]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "Europe/Paris"])
def test_a_day_is_the_shops_own_day_wherever_it_is(zone: str, database: Database) -> None:
    day = date(2026, 2, 27)
    with database.writing(DatabaseRole.OWNER) as connection:
        merchant_id = factories.a_merchant(connection)
        contract_id = factories.a_contract(connection, merchant_id=merchant_id)
        same = {"merchant_id": merchant_id, "contract_id": contract_id, "remittance_id": 1, "zone": zone}
        clocks = [datetime(2026, 2, 26, 23, 59, 59), datetime(2026, 2, 27), datetime(2026, 2, 27, 23, 59, 59)]
        ids = [factories.a_transaction(connection, **same, occurred_local=clock) for clock in clocks]
    criteria = criteria_of(TRANSACTIONS, ("date_from", day.isoformat()), ("date_to", day.isoformat()))
    with database.reading_as(Scope(merchant_id)) as connection:
        rows = query.page(connection, TRANSACTIONS, Scope(merchant_id), criteria).rows
    assert [row["id"] for row in rows] == [ids[2], ids[1]]


# What has arrived.


def test_data_are_up_to_the_earliest_source_of_the_contracts_valid_today(database: Database) -> None:
    valid = (
        {},
        {"valid_to": TODAY - timedelta(1)},
        {"valid_from": TODAY + timedelta(1)},
        {"valid_from": TODAY - timedelta(1)},
    )
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection)
        merchant_id = factories.a_merchant(connection, reseller_id=reseller_id)
        for back, dates in zip((1, 4, 3, 2), valid, strict=True):
            source = factories.a_source(connection, reseller_id=reseller_id)
            factories.a_contract(connection, merchant_id=merchant_id, source_id=source, **dates)
            factories.a_received_day(connection, source_id=source, day=TODAY - timedelta(back))
    with database.reading_as(Scope(merchant_id)) as connection:
        found = REMITTANCES.arrived(Scope(merchant_id), WEEK, DAYS).read(connection)
    assert found is not None
    assert found.up_to == TODAY - timedelta(2)


WEEK = Period(TODAY - timedelta(6), TODAY)


@pytest.mark.parametrize(
    ("valid_from", "up_to", "missing"),
    [
        (-9, -5, (-4, -3, -2, -1)),  # it owes all days since its first file
        (-3, -4, (-3, -2, -1)),
        (-1, -2, (-1,)),
        (0, -1, ()),  # nothing is owed before the first day of its contract
        (1, -1, ()),
    ],
)
def test_a_source_owes_no_day_before_its_contracts_are_valid(
    database: Database, valid_from: int, up_to: int, missing: tuple[int, ...]
) -> None:
    """Data were up to yesterday while the days before were called missing, of a contract of tomorrow."""
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection)
        merchant_id = factories.a_merchant(connection, reseller_id=reseller_id)
        for back, starts in ((1, None), (5, TODAY + timedelta(valid_from))):
            source = factories.a_source(connection, reseller_id=reseller_id)
            factories.a_contract(connection, merchant_id=merchant_id, source_id=source, valid_from=starts)
            factories.a_received_day(connection, source_id=source, day=TODAY - timedelta(back))
    scope = Scope(merchant_id)
    with database.reading_as(scope) as connection:
        told = REMITTANCES.days(scope, datetime.combine(TODAY, time(12), UTC)) if REMITTANCES.days else None
        for known in (DAYS, *((told.read(connection),) if told else ())):
            found = REMITTANCES.arrived(scope, WEEK, known).read(connection)
            assert found is not None
            days_ago = tuple((day - TODAY).days for day in found.missing)
            assert ((found.up_to or TODAY) - TODAY, days_ago) == (timedelta(up_to), missing)


def days(*numbers: int) -> tuple[date, ...]:
    return tuple(date(2026, 2, number) if number > 20 else date(2026, 3, number) for number in numbers)


def test_freshness_of_two_sources(database: Database) -> None:
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection)
        merchant_id = factories.a_merchant(connection, reseller_id=reseller_id)
        old, new = (factories.a_source(connection, reseller_id=reseller_id, name=f"host-{n}") for n in "ab")
        first = factories.a_contract(connection, merchant_id=merchant_id, source_id=old)
        factories.a_contract(connection, merchant_id=merchant_id, source_id=new, valid_to=date(2026, 3, 1))
        for day in days(25, 26, 28, 1, 2):
            factories.a_received_day(connection, source_id=old, day=day)
        factories.a_received_day(connection, source_id=old, day=date(2026, 2, 27), subjects=("remittances",))
        factories.a_received_day(connection, source_id=new, day=date(2026, 2, 28))
    with database.reading_as(Scope(merchant_id)) as connection:

        def ask(spec: ListSpec, scope: Scope, period: Period = WEEK) -> Freshness | None:
            return spec.arrived(scope, period, DAYS).read(connection)

        whole, part = Scope(merchant_id), Scope(merchant_id, (first,))
        # The second source owes from its first day to the end of its contract; today is never owed.
        since = date(2026, 2, 25)
        # Before its first file nothing is known of the second.
        second, alone = date(2026, 2, 28), since
        assert ask(REMITTANCES, whole) == Freshness(
            since, date(2026, 3, 2), days(1), (), ("host-b",), whole_since=second
        )
        both = ("host-a", "host-b")
        assert ask(TRANSACTIONS, whole) == Freshness(
            since, date(2026, 3, 2), days(27, 1), (), both, whole_since=second
        )
        a_day = Period(date(2026, 3, 2), date(2026, 3, 2))
        assert ask(TRANSACTIONS, whole, a_day) == Freshness(
            since, date(2026, 3, 2), (), days(27, 1), whole_since=second
        )
        assert ask(REMITTANCES, part) == Freshness(since, date(2026, 3, 2), (), whole_since=alone)
        assert ask(TRANSACTIONS, part) == Freshness(since, date(2026, 3, 2), days(27), whole_since=alone)
        beside = Freshness(since, date(2026, 3, 2), (), days(27), whole_since=alone)
        assert ask(TRANSACTIONS, part, Period(date(2026, 2, 28), date(2026, 2, 28))) == beside
        before = Period(date(2025, 12, 1), date(2026, 2, 20))
        assert ask(REMITTANCES, whole, before) == Freshness(since, date(2026, 3, 2), (), whole_since=second)
        assert ask(REMITTANCES, Scope(merchant_id, ())) == Freshness(None, None, ())
    # Whose files are missing is said as the maintainer says it to merchants.
    titled = text("UPDATE source SET settings = jsonb_build_object('title', 'Terminaux') WHERE id = :id")
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(titled, {"id": new})
    with database.reading_as(whole) as connection:
        late = TRANSACTIONS.arrived(whole, WEEK, DAYS).read(connection)
    assert late is not None
    assert late.late == ("Terminaux", "host-a")

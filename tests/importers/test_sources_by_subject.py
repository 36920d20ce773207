"""A contract whose payments and telecollections come from two sources is as fresh as each of them."""

from __future__ import annotations

import runpy
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import MIGRATIONS
from app.listing.period import Days, Period
from app.listing.scope import Scope
from app.lists.freshness import days, freshness
from app.lists.silence import LAST_DAYS
from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 4)
PERIOD = Period(FIRST, LAST)
DAYS = Days.of(date(2026, 3, 6))
NAMED = "SELECT s.name FROM contract c JOIN source s ON s.id = c.{subject}_source_id"


def night(day: date, content: str, source: str) -> File:
    rem = Rem(
        opened="",
        collected=f"{day}T22:41:30",
        number=f"{day:%m%d}",
        transactions=(Trx(at=f"{day}T12:31:09"),),
    )
    made = f"{day + timedelta(days=1)}T04:00:00+01:00"
    return File(remittances=(rem,), key=f"{day}{content}", created=made, content=content, source=source)


def deliver(operator: Operator, *files: File) -> None:
    for file in files:
        assert operator.deliver(file).status is Status.LOADED


@pytest.fixture
def halves(operator: Operator) -> Operator:
    """Payments of three nights from one host; of two, from another host, the telecollections."""
    operator.declare({})
    for number in range(3):
        day = FIRST + timedelta(days=number)
        deliver(operator, night(day, "TRANSACTIONS", "payments-host"))
        if number < 2:
            deliver(operator, night(day, "TELECOLLECTES", "calls-host"))
    return operator


def test_each_subject_is_as_fresh_as_its_own_source(halves: Operator) -> None:
    scope = Scope(halves.value("SELECT id FROM merchant WHERE id <> 0"))
    with halves.database.reading_as(scope) as connection:
        found = {
            subject: freshness(subject, scope, PERIOD, DAYS).read(connection)
            for subject in ("transactions", "remittances")
        }
        now = halves.value("SELECT CAST('2026-03-06T12:00:00+01:00' AS timestamptz)")
        assert days("remittances", scope, now).read(connection).last_night == LAST - timedelta(days=1)
        assert days("transactions", scope, now).read(connection).last_night == LAST
    assert (found["transactions"].up_to, found["transactions"].missing) == (LAST, ())
    assert (found["remittances"].up_to, found["remittances"].missing) == (LAST - timedelta(days=1), (LAST,))


@pytest.mark.parametrize("subject", ["remittances", "transactions"])
def test_what_was_read_of_sources_need_not_be_read_again(halves: Operator, subject: str) -> None:
    """The days of a question know what its sources have delivered: the same is said either way."""
    scope = Scope(halves.value("SELECT id FROM merchant WHERE id <> 0"))
    now = halves.value("SELECT CAST('2026-03-06T12:00:00+01:00' AS timestamptz)")
    with halves.database.reading_as(scope) as connection:
        told = days(subject, scope, now).read(connection)
        read = Days(told.today, told.yesterday, told.last_night)
        found = [freshness(subject, scope, PERIOD, one).read(connection) for one in (told, read)]
    assert told.sources is not None
    assert [(one.first, one.last, one.delivers) for one in told.sources] == [(FIRST, told.last_night, True)]
    assert found[0] == found[1]
    assert found[0].up_to == told.last_night


@pytest.mark.parametrize(
    ("zone", "now", "today"),
    [
        # Two in the morning of the 6th in Nouméa: the 5th has ended, and is owed.
        ("Pacific/Noumea", "2026-03-05T16:00:00+01:00", date(2026, 3, 6)),
        # Nine in the evening of the 5th in Martinique: nobody owes it yet.
        ("America/Martinique", "2026-03-06T02:00:00+01:00", date(2026, 3, 5)),
        ("Europe/Paris", "2026-03-06T02:00:00+01:00", date(2026, 3, 6)),
    ],
)
def test_today_is_that_of_the_outlets(operator: Operator, zone: str, now: str, today: date) -> None:
    operator.declare({"time_zone": zone})
    deliver(operator, night(FIRST, "COMPLET", "demo-host"))
    scope = Scope(operator.value("SELECT id FROM merchant WHERE id <> 0"))
    with operator.database.reading_as(scope) as connection:
        found = days("remittances", scope, datetime.fromisoformat(now)).read(connection)
        asked = Period(date(2026, 3, 5), date(2026, 3, 6))
        owed = freshness("remittances", scope, asked, found).read(connection).missing
    assert (found.today, found.yesterday) == (today, today - timedelta(days=1))
    assert owed == tuple(day for day in asked.each_day if day < today)


def test_a_night_that_one_outlet_has_ended_is_not_today_s_of_all(operator: Operator) -> None:
    """At four in Paris the 5th is received there, while its evening goes on in Martinique, which owes it."""
    operator.declare(
        {}, {"time_zone": "America/Martinique", "contract": "7654399", "siret": "99999999800027"}
    )
    deliver(operator, night(date(2026, 3, 5), "COMPLET", "demo-host"))
    scope = Scope(operator.value("SELECT id FROM merchant WHERE id <> 0"))
    with operator.database.reading_as(scope) as connection:
        found = days("remittances", scope, datetime.fromisoformat("2026-03-06T04:30:00+01:00")).read(
            connection
        )
    assert (found.today, found.yesterday) == (date(2026, 3, 6), date(2026, 3, 4))


def test_nothing_was_delivered_by_no_source(halves: Operator) -> None:
    told = Days(LAST, LAST, None, ())
    with halves.database.reading_as(Scope(1)) as connection:
        found = freshness("remittances", Scope(1), PERIOD, told).read(connection)
    assert (found.since, found.up_to, found.missing) == (None, None, ())


def test_terminals_go_by_the_source_of_their_telecollections(halves: Operator) -> None:
    assert halves.rows(LAST_DAYS)[0][1] == LAST - timedelta(days=1)


def test_one_source_of_whole_files_is_both(operator: Operator) -> None:
    operator.declare({})
    deliver(operator, night(FIRST, "COMPLET", "demo-host"))
    for subject in ("remittances", "transactions"):
        assert operator.value(NAMED.format(subject=subject)) == "demo-host"


def test_the_migration_names_the_sources_that_the_loader_would(halves: Operator) -> None:
    (migration,) = MIGRATIONS.glob("versions/*_sources_by_subject.py")
    with halves.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("UPDATE contract SET remittances_source_id = NULL, transactions_source_id = NULL")
        )
        for statement in runpy.run_path(str(migration))["statements"]():
            connection.execute(text(statement))
    assert halves.value(NAMED.format(subject="remittances")) == "calls-host"
    assert halves.value(NAMED.format(subject="transactions")) == "payments-host"

"""Fifteen months, then gone: rows, sums, copies; declarations and the journal of files stay."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import retention
from app.database.engine import DatabaseRole
from app.database.migrate import first_day_kept
from app.locks import Lock, take_one
from app.models import Base
from app.retention import purge
from app.rules.time_zones import today
from importers.load import Status, load_files
from importers.nightly import nightly
from tests import money_factories
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.waiting import HANGS

TODAY = today()
OLD, KEPT = first_day_kept(TODAY) - timedelta(days=300), first_day_kept(TODAY)
AGED = ("transaction", "remittance", "transaction_day", "remittance_day", "terminal_day", "received_day")
AGED += ("transaction_band",)


def night(day: date) -> File:
    rem = Rem(
        opened="",
        collected=f"{day}T22:41:30",
        transactions=(Trx(at=f"{day}T12:31:09", issuer=f"BANK OF {day}"),),
    )
    made = f"{day + timedelta(days=1)}T02:00:00+01:00"
    return File(remittances=(rem,), key=str(day), created=made)


@pytest.fixture
def aged(operator: Operator) -> Operator:
    """A portal with an old night and the oldest that is kept."""
    operator.declare({})
    for day in (OLD, KEPT):
        assert operator.deliver(night(day)).status is Status.LOADED
    return operator


def partitions(operator: Operator) -> int:
    return int(operator.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'transaction'::regclass"))


def test_what_is_older_goes_and_the_line_of_its_file_stays(aged: Operator) -> None:
    before = partitions(aged)
    purged = purge(aged.database, aged.data, TODAY)
    assert (purged.months, purged.copies) == (2, 1)
    assert partitions(aged) == before - 1
    assert aged.rows("SELECT occurred_on FROM transaction") == [(KEPT,)]
    assert aged.rows("SELECT DISTINCT day FROM transaction_day") == [(KEPT,)]
    for table in AGED[2:]:
        assert aged.value(f"SELECT count(*) FROM {table} WHERE day < :first", first=KEPT - timedelta(1)) == 0
    issuers = "SELECT value, last_on FROM known_value WHERE field = 'issuer'"
    assert aged.rows(issuers) == [(f"BANK OF {KEPT}", KEPT)]
    assert aged.count("import_file") == 3
    assert len(list((aged.data / "archive").iterdir())) == 2  # the referential, and the night that is kept
    assert aged.sums_kept() == aged.sums_from_rows()
    aged.check_remittance_days()
    aged.check_terminal_months()
    assert purge(aged.database, aged.data, TODAY) == retention.Purged(0, 0)


def test_every_table_of_a_merchants_data_goes_by_its_month_or_by_its_day() -> None:
    own = {table for table, privileges in Base.privileges().items() if privileges.isolated}
    by_month = {table.name for table in own if table.dialect_options["postgresql"]["partition_by"]}
    assert {table.name for table in own} - by_month - retention.DECLARED <= set(retention.DAYS)


def test_a_rebuild_brings_back_what_is_kept_and_no_more(aged: Operator) -> None:
    purge(aged.database, aged.data, TODAY)
    before = aged.digest()
    aged.empty()
    copies = sorted((aged.data / "archive").iterdir(), key=lambda copy: copy.stat().st_mtime_ns)
    assert all(result.status is Status.LOADED for result in load_files(aged.database, copies, aged.data))
    assert aged.digest()[:5] == before[:5]  # since when a terminal is known stays, as who owns it does


def test_a_case_of_chargebacks_goes_with_the_newest_of_its_rows(aged: Operator) -> None:
    merchant_id = aged.value("SELECT id FROM merchant WHERE id <> 0")
    old, kept = {"noticed_on": OLD, "stage": "notice"}, {"noticed_on": KEPT, "stage": "debit"}
    with aged.database.writing(DatabaseRole.IMPORT) as connection:
        for case, row in (("closed", old), ("open", old), ("open", kept)):
            money_factories.a_chargeback(connection, merchant_id=merchant_id, case_key=case, **row)
    purge(aged.database, aged.data, TODAY)
    assert aged.rows("SELECT case_key, stage FROM chargeback ORDER BY 2") == [
        ("open", "debit"),
        ("open", "notice"),
    ]


def test_nobody_can_drop_a_month_that_is_kept(aged: Operator) -> None:
    for role, table, month in (
        (DatabaseRole.IMPORT, "transaction", KEPT),
        (DatabaseRole.IMPORT, "transaction", f"{KEPT} BC"),
        (DatabaseRole.IMPORT, "user_account", OLD),
        (DatabaseRole.WEB, "transaction", OLD),
    ):
        statement = text("SELECT drop_partition(:table, CAST(CAST(:month AS text) AS date))")
        with pytest.raises(DBAPIError), aged.database.writing(role) as connection:
            connection.execute(statement, {"table": table, "month": str(month)})
    assert aged.count("transaction") == 2


def test_a_month_that_is_being_read_waits_for_the_next_try(aged: Operator) -> None:
    with aged.database.reading(DatabaseRole.OWNER) as reader:
        reader.execute(text("SELECT count(*) FROM transaction")).all()
        going = threading.Thread(target=purge, args=(aged.database, aged.data, TODAY))
        going.start()
        going.join(3)
        assert going.is_alive()
    going.join(HANGS)
    assert aged.count("transaction") == 1


def test_the_work_of_a_night_is_done_once_at_a_time(aged: Operator) -> None:
    inbox = aged.data / "inbox"
    inbox.mkdir()
    with aged.database.writing(DatabaseRole.IMPORT) as other:
        assert take_one(other, Lock.NIGHTLY, 0, 1)
        assert nightly(aged.database, aged.data, datetime.now(UTC)) is None
    assert aged.count("transaction") == 2
    done = nightly(aged.database, aged.data, datetime.now(UTC))
    assert done is not None
    assert (done.unsettled, done.purged.months) == (0, 2)
    assert aged.count("transaction") == 1

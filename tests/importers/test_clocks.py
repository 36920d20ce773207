"""Dates are held against something: now, the file, the call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from importers.formats import cfonb120
from importers.load import Status, load_files
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

CALLED = "2026-03-02T22:41:30"
PARTITIONS = "SELECT count(*) FROM pg_inherits"


def night(*, at: str = "2026-03-02T12:31:09", opened: str = "", collected: str = CALLED) -> File:
    return File(remittances=(Rem(opened=opened, collected=collected, transactions=(Trx(at=at),)),))


@pytest.mark.parametrize(
    ("file", "line", "column"),
    [
        (night(at="2062-03-02T12:31:09"), 3, "at"),
        (night(at="2026-03-04T02:00:01"), 3, "at"),
        (night(at="2024-12-02T22:41:29"), 3, "at"),
        (night(opened="2026-03-05T00:00:00"), 2, "opened at"),
        (night(collected="2026-03-05T00:00:00"), 2, "collected at"),
        (night(collected="2024-12-01T22:00:00", at="2024-12-01T12:00:00"), 2, "collected at"),
    ],
    ids=["2062", "a day later", "16 months before its call", "opened", "called", "16 months before the file"],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_date_that_nothing_bears_out_is_refused_and_makes_no_partition(
    operator: Operator, file: File, line: int, column: str, *, dry_run: bool
) -> None:
    before = operator.value(PARTITIONS)
    result = operator.deliver(file, dry_run=dry_run)
    assert [(refusal.line, refusal.column) for refusal in result.refusals] == [(line, column)]
    assert operator.value(PARTITIONS) == before


def test_a_file_of_the_future_is_refused(operator: Operator) -> None:
    soon = datetime.now(UTC) + timedelta(hours=23)
    assert operator.deliver(File(created=f"{soon:%Y-%m-%dT%H:%M:%S}Z", key="soon")).status is Status.LOADED
    (refusal,) = operator.deliver(File(created="2099-12-31T23:00:00+01:00")).refusals
    assert (refusal.line, refusal.column) == (1, "created at")
    assert "--trust-clock" in refusal.text()


@pytest.mark.parametrize("at", ["2026-03-02T22:46:00", "2026-03-03T13:00:00", "2024-12-02T22:41:30"])
def test_clocks_that_run_fast_and_zones_ahead_of_the_file_are_no_fault(operator: Operator, at: str) -> None:
    assert operator.deliver(night(at=at)).status is Status.LOADED


def test_an_operator_loads_it_knowingly_and_the_journal_keeps_it(operator: Operator) -> None:
    path = night(at="2027-06-02T12:31:09").write(operator.folder)
    assert operator.deliver(path.read_bytes()).refused
    (result,) = load_files(operator.database, [path], operator.data, trust_clock=True)
    assert (result.status, operator.count("transaction")) == (Status.LOADED, 1)
    assert operator.rows("SELECT details -> 'file', details -> 'lines' FROM journal_entry") == [
        ("night.txt", [3])
    ]
    operator.empty()
    (copy,) = (operator.data / "archive").iterdir()
    (rebuilt,) = load_files(operator.database, [copy], operator.data)
    assert (rebuilt.status, operator.count("transaction")) == (Status.LOADED, 1)


@pytest.mark.parametrize(
    ("day", "booked", "faults"),
    [
        (date(2026, 3, 3), date(2026, 3, 3), []),
        (date(2056, 3, 3), date(2056, 3, 3), [("statement", "closing day"), ("entry", "booking day")]),
        (date(2026, 3, 3), date(2056, 3, 3), [("entry", "booking day")]),
        (date(2026, 3, 3), date(2024, 3, 3), [("entry", "booking day")]),
    ],
    ids=["as it is", "a statement of 2056", "a line of 2056", "a line of two years before"],
)
def test_days_of_a_bank_are_held_against_something_too(
    day: date, booked: date, faults: list[tuple[str, str]]
) -> None:
    found = cfonb120.read(written(Statement((MovementLine(570),), day=day)))
    movements = found.movements.assign(
        booked_on=pd.Series([booked]).astype(found.movements["booked_on"].dtype)
    )
    refusals = replace(found, movements=movements).clock_faults(datetime.now(UTC))
    assert [(refusal.unit, refusal.column) for refusal in refusals] == faults

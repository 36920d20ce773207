"""A kind of record and a format that nobody has built in: one module each, and the loader loads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, text

from app.database.engine import DatabaseRole
from app.database.privileges import enforce
from importers import formats, records, report
from importers.load import Result, Status
from importers.records import adopt
from tests.importers import parking, parking_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.importers.conftest import Operator

ACCOUNTS = ("4111111111111111", "5555555555554444")  # they pass for cards, and are not


class Installed:
    """An entry point of a wheel that stands beside the portal."""

    def __init__(self, found: object) -> None:
        self.load = lambda: found


@pytest.fixture
def operator(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    beside = {"bordereau.formats": parking_lines.FORMAT, "bordereau.records": parking.KIND}
    for module, registry in ((formats, formats.formats), (records, records.kinds)):
        registry.cache_clear()
        monkeypatch.setattr(module, "entry_points", lambda group: [Installed(beside[group])])
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        tables = MetaData()
        for model in (parking.ParkingAccount, parking.ParkingFee):
            model.__table__.to_metadata(tables)  # type: ignore[attr-defined]
        tables.create_all(connection)
        enforce(connection, parking.Invented.privileges(), operator.database.roles)
    yield operator
    formats.formats.cache_clear()
    records.kinds.cache_clear()


def file(*fees: tuple[str, str, int], key: str = "1") -> bytes:
    heading = f"PARKING{'garage':10}{key:7}2026-03-03T02:00"
    lines = [f"{account}{day}{amount:010}{'N° 1':6}" for account, day, amount in fees]
    return "".join([heading, *lines]).encode("latin-1")


def deliver(operator: Operator, *fees: tuple[str, str, int], key: str = "1", **options: bool) -> Result:
    return operator.deliver(file(*fees, key=key), **options)


def test_its_records_are_loaded_counted_and_received(operator: Operator) -> None:
    result = deliver(operator, (ACCOUNTS[0], "20260302", 250), (ACCOUNTS[1], "20260228", 300))
    assert (result.status, result.counts, result.kept_aside) == (Status.LOADED, {"parking fees": 2}, 2)
    assert "2 parking fees" in report.line(result)
    assert operator.rows("SELECT merchant_id, parked_on::text, amount FROM parking_fee ORDER BY 3") == [
        (0, "2026-03-02", 250),
        (0, "2026-02-28", 300),
    ]
    assert operator.rows("SELECT counts, first_on::text, last_on::text FROM import_file") == [
        ({"parking fees": 2}, "2026-02-28", "2026-03-02")
    ]
    assert operator.rows("SELECT DISTINCT subject FROM received_day") == [("parking",)]


def test_a_card_number_is_found_outside_the_place_of_its_account(operator: Operator) -> None:
    assert deliver(operator, (ACCOUNTS[0], "20260302", 250)).status is Status.LOADED
    hidden = f"{ACCOUNTS[0]:>{parking_lines.WIDTH}}".encode()
    result = operator.deliver(file(key="2") + hidden)
    assert result.status is Status.QUARANTINED
    assert result.refusals[0].line == 2


def test_they_wait_for_their_owner(operator: Operator) -> None:
    operator.declare({})
    deliver(operator, (ACCOUNTS[0], "20260302", 250), (ACCOUNTS[1], "20260228", 300))
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        merchant, reseller = connection.execute(
            text("SELECT id, reseller_id FROM merchant WHERE id > 0")
        ).one()
        row = {"merchant": merchant, "reseller": reseller, "account": ACCOUNTS[0]}
        connection.execute(
            text(
                "INSERT INTO parking_account (merchant_id, id, reseller_id, account)"
                " VALUES (:merchant, nextval('party_id'), :reseller, :account)"
            ),
            row,
        )
        adopt(connection)
    assert operator.rows("SELECT merchant_id = 0, amount FROM parking_fee ORDER BY 2") == [
        (False, 250),
        (True, 300),
    ]
    later = deliver(operator, (ACCOUNTS[0], "20260303", 100), key="2")
    assert later.kept_aside == 0
    assert operator.value("SELECT count(*) FROM parking_account") == 2


def test_a_replacement_takes_them_back(operator: Operator) -> None:
    deliver(operator, (ACCOUNTS[0], "20260302", 250))
    assert deliver(operator, (ACCOUNTS[0], "20260302", 270)).refused
    assert deliver(operator, (ACCOUNTS[0], "20260302", 270), replace=True).status is Status.REPLACED
    assert operator.rows("SELECT amount FROM parking_fee") == [(270,)]


def test_its_months_come_with_the_file_and_not_with_a_trial(operator: Operator) -> None:
    months = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'parking_fee'::regclass"
    assert deliver(operator, (ACCOUNTS[0], "20260302", 1), dry_run=True).status is Status.LOADED
    assert operator.value(months) == 0
    deliver(operator, (ACCOUNTS[0], "20260302", 1), (ACCOUNTS[0], "20240302", 1))
    assert operator.value(months) == 2

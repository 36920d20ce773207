"""The few values of a field follow the rows, whatever order these come in."""

from __future__ import annotations

import runpy

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import MIGRATIONS
from app.listing.scope import Scope
from app.lists.choices import MOST, offering
from importers.derived import daily_sums
from tests.examples import few_orders
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx

KEPT = "SELECT field, value, last_on::text FROM known_value ORDER BY 1, 2, 3"


def night(day: str, *issuers: str, key: str = "", rank: str = "001") -> File:
    payments = tuple(
        Trx(sequence=f"{number:06}", at=f"{day}T12:31:09", issuer=issuer)
        for number, issuer in enumerate(issuers, start=1)
    )
    number = day[5:7] + day[8:] + rank[:2]
    rem = Rem(opened="", collected=f"{day}T23:15:07", number=number, rank=rank, transactions=payments)
    return File(remittances=(rem,), key=key or f"{day}{rank}", created="2026-04-30T23:00:00+02:00")


NIGHTS = (
    night("2026-03-02", "LCL", "EDENRED"),
    night("2026-03-03", "LCL", ""),
    night("2026-03-04", "BNP PARIBAS", rank="002"),
)


def issuers(operator: Operator) -> list[tuple[str, str]]:
    """Each issuer with the last day on which it was seen."""
    return [(value, day) for field, value, day in operator.rows(KEPT) if field == "issuer"]


def test_a_value_is_kept_by_contract_with_the_last_day_of_it(operator: Operator) -> None:
    operator.declare({}, {"rank": "002"})
    for file in NIGHTS:
        operator.deliver(file)
    assert operator.rows(KEPT) == [
        ("bank", "30004", "2026-03-03"),
        ("bank", "30004", "2026-03-04"),
        ("issuer", "BNP PARIBAS", "2026-03-04"),
        ("issuer", "EDENRED", "2026-03-02"),
        ("issuer", "LCL", "2026-03-03"),
        ("manufacturer", "INGENICO", "2026-03-03"),
        ("manufacturer", "INGENICO", "2026-03-04"),
        ("product", "VISA CLASSIC", "2026-03-03"),
        ("product", "VISA CLASSIC", "2026-03-04"),
        ("scheme", "CB", "2026-03-03"),
        ("scheme", "CB", "2026-03-04"),
    ]


@pytest.mark.orders
def test_they_are_the_same_in_every_order(operator: Operator) -> None:
    seen = set()
    for order in few_orders(NIGHTS):
        operator.empty()
        operator.declare({}, {"rank": "002"})
        for file in order:
            operator.deliver(file)
        seen.add(repr(operator.rows(KEPT)))
    assert len(seen) == 1


def test_many_days_are_read_as_few_are(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    for most in (daily_sums.MOST_LOOKED_UP, 0):
        monkeypatch.setattr(daily_sums, "MOST_LOOKED_UP", most)
        operator.empty()
        operator.declare({}, {"rank": "002"})
        for file in NIGHTS:
            operator.deliver(file)
        kept.append((operator.rows(KEPT), operator.terminals(), operator.digest()[2:5]))
    assert kept[0] == kept[1]


def test_what_waited_for_its_owner_becomes_known_with_it(operator: Operator) -> None:
    operator.deliver(NIGHTS[0])
    assert operator.count("known_value") == 0
    operator.declare({})
    assert issuers(operator) == [("EDENRED", "2026-03-02"), ("LCL", "2026-03-02")]


def test_a_replaced_file_takes_its_values_along(operator: Operator) -> None:
    operator.declare({})
    operator.deliver(NIGHTS[0])
    operator.deliver(night("2026-03-03", "LCL", "SWILE", key="again"))
    operator.deliver(night("2026-03-03", "BIMPLI", key="again"), replace=True)
    assert issuers(operator) == [("BIMPLI", "2026-03-03"), ("EDENRED", "2026-03-02"), ("LCL", "2026-03-02")]


def test_whoever_sees_some_contracts_is_offered_the_values_of_these(operator: Operator) -> None:
    operator.declare({}, {"rank": "002", "bank_code": "10096", "bank_name": "CIC"})
    for file in NIGHTS:
        operator.deliver(file)
    offered = offering("issuer", "bank", "application")
    contracts = dict(operator.rows("SELECT rank, id FROM contract"))
    merchant = operator.value("SELECT id FROM merchant WHERE id <> 0")
    found = []
    for ids in (None, (contracts["001"],), (contracts["002"],), ()):
        scope = Scope(merchant, ids)
        with operator.database.reading_as(scope) as connection:
            found.append(offered(scope).read(connection))
    every, first, second, none = found
    bnp, edenred, lcl = ((f'"{name}"', name) for name in ("BNP PARIBAS", "EDENRED", "LCL"))
    assert [every["issuer"], first["issuer"], second["issuer"]] == [
        (bnp, edenred, lcl),
        (edenred, lcl),
        (bnp,),
    ]
    assert ("10096", "10096 CIC") in second["bank"]
    assert ("10096", "10096 CIC") not in first["bank"]
    assert none == {"issuer": (), "bank": (), "application": ()}


def test_more_values_than_a_form_can_offer_are_typed(operator: Operator) -> None:
    operator.declare({})
    names = [f"ISSUER {number:03}" for number in range(MOST + 1)]
    operator.deliver(night("2026-03-02", *names[:MOST]))
    scope = Scope(operator.value("SELECT id FROM merchant WHERE id <> 0"))
    for extra, is_offered in ((), True), (names[MOST:], False):
        if extra:
            operator.deliver(night("2026-03-03", *extra))
        with operator.database.reading_as(scope) as connection:
            assert ("issuer" in offering("issuer")(scope).read(connection)) == is_offered


def test_the_migration_finds_what_the_loader_would(operator: Operator) -> None:
    operator.declare({}, {"rank": "002"})
    for file in NIGHTS:
        operator.deliver(file)
    kept = operator.rows(KEPT)
    (migration,) = MIGRATIONS.glob("versions/*_known_values.py")
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("TRUNCATE known_value"))
        for statement in runpy.run_path(str(migration))["from_rows"]():
            connection.execute(text(statement))
    assert operator.rows(KEPT) == kept

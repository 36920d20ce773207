"""A contract has one source of payments: what a second one brings stands aside until somebody moves it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.desk.undeclared_contracts import second_sources
from importers import contract_moves
from importers.files import sources
from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx

SEEN = (
    "SELECT r.number, r.collected_on::text, t.amount FROM remittance r"
    " JOIN transaction t ON t.merchant_id = r.merchant_id AND t.remittance_id = r.id"
    " WHERE r.merchant_id {} 0 ORDER BY 2, 1"
)


def night(day: int, source: str, number: str | None = None, amount: int = 3900, **rem: str) -> File:
    """A night in March with one remittance; its number is that of its day unless it is said."""
    call = Rem(
        opened="",
        collected=f"2026-03-{day:02}T22:41:30",
        number=number or f"{day:06}",
        transactions=(Trx(at=f"2026-03-{day:02}T12:31:09", amount=amount),),
        **rem,
    )
    made = f"2026-03-{day + 1:02}T04:00:00+01:00"
    return File(remittances=(call,), source=source, key=f"{source}-{day}", created=made)


def deliver(operator: Operator, *files: File) -> None:
    for file in files:
        assert operator.deliver(file).status is Status.LOADED


def a_contract(operator: Operator) -> None:
    """One contract, of which two hosts bring nights."""
    operator.declare({})


@pytest.fixture
def operator(prepared):
    return prepared(a_contract)


def take_over(operator: Operator, source: str, day: int) -> None:
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        contract_moves.move(connection, source, "7654321", date(2026, 3, day))


def seen(operator: Operator) -> list[tuple]:
    return operator.rows(SEEN.format("<>"))


def aside(operator: Operator) -> list[tuple]:
    return operator.rows(SEEN.format("="))


def check(operator: Operator) -> None:
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_what_a_second_source_brings_is_kept_aside_and_the_file_loads(operator):
    deliver(operator, night(2, "first"))
    result = operator.deliver(night(3, "second"))
    assert (result.status, result.kept_aside) == (Status.LOADED, 1)
    deliver(operator, night(4, "first"))
    assert [row[1] for row in seen(operator)] == ["2026-03-02", "2026-03-04"]
    assert [row[1] for row in aside(operator)] == ["2026-03-03"]
    check(operator)


def test_the_same_remittance_of_both_counts_once(operator):
    deliver(operator, night(2, "first"), night(2, "second", amount=4000))
    assert seen(operator) == [("000002", "2026-03-02", 3900)]
    assert aside(operator) == [("000002", "2026-03-02", 4000)]


def test_the_rest_of_the_file_loads(operator):
    operator.declare({}, {"rank": "002"})
    deliver(operator, night(2, "first"))
    both = night(3, "second")
    other = night(3, "second", rank="002", terminal="002")
    result = operator.deliver(both.but(remittances=(*both.remittances, *other.remittances)))
    assert result.kept_aside == 1
    assert [row[1] for row in seen(operator)] == ["2026-03-02", "2026-03-03"]


def test_each_half_has_its_source(operator):
    totals, payments = (night(2, source) for source in ("calls", "payments"))
    deliver(operator, totals.but(content="TELECOLLECTES"), payments.but(content="TRANSACTIONS"))
    assert operator.value("SELECT seal FROM remittance WHERE merchant_id <> 0") == "complete"
    assert operator.deliver(night(3, "other").but(content="TRANSACTIONS")).kept_aside == 1
    assert operator.deliver(night(4, "calls").but(content="TELECOLLECTES")).kept_aside == 0


def test_a_contract_moves_with_what_was_kept_from_a_day_on(operator):
    deliver(operator, night(2, "first"), night(3, "first"), night(4, "first", amount=100))
    deliver(
        operator, night(3, "second", amount=1), night(4, "second", amount=2), night(5, "second", amount=3)
    )
    take_over(operator, "second", 4)
    assert [row[2] for row in seen(operator)] == [3900, 3900, 2, 3]
    assert [row[2] for row in aside(operator)] == [1, 100]
    check(operator)
    deliver(operator, night(6, "second", amount=4), night(7, "first", amount=5))
    assert [row[2] for row in seen(operator)][-1] == 4
    assert operator.deliver(night(1, "second", amount=6)).kept_aside == 1
    assert operator.deliver(night(1, "first", amount=8)).kept_aside == 0
    assert seen(operator)[0][2] == 8
    check(operator)


def test_it_moves_back(operator):
    deliver(operator, night(2, "first"), night(3, "second", amount=1), night(3, "first", amount=2))
    before = operator.digest()
    take_over(operator, "second", 3)
    assert [row[2] for row in seen(operator)] == [3900, 1]
    take_over(operator, "first", 3)
    assert operator.digest() == before
    assert operator.deliver(night(1, "first", amount=8)).kept_aside == 0
    check(operator)


def test_what_is_said_again_moves_nothing_back(operator):
    deliver(operator, night(2, "first"), night(3, "second", amount=1), night(3, "first", amount=2))
    take_over(operator, "second", 3)
    before = operator.digest()
    with pytest.raises(contract_moves.NothingAsideError):
        take_over(operator, "second", 3)
    assert operator.digest() == before
    assert [row[2] for row in seen(operator)] == [3900, 1]


def test_a_moved_night_can_still_be_replaced(operator):
    deliver(operator, night(2, "first"), night(3, "second", amount=1))
    take_over(operator, "second", 3)
    assert operator.deliver(night(3, "second", amount=7), replace=True).status is Status.REPLACED
    assert [row[2] for row in seen(operator)] == [3900, 7]
    check(operator)


def test_what_was_kept_aside_stays_so_when_the_contract_is_declared(operator):
    deliver(operator, night(2, "first", contract="7000001"), night(3, "second", contract="7000001"))
    operator.declare({"contract": "7000001"})
    assert [row[1] for row in seen(operator)] == ["2026-03-02"]
    assert operator.deliver(night(4, "second", contract="7000001")).kept_aside == 1


def test_a_source_that_is_bound_later_takes_nothing_over(operator):
    operator.declare(
        {"reseller": "other", "merchant_code": "OTHER", "siret": "99999999700013", "contract": "1"}
    )
    deliver(operator, night(2, "first"), night(3, "unknown", contract="7654321"))
    slug = operator.value(
        "SELECT slug FROM reseller r JOIN merchant m ON m.reseller_id = r.id AND code = 'FICTION'"
    )
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        for name in ("first", "unknown"):
            sources.bind(connection, name, slug)
    assert len(seen(operator)) == 1
    assert len(aside(operator)) == 1


def test_the_desk_names_both(operator):
    deliver(operator, night(2, "first"), night(3, "second"))
    with operator.database.reading(DatabaseRole.OWNER) as connection:
        reseller_id = connection.scalar(text("SELECT min(reseller_id) FROM contract WHERE merchant_id <> 0"))
        (found,) = second_sources(connection, reseller_id)
    assert (found.delivered_by, found.row.source, found.row.remittances) == ("first", "second", 1)

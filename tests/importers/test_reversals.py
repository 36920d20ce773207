"""A sale and what took it back find each other, in whichever order they come, and are never guessed."""

from __future__ import annotations

import runpy

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import MIGRATIONS
from app.rules.payments import Reversal
from tests.examples import few_orders
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx

SALE = Trx(sequence="000101", amount=2912)
LINKS = """
SELECT o.sequence_number, s.sequence_number, s.occurred_on::text FROM transaction o
LEFT JOIN transaction s ON s.merchant_id = o.merchant_id AND s.id = o.original_id
  AND s.occurred_on = o.original_on
WHERE o.original_sequence_number IS NOT NULL ORDER BY 1
"""


def night(day: str, *payments: Trx, **changes: str) -> File:
    dated = tuple(Trx(**{**vars(payment), "at": f"{day}T{payment.at.split('T')[1]}"}) for payment in payments)
    rem = Rem(
        transactions=dated, opened="", collected=f"{day}T23:15:07", number=f"{day[5:7]}{day[8:]}", **changes
    )
    return File(remittances=(rem,), key=day + str(changes), created="2026-10-31T23:00:00+01:00")


def refund(sequence: str, amount: int, original: str = "101") -> Trx:
    return Trx(sequence=sequence, operation="CREDIT", amount=amount, original=original)


def state(operator: Operator, day: str) -> list[tuple[object, ...]]:
    query = "SELECT reversal, reversed_amount FROM transaction WHERE type = 'debit' AND occurred_on = :day"
    return operator.rows(query, day=day)


@pytest.mark.parametrize(
    ("operations", "reversal", "amount"),
    [
        ((), Reversal.NONE, 0),
        ((Trx(sequence="7", operation="ANNULATION", amount=2912, original="101"),), Reversal.CANCELLED, 2912),
        ((refund("7", 495),), Reversal.PARTLY_REFUNDED, 495),
        ((refund("7", 495), refund("8", 2417)), Reversal.REFUNDED, 2912),
        ((refund("7", 495, original="102"),), Reversal.NONE, 0),
    ],
)
def test_a_sale_says_what_became_of_it(
    operator: Operator, operations: tuple[Trx, ...], reversal: Reversal, amount: int
) -> None:
    operator.deliver(night("2026-03-02", SALE))
    operator.deliver(night("2026-03-09", *operations))
    assert state(operator, "2026-03-02") == [(reversal, amount)]


@pytest.mark.orders
def test_they_find_each_other_in_whichever_order_they_come(operator: Operator) -> None:
    nights = (
        night("2026-03-02", SALE),
        night("2026-03-09", refund("7", 495)),
        night("2026-04-20", refund("9", 500)),
    )
    digests = []
    for order in few_orders(nights):
        operator.empty()
        operator.declare({})
        for file in order:
            operator.deliver(file)
        assert operator.rows(LINKS) == [
            ("7", "000101", "2026-03-02"),
            ("9", "000101", "2026-03-02"),
        ]
        assert state(operator, "2026-03-02") == [(Reversal.PARTLY_REFUNDED, 995)]
        digests.append(operator.digest())
    assert digests.count(digests[0]) == len(digests)


def test_a_second_candidate_takes_the_link_away_and_its_going_brings_it_back(operator: Operator) -> None:
    operator.deliver(night("2026-03-02", SALE))
    operator.deliver(night("2026-03-09", refund("7", 495)))
    operator.deliver(night("2026-03-05", SALE))
    assert operator.rows(LINKS) == [("7", None, None)]
    assert state(operator, "2026-03-02") == state(operator, "2026-03-05") == [(Reversal.NONE, 0)]
    again = Trx(**{**vars(SALE), "sequence": "000555", "at": "2026-03-05T12:31:09"})
    changed = night("2026-03-05", SALE).but(
        remittances=(Rem(transactions=(again,), opened="", collected="2026-03-05T23:15:07", number="0305"),)
    )
    operator.deliver(changed, replace=True)
    assert operator.rows(LINKS) == [("7", "000101", "2026-03-02")]
    assert state(operator, "2026-03-02") == [(Reversal.PARTLY_REFUNDED, 495)]


def test_a_refund_that_is_taken_back_frees_its_sale(operator: Operator) -> None:
    operator.deliver(night("2026-03-02", SALE))
    operator.deliver(night("2026-03-09", refund("7", 495)))
    operator.deliver(night("2026-03-09").but(), replace=True)
    assert state(operator, "2026-03-02") == [(Reversal.NONE, 0)]


@pytest.mark.parametrize(
    "sale",
    [
        night("2024-11-02", SALE),  # more than 15 months before
        night("2026-03-10", SALE),  # later than the operation
        night("2026-03-02", SALE, terminal="002"),
        night("2026-03-02", SALE, contract="1234567"),
        night("2026-03-02", Trx(sequence="101", outcome="REFUSEE", amount=2912)),
        night("2026-03-02", Trx(sequence="101", operation="CREDIT", amount=2912)),
    ],
)
def test_what_only_looks_like_the_sale_is_not_linked(operator: Operator, sale: File) -> None:
    operator.deliver(sale)
    operator.deliver(night("2026-03-09", refund("7", 495)))
    assert operator.rows(LINKS) == [("7", None, None)]


def test_the_links_of_what_was_kept_aside_stay_when_it_appears(operator: Operator) -> None:
    operator.deliver(night("2026-03-02", SALE))
    operator.deliver(night("2026-03-09", refund("7", 495)))
    operator.declare({})
    assert operator.rows(LINKS) == [("7", "000101", "2026-03-02")]
    assert state(operator, "2026-03-02") == [(Reversal.PARTLY_REFUNDED, 495)]


def test_the_migration_links_the_sales_of_before_as_the_loader_would(operator: Operator) -> None:
    operator.declare({})
    ambiguous = (Trx(sequence="55", at="2026-03-02T10:00:00"), Trx(sequence="055", at="2026-03-02T11:00:00"))
    cancelled = Trx(sequence="102", amount=700)
    operator.deliver(night("2026-03-02", SALE, cancelled, ambiguous[0]))
    operator.deliver(night("2026-03-03", ambiguous[1]))
    cancellation = Trx(sequence="8", operation="ANNULATION", amount=700, original="102")
    operator.deliver(night("2026-03-09", refund("7", 495), cancellation, refund("9", 5, original="55")))
    operator.deliver(night("2026-04-20", refund("10", 2417), refund("11", 100, original="404")))
    kept = operator.digest(), operator.rows(LINKS)
    assert [number for number, sale, _ in kept[1] if sale] == ["10", "7", "8"]
    (migration,) = MIGRATIONS.glob("versions/*_reversed_sales.py")
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text(
                "UPDATE transaction SET original_id = NULL, original_on = NULL, reversal = 'none',"
                " reversed_amount = 0"
            )
        )
        for statement in runpy.run_path(str(migration))["STATEMENTS"]:
            connection.execute(text(statement))
    assert (operator.digest(), operator.rows(LINKS)) == kept

"""Numbers are numbers: 000102 and 102 are one remittance, 1 and 000001 one payment, shown as received."""

from __future__ import annotations

from itertools import permutations

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import alembic_config
from importers.load import Status
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx

PADDED = (Trx(sequence="000001"), Trx(sequence="000102", amount=1250))
BARE = (Trx(sequence="1"), Trx(sequence="102", amount=1250))
TOTALS = File(remittances=(Rem(number="000101", transactions=PADDED),), key="t", content="TELECOLLECTES")
DETAILS = File(remittances=(Rem(number="101", transactions=BARE),), key="d", content="TRANSACTIONS")
WHOLE = "SELECT number, seal, transaction_count, received_count FROM remittance"


@pytest.mark.parametrize("order", list(permutations((TOTALS, DETAILS))))
def test_halves_that_write_a_number_otherwise_are_one_remittance(
    operator: Operator, order: tuple[File, ...]
) -> None:
    operator.declare({})
    for file in order:
        assert operator.deliver(file).status is Status.LOADED
    assert operator.rows(WHOLE) == [("000101", "complete", 2, 2)]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_a_payment_that_comes_again_with_its_zeros_is_the_same(operator: Operator) -> None:
    operator.declare({})
    operator.deliver(DETAILS)
    again = DETAILS.but(key="again", remittances=(Rem(number="0101", transactions=PADDED),))
    assert operator.deliver(again).status is Status.LOADED
    assert operator.rows("SELECT sequence_number FROM transaction ORDER BY 1") == [("1",), ("102",)]
    changed = (Trx(sequence="01", amount=1), BARE[1])
    result = operator.deliver(
        DETAILS.but(key="other", remittances=(Rem(number="101", transactions=changed),))
    )
    assert [refusal.line for refusal in result.refusals] == [3]


def test_a_file_names_a_number_once_and_ends_it_by_any_of_its_spellings(operator: Operator) -> None:
    twice = File(remittances=(Rem(number="101"), Rem(number="000101")))
    assert [refusal.column for refusal in operator.deliver(twice).refusals] == ["batch number"]
    ended = File(remittances=(Rem(number="000101"),)).text().replace("FRM;000101;", "FRM;101;")
    assert operator.deliver(ended.encode()).status is Status.LOADED


def merge_twins(operator: Operator, renumbered: dict[str, str]) -> None:
    """Migrate remittances that a portal told apart, once their numbers are what it took for different."""
    migration = ScriptDirectory.from_config(alembic_config(operator.database)).get_revision("0019").module
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        for table in migration.KEYS:
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {table}_natural_key"))
        for number, twin in renumbered.items():
            rename = "UPDATE remittance SET number = :twin WHERE number = :number"
            connection.execute(text(rename), {"number": number, "twin": twin})
        migration.merge_twins(connection)
        for table, columns in migration.KEYS.items():
            key = ", ".join(columns)
            connection.execute(text(f"ALTER TABLE {table} ADD UNIQUE ({key})"))


def test_the_migration_merges_twins_and_adds_up_again(operator: Operator) -> None:
    operator.declare({})
    operator.deliver(TOTALS)
    operator.deliver(DETAILS.but(remittances=(Rem(number="999", transactions=BARE),)))
    again = Rem(number="888", transactions=(Trx(sequence="000001"), Trx(sequence="7", amount=500)))
    operator.deliver(DETAILS.but(key="more", remittances=(again,)))
    merge_twins(operator, {"999": "101", "888": "0101"})
    assert operator.rows(WHOLE) == [("000101", "differs", 2, 3)]
    assert operator.rows("SELECT sequence_number, amount FROM transaction ORDER BY amount") == [
        ("7", 500),
        ("102", 1250),
        ("1", 3900),
    ]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_the_migration_counts_a_refund_once_that_was_there_twice(operator: Operator) -> None:
    operator.declare({})
    sale = Trx(sequence="000001", amount=900)
    for key, rem in (
        ("once", Rem(number="000101", transactions=(sale, refund("000002")))),
        ("again", Rem(number="999", transactions=(refund("2"),))),
    ):
        operator.deliver(File(remittances=(rem,), key=key, content="TRANSACTIONS"))
    taken = "SELECT reversal, reversed_amount FROM transaction WHERE type = 'debit'"
    assert operator.rows(taken) == [("partly_refunded", 600)]
    merge_twins(operator, {"999": "101"})
    assert operator.rows(taken) == [("partly_refunded", 300)]


def refund(sequence: str) -> Trx:
    return Trx(sequence=sequence, operation="CREDIT", original="000001", amount=300)

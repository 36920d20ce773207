"""Lines of payouts and their sales: what a file touched is looked at again, as if all of them were."""

from __future__ import annotations

import random
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from app.database.engine import DatabaseRole
from app.database.migrate import ensure_partitions
from importers import daily_sums, settlement_sales
from tests.importers.conftest import Operator

FIRST, DAYS, STEPS = date(2026, 1, 10), 30, 10
MONTHS = [date(2026, month, 1) for month in range(1, 6)]
_LINE = """
INSERT INTO settlement_line (merchant_id, id, reseller_id, acceptor_id, settlement_id, paid_on, rank, kind,
  gross, fee_hundredths, net_hundredths, currency, contract_number, reference, merchant_reference,
  occurred_on,
  card_last4, import_file_id)
VALUES (9, :id, 9, 0, 1, :day, :id, :kind, :amount, 0, 0, 'EUR', '', :reference, :order, :day, '', 0)
"""
_SALE = """
INSERT INTO transaction (merchant_id, id, reseller_id, contract_id, remittance_id, collected_on, occurred_on,
  second_fold, occurred_local, occurred_at, sequence_number, type, outcome, amount, currency, remitted,
  import_file_id, order_reference)
VALUES (9, :id, 9, 7, 1, :day, :day, false, CAST(:day AS timestamp), CAST(:day AS timestamptz),
  CAST(:id AS text), :type, 'accepted', :amount, 'EUR', true, 0, NULLIF(:order, ''))
"""
_TOLD = """
INSERT INTO remote_payment (merchant_id, transaction_id, occurred_on, reseller_id, contract_id, number, batch,
  sold_on, said_at, digest, platform_reference, import_file_id)
VALUES (9, :id, :day, 9, 7, CAST(:id AS text), '', :day, CAST(:day AS timestamptz), '', :reference, 0)
"""
_GONE = {
    "settlement_line": ("DELETE FROM settlement_line WHERE id = :id",),
    "transaction": (
        "DELETE FROM transaction WHERE id = :id",
        "DELETE FROM remote_payment WHERE transaction_id = :id",
    ),
}
_TOUCH = "INSERT INTO touched_day VALUES (:subject, 9, 7, :day)"
_LINKS = "SELECT id, transaction_id, transaction_on FROM settlement_line ORDER BY id"


class ChangingEstate:
    """A small estate whose references repeat: lines and sales come and go, a day at a time."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.connection, self.draw, self.number = connection, random.Random(seed), 0
        self.there: dict[int, tuple[str, date]] = {}

    def run(self, statement: str, **values: object) -> list[tuple]:
        found = self.connection.execute(text(statement), values)
        return [tuple(row) for row in found] if found.returns_rows else []

    def change(self) -> set[tuple[str, date]]:
        """Some rows come, and some go: what they touch."""
        touched = {self.come() for _ in range(self.draw.randint(1, 4))}
        for number in self.draw.sample(sorted(self.there), min(len(self.there), self.draw.randint(0, 1))):
            subject, day = self.there.pop(number)
            for statement in _GONE[subject]:
                self.run(statement, id=number)
            touched.add((subject, day))
        return touched

    def name(self, kind: str, blank: float) -> str:
        """A reference: most are of a line and a sale, some of more."""
        place = max(0, self.number // 2 - self.draw.choice((0, 0, 1, 1, 2)))
        return "" if self.draw.random() < blank else f"{kind}-{place}"

    def come(self) -> tuple[str, date]:
        self.number += 1
        subject = ("settlement_line", "transaction")[self.number % 2]
        day = FIRST + timedelta(days=self.draw.randrange(DAYS))
        row = {
            "id": self.number,
            "day": day,
            "amount": self.draw.choice((1000,) * 9 + (2000,)),
            "order": self.name("CMD", 0.1),
            "reference": self.name("psp", 0.6),
        }
        is_refund = self.draw.random() < 0.1
        if subject == "settlement_line":
            self.run(_LINE, **row, kind="refund" if is_refund else "sale")
        else:
            self.run(_SALE, **{name: row[name] for name in ("id", "day", "amount", "order")},
                     type="refund" if is_refund else "debit")  # fmt: skip
            if row["reference"]:
                self.run(_TOLD, **{name: row[name] for name in ("id", "day", "reference")})
        self.there[self.number] = (subject, day)
        return subject, day

    def renewed(self, touched: set[tuple[str, date]]) -> list[tuple]:
        """The links, once what was touched is looked at again."""
        for subject, day in touched:
            self.run(_TOUCH, subject=subject, day=day)
        settlement_sales.renew(self.connection)
        self.run("TRUNCATE touched_day")
        return self.run(_LINKS)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_what_is_looked_at_again_ends_as_if_all_lines_were(operator: Operator, seed: int) -> None:
    with operator.database.engine(DatabaseRole.OWNER).connect() as connection:
        ensure_partitions(connection, dict.fromkeys(("transaction", "settlement_line"), MONTHS))
        daily_sums.touch(connection)
        world = ChangingEstate(connection, seed)
        for _ in range(STEPS):
            found = world.renewed(world.change())
            world.run("UPDATE settlement_line SET transaction_id = NULL, transaction_on = NULL")
            everything = {("settlement_line", FIRST + timedelta(days=day)) for day in range(DAYS)}
            assert world.renewed(everything) == found
        connection.rollback()

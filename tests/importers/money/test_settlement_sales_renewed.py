"""Lines of payouts and their sales: whatever comes and goes, the links are those that all rows give together.

Each merchant is a small world of its own, whose references repeat. After each change, the links are held
against those that comparing every line with every payment finds, which knows nothing of what was before.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from app.database.engine import DatabaseRole
from app.database.migrate import ensure_partitions
from importers.derived import daily_sums, settlement_sales
from tests.importers.conftest import Operator

FIRST = date(2026, 3, 10)
Row = TypeVar("Row")
#: Days of rows, from the first.
DAYS = [
    *[0] * 5,
    *[1, 2, 3] * 2,
    *range(30, 34),  # on either side of what a platform's order reference reaches
    *range(64, 67),  # and of twice that
    *[97] * 2,
]
#: Those of payments alone: of before the first line, and of after the last.
OUTER_DAYS = [-32, -31, -31, 98, 98, 99]
MONTHS = [date(2026, month, 1) for month in range(2, 9)]
#: What rows bear: with so few, several of a merchant bear the same.
REFERENCES, ORDERS = ("", "", "R1", "R2", "R3"), ("", "CMD-1", "CMD-2", "0")
MERCHANTS, STEPS = range(11, 161), 10
#: What each merchant has at first.
ROWS = 4
#: Contracts, by id: two ranks of one number, and another.
CONTRACTS = {1: ("7654321", "001"), 2: ("7654321", "701"), 3: ("1111111", "001")}


@dataclass(frozen=True, kw_only=True)
class WorldLine:
    """A line of a payout."""

    merchant: int
    id: int
    paid_on: date
    day: date | None
    kind: str
    gross: int
    currency: str
    contract: str
    reference: str
    order: str


@dataclass(frozen=True, kw_only=True)
class WorldPayment:
    """A payment that a file delivered."""

    merchant: int
    id: int
    day: date
    type: str
    outcome: str
    amount: int
    currency: str
    contract: int
    number: str
    reference: str
    order: str


_LINE = """
INSERT INTO settlement_line (merchant_id, id, reseller_id, acceptor_id, settlement_id, paid_on, rank, kind,
  gross, fee_hundredths, net_hundredths, currency, contract_number, reference, merchant_reference,
  occurred_on, card_last4, import_file_id)
VALUES (:merchant, :id, 9, 0, 1, :paid_on, :id, :kind, :gross, 0, 0, :currency, :contract, :reference, :order,
  :day, '', 0)
"""
_PAYMENT = """
INSERT INTO transaction (merchant_id, id, reseller_id, contract_id, remittance_id, collected_on, occurred_on,
  second_fold, occurred_local, occurred_at, sequence_number, type, outcome, amount, currency, remitted,
  import_file_id, order_reference)
VALUES (:merchant, :id, 9, :contract, :id, :day, :day, false, CAST(:day AS timestamp),
  CAST(:day AS timestamptz), :number, :type, :outcome, :amount, :currency, true, 0, NULLIF(:order, ''))
"""
_TOLD = """
INSERT INTO remote_payment (merchant_id, transaction_id, occurred_on, reseller_id, contract_id, number, batch,
  sold_on, said_at, digest, platform_reference, import_file_id)
VALUES (:merchant, :id, :day, 9, :contract, CAST(:id AS text), '', :day, CAST(:day AS timestamptz), '',
  NULLIF(:reference, ''), 0)
"""
_RESELLER = "INSERT INTO reseller (id, slug, name) VALUES (9, 'worlds', 'Worlds')"
_MERCHANT = """
INSERT INTO merchant (id, reseller_id, code, name, created_at)
VALUES (:merchant, 9, CAST(:merchant AS text), 'World', '2026-01-01')
"""
_CONTRACT = """
INSERT INTO contract (merchant_id, id, reseller_id, number, rank, application)
VALUES (:merchant, :id, 9, :number, :rank, 'CBEMV')
"""
_TOUCH = "INSERT INTO touched_day VALUES ('{subject}', :merchant, 0, :day)"
_LINKS = "SELECT merchant_id, id, transaction_id, transaction_on FROM settlement_line"
_RELINKED = f"SELECT merchant_id, day FROM touched_day WHERE subject = '{settlement_sales.RELINKED}'"


def payment_of(line: WorldLine, lines: list[WorldLine], payments: list[WorldPayment]) -> WorldPayment | None:
    """The payment that a line of a merchant is of: the rules, as the format page has them."""
    if line.contract:
        return only(payment for payment in payments if is_numbered(line, payment))
    told = [payment for payment in payments if is_told(line, payment)]
    names = is_told if told else is_claimed
    named = only(payment for payment in payments if names(line, payment))
    if named is None or (not told and any(is_told(other, named) for other in lines)):
        return None
    return named if only(other for other in lines if names(other, named)) else None


def only(found: Iterable[Row]) -> Row | None:
    """The one that there is, if there is one alone."""
    rows = [*found]
    return rows[0] if len(rows) == 1 else None


def is_numbered(line: WorldLine, payment: WorldPayment) -> bool:
    number, _ = CONTRACTS[payment.contract]
    same = line.reference and int(line.reference) == int(payment.number)
    return bool(same) and (line.contract, line.day) == (number, payment.day)


def is_alike(line: WorldLine, payment: WorldPayment) -> bool:
    kind = {"debit": "sale", "refund": "refund"}.get(payment.type)
    money = (abs(line.gross), line.currency) == (payment.amount, payment.currency)
    return payment.outcome == "accepted" and kind == line.kind and money and line.contract == ""


def is_told(line: WorldLine, payment: WorldPayment) -> bool:
    return line.reference == payment.reference != "" and is_alike(line, payment)


def is_claimed(line: WorldLine, payment: WorldPayment) -> bool:
    if line.day is None or not line.order == payment.order != "":
        return False
    return -1 <= (line.day - payment.day).days <= 31 and is_alike(line, payment)


class Worlds:
    """Merchants whose lines and payments come and go."""

    def __init__(self, connection: Connection, seed: int, merchants: range = MERCHANTS) -> None:
        self.connection, self.draw, self.number = connection, random.Random(seed), 0
        self.merchants = merchants
        self.rows: list[WorldLine | WorldPayment] = []
        self.links: dict[WorldLine, WorldPayment | None] = {}
        self.run(_RESELLER)
        self.run(_MERCHANT, *({"merchant": merchant} for merchant in self.merchants))
        self.run(_CONTRACT, *(
            {"merchant": merchant, "id": one, "number": number, "rank": rank}
            for merchant in self.merchants for one, (number, rank) in CONTRACTS.items()
        ))  # fmt: skip

    def run(self, statement: str, *rows: dict[str, object]) -> list[tuple]:
        if not rows and ":" in statement:
            return []
        found = self.connection.execute(text(statement), list(rows) or None)
        return [tuple(row) for row in found] if found.returns_rows else []

    def begin(self) -> None:
        """Of each merchant a few rows come."""
        self.replace([], self.some())

    def some(self) -> list[WorldLine | WorldPayment]:
        return [self.row(merchant) for merchant in self.merchants for _ in range(ROWS)]

    def change(self) -> None:
        """Of each merchant a row comes, or goes, or gives way to another."""
        gone: list[WorldLine | WorldPayment] = []
        come: list[WorldLine | WorldPayment] = []
        for merchant in self.merchants:
            own = [row for row in self.rows if row.merchant == merchant]
            fate = self.draw.choice(("comes", "comes", "goes", "gives way"))
            if own and fate != "comes":
                gone.append(self.draw.choice(own))
            if fate != "goes":
                come.append(self.row(merchant))
        self.replace(gone, come)

    def replace(self, gone: list[WorldLine | WorldPayment], come: list[WorldLine | WorldPayment]) -> None:
        """Remove rows and add others, as a file does: what it touches is noted."""
        self.remove(gone)
        self.add(come)
        self.rows = [row for row in self.rows if row not in gone] + come
        lines, payments = parted([*gone, *come])
        for subject, rows in (("settlement_line", lines), ("transaction", payments)):
            self.run(_TOUCH.format(subject=subject), *(
                {"merchant": merchant, "day": day} for merchant, day in {touched_by(row) for row in rows}
            ))  # fmt: skip

    def row(self, merchant: int) -> WorldLine | WorldPayment:
        """A row that is much like those that are there."""
        self.number += 1
        draw = self.draw
        day = FIRST + timedelta(days=draw.choice(DAYS))
        said = {
            "merchant": merchant,
            "id": self.number,
            "reference": draw.choice(REFERENCES),
            "order": draw.choice(ORDERS),
            "currency": draw.choice(("EUR",) * 15 + ("USD",)),
        }
        number = draw.choice(("07", "8", "000"))
        amount, refund = draw.choice((1000,) * 15 + (2000,)), draw.random() < 0.2
        if draw.random() < 0.5:
            contract = draw.choice((1, 1, 2, 3))
            if draw.random() < 0.2:
                day = FIRST + timedelta(days=draw.choice(OUTER_DAYS))
            return WorldPayment(
                **said, day=day, amount=amount, contract=contract, type="refund" if refund else "debit",
                outcome=draw.choice(("accepted",) * 15 + ("declined",)), number=number,
            )  # fmt: skip
        if draw.random() < 0.15:
            said |= {"contract": "7654321", "reference": draw.choice(("7", "007", "8", ""))}
        later = timedelta(days=draw.choice((0, 0, 2, 40)))
        return WorldLine(
            **{"contract": "", **said}, paid_on=day + later, day=draw.choice((day,) * 9 + (None,)),
            kind="refund" if refund else draw.choice(("sale",) * 15 + ("fee",)),
            gross=-amount if refund else amount,
        )  # fmt: skip

    def add(self, rows: list[WorldLine | WorldPayment]) -> None:
        lines, payments = parted(rows)
        told = [payment for payment in payments if payment.reference or payment.id % 2]
        for statement, some in ((_LINE, lines), (_PAYMENT, payments), (_TOLD, told)):
            self.run(statement, *map(asdict, some))

    def remove(self, rows: list[WorldLine | WorldPayment]) -> None:
        """Remove rows as the importer does: what depends on them is noted first."""
        lines, payments = ([row.id for row in some] for some in parted(rows))
        settlement_sales.release_lines(self.connection, "id = ANY(:ids)", {"ids": lines})
        settlement_sales.release_payments(self.connection, "id = ANY(:ids)", {"ids": payments})
        for table, column in (("settlement_line", "id"), ("transaction", "id"),
                              ("remote_payment", "transaction_id")):  # fmt: skip
            self.run(f"DELETE FROM {table} WHERE {column} = ANY(:ids)", {"ids": lines + payments})

    def check(self) -> None:
        """Hold the links, and the days of payments whose line has changed, against those of all rows."""
        settlement_sales.renew(self.connection)
        former, self.links = self.links, dict(self.found())
        expected = {
            (line.merchant, line.id, one and one.id, one and one.day) for line, one in self.links.items()
        }
        assert set(self.run(_LINKS)) == expected
        changed = [
            (former.get(line), self.links.get(line))
            for line in {*former, *self.links}
            if not line.contract and former.get(line) != self.links.get(line)
        ]
        days = {(one.merchant, one.day) for pair in changed for one in pair if one}
        assert set(self.run(_RELINKED)) == days
        self.run("TRUNCATE touched_day")

    def found(self) -> Iterator[tuple[WorldLine, WorldPayment | None]]:
        for merchant in self.merchants:
            lines, payments = parted(row for row in self.rows if row.merchant == merchant)
            parts = [line for line in lines if line.kind != "fee"]
            for line in lines:
                yield line, payment_of(line, parts, payments) if line in parts else None


def touched_by(row: WorldLine | WorldPayment) -> tuple[int, date]:
    return row.merchant, row.paid_on if isinstance(row, WorldLine) and row.day is None else row.day


def parted(rows: Iterable[WorldLine | WorldPayment]) -> tuple[list[WorldLine], list[WorldPayment]]:
    rows = [*rows]
    return [row for row in rows if isinstance(row, WorldLine)], [
        row for row in rows if isinstance(row, WorldPayment)
    ]


def test_payments_of_several_days_that_come_at_once_all_find_their_lines(operator: Operator) -> None:
    """A file touches its first and its last day, and each has a payment that a line waits for."""
    with operator.database.engine(DatabaseRole.OWNER).connect() as connection:
        ensure_partitions(connection, dict.fromkeys(("transaction", "settlement_line"), MONTHS))
        daily_sums.touch(connection)
        worlds = Worlds(connection, 0, MERCHANTS[:1])
        days = {"R1": FIRST, "R2": FIRST + timedelta(days=5)}
        said = {"merchant": MERCHANTS[0], "currency": "EUR", "order": ""}
        line = {"day": FIRST, "paid_on": FIRST, "kind": "sale", "gross": 1000, "contract": ""}
        paid = {"type": "debit", "outcome": "accepted", "amount": 1000, "contract": 1, "number": "8"}
        lines = [WorldLine(**said, **line, id=int(one[1:]), reference=one) for one in days]
        payments = [
            WorldPayment(**said, **paid, id=int(one[1:]) + 2, day=day, reference=one)
            for one, day in days.items()
        ]
        worlds.replace([], [*lines])
        worlds.check()
        worlds.replace([], [*payments])
        worlds.check()
        assert [one and one.reference for one in worlds.links.values()] == ["R1", "R2"]
        connection.rollback()


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_what_comes_and_goes_ends_as_all_that_is_there_gives(operator: Operator, seed: int) -> None:
    with operator.database.engine(DatabaseRole.OWNER).connect() as connection:
        ensure_partitions(connection, dict.fromkeys(("transaction", "settlement_line"), MONTHS))
        daily_sums.touch(connection)
        worlds = Worlds(connection, seed)
        worlds.begin()
        worlds.check()
        for _ in range(STEPS):
            worlds.change()
            worlds.check()
        connection.rollback()


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_whatever_comes_at_once_is_linked_where_there_is_one_merchant(operator: Operator, seed: int) -> None:
    """The days of others widen what is asked, where there are many."""
    with operator.database.engine(DatabaseRole.OWNER).connect() as connection:
        ensure_partitions(connection, dict.fromkeys(("transaction", "settlement_line"), MONTHS))
        daily_sums.touch(connection)
        worlds = Worlds(connection, seed, MERCHANTS[:1])
        for _ in range(10 * STEPS):
            worlds.replace(worlds.rows[:3] if len(worlds.rows) > 2 * ROWS else [], worlds.some())
            worlds.check()
        connection.rollback()

"""One week of a shop's card money, drawn from a seed: its sales, what payers paid, what its bank booked.

Each format writes of it what it carries (:mod:`tests.importers.money.scenario_files`); commissions are whole
cents, which every format can say.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from tests.importers.money.test_cfonb120 import MovementLine, Statement

CONTRACT, AMEX = "7654321", "9999999991"
FIRST = date(2026, 3, 2)  # a Monday
DAYS = 5


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A payment, refund or refusal; ``fee`` is what the payer keeps of it, in cents."""

    sequence: str
    at: datetime
    amount: int
    kind: str
    is_declined: bool
    card: str
    authorisation: str
    fee: int

    @property
    def signed(self) -> int:
        """What it adds to its remittance."""
        if self.is_declined:
            return 0
        return self.amount if self.kind == "debit" else -self.amount

    @property
    def order(self) -> str:
        return f"CMD-{self.sequence}"


@dataclass(frozen=True, kw_only=True)
class SoldDay:
    """A day's remittance of one contract."""

    number: str
    day: date
    sales: tuple[Sale, ...]

    @property
    def net(self) -> int:
        return sum(sale.signed for sale in self.sales)

    @property
    def fee(self) -> int:
        return sum(sale.fee for sale in self.settled)

    @property
    def settled(self) -> tuple[Sale, ...]:
        """The sales that somebody pays."""
        return tuple(sale for sale in self.sales if not sale.is_declined)


@dataclass(frozen=True)
class Scenario:
    """A week of a seed: ``days`` of cards that the bank pays, ``amex`` of those of American Express."""

    seed: int

    @cached_property
    def days(self) -> tuple[SoldDay, ...]:
        return self._days(random.Random(self.seed), 101)

    @cached_property
    def amex(self) -> tuple[SoldDay, ...]:
        return self._days(random.Random(-self.seed), 901)

    def _days(self, draw: random.Random, first: int) -> tuple[SoldDay, ...]:
        days, number = [], first
        for place in range(DAYS):
            day = FIRST + timedelta(days=place)
            count = draw.randint(2, 6)
            sales = tuple(self._sale(draw, day, number + one, is_first=not one) for one in range(count))
            days.append(SoldDay(number=f"{417 + place:06}", day=day, sales=sales))
            number += count
        return tuple(days)

    @staticmethod
    def _sale(draw: random.Random, day: date, number: int, *, is_first: bool) -> Sale:
        """The first sale of a day is a large one: a day's net is more than 0, as its payers pay it."""
        fate = "debit" if is_first else draw.choice(["debit"] * 6 + ["refund", "declined"])
        amount = draw.randint(100_000, 200_000) if is_first else draw.randint(100, 15_000)
        at = time(draw.randint(8, 21), draw.randint(0, 59), draw.randint(0, 59))
        return Sale(
            sequence=f"{number:06}",
            at=datetime.combine(day, at),
            amount=amount,
            kind="refund" if fate == "refund" else "debit",
            is_declined=fate == "declined",
            card=f"{draw.randint(0, 9999):04}",
            authorisation=f"{draw.randint(0, 999_999):06}",
            fee=amount // 100 if fate == "debit" else 0,
        )

    @property
    def bank(self) -> tuple[Statement, ...]:
        """A statement for each day, of the remittances of the day before, their fees, and other money."""
        draw, opening, found = random.Random(self.seed * 7), 100_000, []
        for one in self.days:
            lines = (
                MovementLine(one.net, label=f"REMISE CB {CONTRACT}001"),
                MovementLine(-one.fee, code="62", label=f"COM CB {CONTRACT}"),
                MovementLine(-draw.randint(1, 90_000), code="B1", label="VIR SALAIRE"),
                MovementLine(-draw.randint(1, 9_000), code="62", label="FRAIS DE TENUE DE COMPTE"),
            )
            booked = one.day + timedelta(days=1)
            statement = Statement(tuple(draw.sample(lines, len(lines))), opening=opening, day=booked)
            found.append(statement)
            opening = statement.closing
        return tuple(found)

    @property
    def transfers(self) -> tuple[Statement, ...]:
        """What American Express pays of each day, a week later."""
        opening, found = 100_000, []
        for one in self.amex:
            line = MovementLine(one.net - one.fee, code="05", label="VIR AMERICAN EXPRESS")
            statement = Statement((line,), opening=opening, day=paid_on(one))
            found.append(statement)
            opening = statement.closing
        return tuple(found)


def paid_on(day: SoldDay) -> date:
    """The day on which American Express pays for another."""
    return day.day + timedelta(days=7)

"""Estates of terminals as they are met: closing days, holidays, leave, new and closed shops, and failures.

What a terminal should have done is known here: a failure is injected, everything else is its habit.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import insert, text

from app.models import Terminal, TerminalDay
from app.rules.holidays import public_holidays
from tests import factories

if TYPE_CHECKING:
    from sqlalchemy import Connection

DAY = timedelta(days=1)


@dataclass
class Habit:
    """When a terminal calls: ``minute`` of the day (from 1440 on the next morning), give or take ``jitter``.

    ``closed`` are weekdays; without ``holidays`` it does not call on public holidays. It is there from
    ``opens`` on and until ``closes``; ``leave`` are days off. ``declared``: its contract ends with it.
    """

    minute: int = 23 * 60 + 15
    jitter: int = 5
    closed: AbstractSet[int] = frozenset()
    holidays: bool = True
    opens: date = date.min
    closes: date = date.max
    declared: bool = False
    leave: AbstractSet[date] = frozenset()
    irregular: float = 0.0

    def would_call(self, day: date, chance: Random) -> bool:
        """Whether it means to call on the night of ``day``."""
        is_there = self.opens <= day < self.closes and day not in self.leave
        is_open = day.weekday() not in self.closed and (self.holidays or day not in public_holidays())
        return is_there and is_open and chance.random() >= self.irregular

    def call(self, day: date, chance: Random) -> datetime:
        """The moment of that night's call, by its own clock."""
        minute = self.minute + chance.randint(-self.jitter, self.jitter)
        return datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)


@dataclass
class Played:
    """The calls of a terminal, and the nights on which it failed to call though it meant to."""

    habit: Habit
    calls: list[datetime] = field(default_factory=list)
    failures: set[date] = field(default_factory=set)


def play(habit: Habit, first: date, days: int, chance: Random, failing: float = 0.0) -> Played:
    """A terminal over so many days; failures begin with the chance ``failing``, for one to three nights."""
    played, down = Played(habit), 0
    for day in (first + number * DAY for number in range(days)):
        down = down - 1 if down else (chance.randint(1, 3) if chance.random() < failing else 0)
        if habit.would_call(day, chance):
            if down:
                played.failures.add(day + habit.minute // 1440 * DAY)
            else:
                played.calls.append(habit.call(day, chance))
    return played


def a_terminal(
    connection: Connection, merchant_id: int, contract_id: int, outlet_id: int, calls: list[datetime]
) -> int:
    """A terminal with one contract that called so, as the loader keeps it; returns its id."""
    number = next(_numbers)
    rows = {}
    for at in sorted(calls):
        row = rows.setdefault(at.date(), {"first_called": at})
        row |= {"last_called": at, "last_called_at": factories.instant(at)}
    shared = {"merchant_id": merchant_id, "reseller_id": factories.reseller_of(connection, merchant_id)}
    days = [
        {**shared, "contract_id": contract_id, "terminal_number": "001", "day": day, **row}
        for day, row in rows.items()
    ]
    connection.execute(insert(TerminalDay), days)
    last = days[-1]
    values = {
        **shared, "id": number, "outlet_id": outlet_id, "number": "001", "contract_ids": [contract_id],
        "first_on": days[0]["day"], "last_on": last["day"], "last_called": last["last_called"],
        "last_called_at": last["last_called_at"],
    }  # fmt: skip
    connection.execute(insert(Terminal).values(values))
    return number


def _count() -> Iterator[int]:
    yield from range(500_001, 10**9)


_numbers = _count()


def received(connection: Connection, source_id: int, days: list[date]) -> None:
    """The days that files of the source vouch for."""
    connection.execute(
        text(
            "INSERT INTO received_day (source_id, subject, day, import_file_id, made_at, caught_up)"
            " SELECT :source, 'remittances', day, 1, (day + 1 + time '05:00') AT TIME ZONE 'Europe/Paris',"
            " false"
            " FROM unnest(CAST(:days AS date[])) AS day"
        ),
        {"source": source_id, "days": days},
    )

"""Estates of terminals as they are met: closing days, holidays, leave, new and closed shops, and failures.

What a terminal should have done is known here: a failure is injected, everything else is its habit.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, text

from app.lists.silence import ONE_DAY, quiet_terminals
from app.models import Terminal, TerminalDay, TerminalMonth
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
    connection: Connection,
    merchant_id: int,
    contract_id: int,
    outlet_id: int,
    calls: list[datetime],
    at_outlet: str = "001",
) -> int:
    """A terminal with one contract that called so, as the loader keeps it; returns its id."""
    number = next(_numbers)
    rows = {}
    for at in sorted(calls):
        row = rows.setdefault(at.date(), {"first_called": at})
        row |= {"last_called": at, "last_called_at": factories.instant(at)}
    shared = {"merchant_id": merchant_id, "reseller_id": factories.reseller_of(connection, merchant_id)}
    days = [
        {**shared, "contract_id": contract_id, "terminal_number": at_outlet, "day": day, **row}
        for day, row in rows.items()
    ]
    connection.execute(insert(TerminalDay), days)
    connection.execute(insert(TerminalMonth), _months(days))
    last = days[-1]
    values = {
        **shared, "id": number, "outlet_id": outlet_id, "number": at_outlet, "contract_ids": [contract_id],
        "first_on": days[0]["day"], "last_on": last["day"], "last_called": last["last_called"],
        "last_called_at": last["last_called_at"],
    }  # fmt: skip
    connection.execute(insert(Terminal).values(values))
    return number


def _months(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The months of the days of a terminal, as the loader keeps them: the later a day, the lower its bit."""
    shared = ("merchant_id", "reseller_id", "contract_id", "terminal_number")
    months: dict[date, dict[str, Any]] = {}
    for row in days:
        first, last = row["first_called"].time(), row["last_called"].time()
        kept = {
            "called": True,
            "first_at_night": first < time(4),
            "last_at_night": last < time(4),
            "last_from_noon": last >= time(12),
            "last_in_evening": last >= time(20),
        }
        month = row["day"].replace(day=1)
        known = months.setdefault(
            month, {"month": month, **{name: row[name] for name in shared}, **dict.fromkeys(kept, 0)}
        )
        for name, is_one in kept.items():
            known[name] |= is_one << 31 - row["day"].day
    return list(months.values())


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


class QuietEstate:
    """A source, and terminals of one merchant or of one each."""

    def __init__(self, connection: Connection, days: list[date]) -> None:
        self.connection = connection
        self.reseller_id = factories.a_reseller(connection)
        self.source_id = factories.a_source(connection, reseller_id=self.reseller_id)
        received(connection, self.source_id, days)

    def merchant(self) -> int:
        return factories.a_merchant(self.connection, reseller_id=self.reseller_id)

    def terminal(
        self, calls: list[datetime], merchant_id: int | None = None, **contract: Any
    ) -> tuple[int, int]:
        """A terminal at an outlet of its own; returns its merchant and itself."""
        merchant_id = merchant_id or self.merchant()
        outlet_id = factories.an_outlet(self.connection, merchant_id=merchant_id)
        values = {"merchant_id": merchant_id, "outlet_id": outlet_id, "source_id": self.source_id, **contract}
        contract_id = factories.a_contract(self.connection, **values)
        return merchant_id, a_terminal(self.connection, merchant_id, contract_id, outlet_id, calls)

    def outlet(self, *terminals: list[datetime]) -> tuple[int, list[int]]:
        """A merchant with one outlet whose terminals called so; returns it and them."""
        merchant_id = self.merchant()
        place = {
            "merchant_id": merchant_id,
            "outlet_id": factories.an_outlet(self.connection, merchant_id=merchant_id),
        }
        found = []
        for number, calls in enumerate(terminals, start=1):
            contract_id = factories.a_contract(self.connection, **place, source_id=self.source_id)
            at = f"{number:03}"
            found.append(
                a_terminal(self.connection, **place, contract_id=contract_id, calls=calls, at_outlet=at)
            )
        return merchant_id, found

    def silent(self, merchant_id: int, day: date) -> set[int]:
        values = {"merchant_id": merchant_id, "day": day}
        rows = self.connection.execute(select(quiet_terminals(ONE_DAY)), values)
        return {row.terminal_id for row in rows if row.is_silent}

    def silent_anywhere(self, day: date) -> set[int]:
        days = (
            "SELECT id AS merchant_id, CAST(:day AS date) AS day FROM merchant WHERE reseller_id = :reseller"
        )
        values = {"day": day, "reseller": self.reseller_id}
        rows = self.connection.execute(select(quiet_terminals(days)), values)
        return {row.terminal_id for row in rows if row.is_silent}


def a_habit(chance: Random, first: date, *, with_leave: bool) -> Habit:
    """A habit as shops have them: half of them switch everything off when they close."""
    minute = chance.choice(
        (
            13 * 60,
            21 * 60 + 10,
            22 * 60 + 40,
            23 * 60 + 15,
            23 * 60 + 55,
            24 * 60 + 20,
            24 * 60 + 150,
        )
    )
    common: dict[str, Any] = {"minute": minute, "jitter": chance.choice((3, 7, 25))}
    if chance.random() < 0.1:
        common["opens"] = first + chance.randint(30, 120) * DAY
    elif chance.random() < 0.03:
        common |= {"closes": first + chance.randint(60, 180) * DAY, "declared": chance.random() < 0.5}
    if chance.random() < 0.5:
        return Habit(**common)
    closed = frozenset(chance.sample(range(7), chance.choice((0, 1, 1, 2))))
    start = first + chance.randint(60, 190) * DAY
    leave = frozenset(start + number * DAY for number in range(7 * with_leave))
    return Habit(**common, closed=closed, holidays=chance.random() < 0.4, leave=leave)


@dataclass(frozen=True)
class Judgement:
    """What was said of the terminals of an estate, beside what is known: pairs of terminal and day."""

    failures: frozenset[tuple[int, date]]
    alarms: frozenset[tuple[int, date]]

    @property
    def precision(self) -> float:
        """The part of the alarms that tell of a failure."""
        return len(self.alarms & self.failures) / len(self.alarms)

    @property
    def recall(self) -> float:
        """The part of the failures that are told."""
        return len(self.alarms & self.failures) / len(self.failures)

    def __str__(self) -> str:
        counts = f"{len(self.failures)} failures, {len(self.alarms)} alarms"
        return f"{counts}, precision {self.precision:.3f}, recall {self.recall:.3f}"


def judged(connection: Connection, days: list[date], seed: int, *, with_leave: bool) -> Judgement:
    """160 terminals over ``days``, of shops and of a chain of 60, judged on every third day.

    A shop that closes for good without a word is news on its first night, and a false alarm on others.
    """
    chance = Random(seed)
    lost = set(chance.sample(days, 4))
    estate = QuietEstate(connection, [day for day in days if day not in lost])
    chain = estate.merchant()
    played = {}
    for number in range(160):
        habit = a_habit(chance, days[0], with_leave=with_leave)
        found = play(habit, days[0], len(days), chance, failing=0.004)
        ends = habit.closes - DAY if habit.declared else None
        _, terminal_id = estate.terminal(found.calls, chain if number < 60 else None, valid_to=ends)
        played[terminal_id] = found
    connection.execute(
        text("ANALYZE terminal, terminal_day, terminal_month, received_day, contract, outlet, merchant")
    )
    asked = {day for day in days[::3] if day not in lost}
    alarms = {(terminal_id, day) for day in asked for terminal_id in estate.silent_anywhere(day)}
    failures = {(terminal_id, day) for terminal_id, found in played.items() for day in found.failures & asked}
    news = {(terminal_id, found.habit.closes) for terminal_id, found in played.items()}
    return Judgement(frozenset(failures), frozenset(alarms - news))

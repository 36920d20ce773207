"""Silent terminals: how many alarms are right, how many failures are told, on estates that tuned no rule.

And how long the rule takes of a chain, on a day like others and on one on which no terminal called.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from app.database.engine import Database, DatabaseRole
from app.lists.silence import ONE_DAY, quiet_terminals
from app.rules.calls import DAYS_KEPT, MONTH_DAYS
from tests.bench.report import Measurement, timed
from tests.lists.silent_estates import DAY, Judgement, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Select

#: Half a year with the holidays of spring. The tests of the rule use seed 7.
DAYS = [date(2026, 1, 5) + number * DAY for number in range(207)]
SEEDS = (11, 23, 37, 53)
#: Precision and recall at least, without and with a week's leave of half of the shops.
BARS = {False: (0.95, 0.5), True: (0.5, 0.5)}
#: What a terminal calls on a day, which two of them are for a night.
CALLS = (
    "DELETE FROM terminal_day WHERE merchant_id = :merchant_id AND day = :day",
    f"""
    UPDATE terminal_month SET {", ".join(f"{name} = {name} & ~CAST(:bit AS int)" for name in DAYS_KEPT)}
    WHERE merchant_id = :merchant_id AND month = date_trunc('month', CAST(:day AS date))
    """,
)


def lines(database: Database) -> Iterator[Measurement]:
    """Precision and recall over all seeds; a switched-off terminal on leave is an alarm like any other."""
    for with_leave, bars in BARS.items():
        found = [_judged(database, seed, with_leave=with_leave) for seed in SEEDS]
        alarms, failures = (sum(len(getattr(one, name)) for one in found) for name in ("alarms", "failures"))
        right = sum(len(one.alarms & one.failures) for one in found)
        where = "half of the shops away for a week" if with_leave else "closing days and holidays"
        for what, part, bar in (
            ("precision", right / alarms, bars[0]),
            ("recall", right / failures, bars[1]),
        ):
            yield Measurement(
                what=f"silent terminals: {what}",
                measured=round(part, 3),
                bar=bar,
                unit="",
                at_least=True,
                notes=f"{alarms} alarms, {failures} failures of {len(SEEDS)} estates, {where}",
            )


def _judged(database: Database, seed: int, *, with_leave: bool) -> Judgement:
    with database.writing(DatabaseRole.OWNER) as connection:
        found = judged(connection, DAYS, seed, with_leave=with_leave)
        connection.rollback()
    return found


def speed(database: Database, merchant_id: int, day: date) -> Iterator[Measurement]:
    """How long the rule takes of a merchant, as ``day`` was and had nobody called on it."""
    rule, asked = select(quiet_terminals(ONE_DAY)), {"merchant_id": merchant_id, "day": day}
    with database.writing(DatabaseRole.OWNER) as connection:
        for what in ("a day", "a day without a call"):
            work = partial(_silent, connection, rule, asked)
            yield timed(f"silent terminals: {what}", 50, work, "{} terminals of the chain are")
            for night in (day, day + DAY):
                _without_calls(connection, merchant_id, night)
        connection.rollback()


def _without_calls(connection: Connection, merchant_id: int, day: date) -> None:
    values = {"merchant_id": merchant_id, "day": day, "bit": 1 << MONTH_DAYS - day.day}
    for statement in CALLS:
        connection.execute(text(statement), values)


def _silent(connection: Connection, rule: Select[Any], asked: Mapping[str, Any]) -> int:
    return sum(row.is_silent for row in connection.execute(rule, asked))

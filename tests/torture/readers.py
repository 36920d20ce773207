"""Readers, who look while others write: what one snapshot shows them belongs together, and is one version."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.database.engine import Database, DatabaseRole
from app.database.login_addresses import Addresses
from app.listing import query
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.listing.sums import daily_sums, row_sums
from app.lists import TRANSACTIONS
from tests.torture import estate
from tests.torture.victims import ended, forked, last_words

#: Readers at once; rows of a page that holds them all.
READERS, ALL_ROWS = 3, 10_000
_MERCHANT = text("SELECT id FROM merchant WHERE code = :code")
_DAYS = Days.of(date(2026, 3, 31))
_ASKED = [("date_from", "2026-03-01"), ("date_to", "2026-03-31")]


@contextmanager
def readers(addresses: Addresses, data: Path) -> Iterator[None]:
    """Let web users read all along. Raises AssertionError when one of them has seen what never was."""
    codes = [("FICTION", "SECOND")[place % 2] for place in range(READERS)]
    children = [forked(_reading(code), addresses, data) for code in codes]
    yield
    for child in children:
        os.kill(child, signal.SIGTERM)
    wrong = [last_words(data, child).read_text(encoding="utf-8") for child in children if ended(child)]
    assert wrong == []


def _reading(code: str) -> Callable[[Database, Path], None]:
    def reader(database: Database, _data: Path) -> None:
        told: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
        with database.reading(DatabaseRole.OWNER) as connection:
            scope = Scope(connection.execute(_MERCHANT, {"code": code}).scalar_one())
        while True:
            _look(database, scope, estate.versions(code))
            if told:
                return

    return reader


def _look(database: Database, scope: Scope, versions: dict[date, set[int]]) -> None:
    """Look at all payments once: rows and both ways of adding them up agree, each night is of one version."""
    criteria = Criteria.from_args(TRANSACTIONS, _ASKED, _DAYS)
    with database.reading_as(scope) as connection:
        rows = query.page(connection, TRANSACTIONS, scope, criteria, ALL_ROWS).rows
        by_day = daily_sums(TRANSACTIONS, scope, criteria)
        assert by_day is not None
        kept = connection.execute(by_day).mappings().all()
        counted = connection.execute(row_sums(TRANSACTIONS, scope, criteria)).mappings().all()
    assert kept == counted
    assert sum(line["count"] for line in kept) == len(rows)
    for day, amount in _amounts(rows).items():
        assert amount in versions[day], (day, amount)


def _amounts(rows: Any) -> dict[date, int]:
    amounts: dict[date, int] = defaultdict(int)
    for row in rows:
        amounts[row["date"].date()] += abs(row["amount"])
    return amounts

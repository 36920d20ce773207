"""The CSV of 30 days against a bare COPY of the same fields of the same rows, and its memory."""

from __future__ import annotations

import tempfile
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil

from app.listing.export import csv_statement, write_csv
from app.listing.period import Period
from app.lists import TRANSACTIONS
from app.wording.i18n import speaking
from tests.bench.imports import driver
from tests.bench.report import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement

    from app.database.engine import Database
    from app.listing.criteria import Criteria
    from app.listing.scope import Scope

RUNS = 3


def lines(database: Database, scope: Scope, criteria: Criteria) -> list[Measurement]:
    """Ratio and memory of the export of ``criteria``, which spans 30 days."""
    bare, export, rows = [], [], 0
    for _ in range(RUNS):
        bare.append(_seconds(lambda: bare_copy(database, scope, criteria))[0])
        seconds, rows = _seconds(lambda: csv(database, scope, criteria))
        export.append(seconds)
    short = Period(criteria.period.last, criteria.period.last)
    little, _ = _peak(lambda: csv(database, scope, replace(criteria, period=short)))
    much, _ = _peak(lambda: csv(database, scope, criteria))
    seconds = min(export)
    return [
        Measurement(
            what="CSV of 30 days against COPY TO",
            measured=min(bare) / seconds,
            bar=0.4,
            unit="",
            at_least=True,
            notes=f"{rows} rows: CSV {seconds:.2f} s ({rows / seconds:.0f} rows/s), COPY {min(bare):.2f} s",
        ),
        Measurement(
            what="memory of 30 days over that of one",
            measured=round(max(0, much - little) / 2**20, 1),
            bar=8,
            unit=" MB",
            notes=f"{rows} rows, written to a file on disk",
        ),
    ]


def csv(database: Database, scope: Scope, criteria: Criteria) -> int:
    """The export; returns its rows."""
    with tempfile.TemporaryFile() as file, database.reading_as(scope) as connection:
        return write_csv(connection, TRANSACTIONS, scope, criteria, file)


def bare_copy(database: Database, scope: Scope, criteria: Criteria) -> int:
    """The same rows and fields in the same order, as PostgreSQL stores them."""
    with speaking("fr"):
        fields: list[ColumnElement[Any]] = [field.column.label(field.name) for field in TRANSACTIONS.fields]
        statement = csv_statement(TRANSACTIONS, scope, criteria).with_only_columns(*fields)
    with tempfile.TemporaryFile() as file, database.reading_as(scope) as connection:
        compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        with driver(connection).cursor() as cursor:
            with cursor.copy(f"COPY ({compiled}) TO STDOUT", dict(compiled.params)) as copy:
                file.writelines(copy)
            return cursor.rowcount


def _seconds(work: Callable[[], int]) -> tuple[float, int]:
    started = time.monotonic()
    result = work()
    return time.monotonic() - started, result


def _peak(work: Callable[[], int]) -> tuple[int, int]:
    """The most memory (bytes) that this process held while it worked, over what it held before."""
    process, ended = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = work()
    ended.set()
    watcher.join()
    return peak - before, result

"""Measure everything, print the table; the status is 1 when a ratio, a count or a weight misses its bar."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import text

from app.config import ROOT
from app.database import embedded
from app.database.engine import Database, DatabaseRole, drop_database
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.listing.sums import totals
from app.lists import REMITTANCES, TRANSACTIONS
from tests.bench import abuse, exports, files, groupings, imports, money, pages, silence
from tests.bench.report import Measurement, table, timed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.listing.spec import ListSpec

FOLDER = ROOT / "build" / "bench"
MONTH, QUARTER = 30, 90
#: One file, and the rows of a chain's CSV, of which the chain makes about nine tenths.
IMPORTED, EXPORTED = files.FILE_SIZE, 333_333


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Transactions of the 15 months.")
@click.option(
    "--folder", default=FOLDER, type=click.Path(path_type=Path), help="Where files and server live."
)
def main(rows: int, folder: Path) -> None:
    """Print the figures of design §8 on ROWS transactions of 500 shops."""
    logging.disable()
    folder.mkdir(parents=True, exist_ok=True)
    server = embedded.start(folder / "postgres")
    parts = (half_a_year_of_calls, one_file, fifteen_months, thirty_days)
    lines = [*money.lines(), *(line for part in parts for line in part(server, folder, rows))]
    click.echo(table(lines))
    sys.exit(any(not line.holds and not line.is_time for line in lines))


def half_a_year_of_calls(server: str, folder: Path, _rows: int) -> Iterator[Measurement]:
    """Whether the alarms about silent terminals are right."""
    with database_of(server, folder) as database:
        yield from silence.lines(database)


def one_file(server: str, folder: Path, rows: int) -> Iterator[Measurement]:
    """The import of a quarter: as many payments for each remittance as a shop really has."""
    estate = files.estate(folder, min(rows, IMPORTED), QUARTER)
    with database_of(server, folder) as database:
        yield imports.race(server, database, estate, folder / "data").line()


def fifteen_months(server: str, folder: Path, rows: int) -> Iterator[Measurement]:
    """First pages, totals, groupings and weight over a large estate."""
    estate = files.estate(folder, rows, files.FIFTEEN_MONTHS)
    with database_of(server, folder) as database:
        for loaded in imports.load(database, estate, folder / "data"):
            click.echo(f"  loaded {loaded.counts['transactions']} transactions in {loaded.seconds:.1f} s")
        imports.load_bank(database, folder, estate.last_day)
        merchant_id = _chain(database)
        client = pages.signed_in(database, folder)
        since = estate.last_day - timedelta(days=MONTH - 1)
        yield from pages.speed(database, client, merchant_id, since)
        yield from pages.rendering(client, since)
        yield pages.row_security(database, client, merchant_id, since)
        yield _totals(database, Scope(merchant_id), estate)
        for spec in (TRANSACTIONS, REMITTANCES):
            yield from groupings.lines(database, Scope(merchant_id), _asked(estate, MONTH, spec))
        yield from silence.speed(database, merchant_id, estate.last_day - timedelta(days=7))
        yield from pages.weight(client)
        first = estate.last_day - timedelta(days=estate.days - 1)
        yield from abuse.lines(database, folder, first, estate.last_day)


def thirty_days(server: str, folder: Path, rows: int) -> Iterator[Measurement]:
    """The export of a chain's busy month."""
    estate = files.estate(folder, min(rows, EXPORTED), MONTH)
    with database_of(server, folder) as database:
        list(imports.load(database, estate, folder / "data"))
        criteria = _asked(estate, MONTH)
        yield from exports.lines(database, Scope(_chain(database)), criteria)


@contextmanager
def database_of(server: str, folder: Path) -> Iterator[Database]:
    """A database for one part of the measures."""
    database = imports.fresh(server, "bench", folder)
    try:
        yield database
    finally:
        database.dispose()
        drop_database(server, "bench")


def _asked(estate: files.BenchEstate, days: int, spec: ListSpec = TRANSACTIONS) -> Criteria:
    """All rows of a list of the last ``days``."""
    first = estate.last_day - timedelta(days=days - 1)
    period = [("date_from", first.isoformat()), ("date_to", estate.last_day.isoformat())]
    return Criteria.from_args(spec, period, Days(estate.last_day, estate.last_day, estate.last_day))


def _chain(database: Database) -> int:
    """The chain's merchant; statistics are those that upkeep would have gathered overnight."""
    engine = database.engine(DatabaseRole.OWNER).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
        found: int = connection.scalars(
            text("SELECT id FROM merchant WHERE code = :code"), {"code": pages.CHAIN}
        ).one()
        return found


def _totals(database: Database, scope: Scope, estate: files.BenchEstate) -> Measurement:
    criteria = _asked(estate, estate.days)
    with database.reading_as(scope) as connection:
        return timed(
            "totals of 15 months",
            20,
            lambda: totals(connection, TRANSACTIONS, scope, criteria).count,
            "{} transactions of the chain",
        )


if __name__ == "__main__":
    main()

"""The import of a file against a bare COPY of the very rows it brought, into tables of the same make."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, text

from app.database.engine import Database, DatabaseRole, create_database, drop_database
from app.database.login_addresses import Addresses, completed
from app.database.migrate import ensure_partitions, migrate
from app.models import Base
from importers.demo import bank
from importers.load import Status, load_file
from tests.bench.report import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from psycopg import Connection as Driver

    from importers.load import Result
    from tests.bench.files import BenchEstate

TABLES = (("remittance", "header_file_id"), ("transaction", "import_file_id"))


@dataclass
class Race:
    """Rows and seconds so far, on both sides."""

    transactions: int = 0
    remittances: int = 0
    imported: float = 0.0
    copied: float = 0.0

    def line(self) -> Measurement:
        """The speed of the import as a part of that of COPY."""
        rows = self.transactions + self.remittances
        return Measurement(
            what="import against COPY",
            measured=self.copied / self.imported,
            bar=0.6,
            unit="",
            at_least=True,
            notes=f"{self.transactions} transactions and {self.remittances} remittances: import"
            f" {self.imported:.1f} s ({rows / self.imported:.0f} rows/s), COPY {self.copied:.1f} s",
        )


def fresh(server: str, name: str, folder: Path) -> Database:
    """A new migrated database."""
    drop_database(server, name)
    owner = Addresses(owner=create_database(server, name))
    database = Database(completed(owner, folder / f"{name}.env"))
    migrate(database)
    return database


def race(server: str, database: Database, estate: BenchEstate, data: Path) -> Race:
    """Import everything into ``database``, and after each file copy its rows into a twin of it."""
    twin, result = fresh(server, "bench_twin", data.parent), Race()
    for loaded in load(database, estate, data):
        result.imported += loaded.seconds
        result.transactions += loaded.counts["transactions"]
        result.remittances += loaded.counts["remittances"]
        result.copied += _copied(database, twin)
    twin.dispose()
    drop_database(server, "bench_twin")
    return result


def load(database: Database, estate: BenchEstate, data: Path) -> Iterator[Result]:
    """Import an estate, file by file."""
    load_file(database, estate.directory, data)
    for path in estate.files:
        _settle(database)
        loaded = load_file(database, path, data)
        if loaded.status is not Status.LOADED:
            raise RuntimeError(f"{path}: {loaded.refusals}")
        yield loaded


def load_bank(database: Database, folder: Path, last_day: date) -> None:
    """Import the statements of the last weeks: pages say more of a merchant whose bank is known."""
    for path in bank.files(database, folder / "bank", last_day):
        loaded = load_file(database, path, folder / "data")
        if loaded.refused:
            raise RuntimeError(f"{path}: {loaded.refusals}")


def _settle(database: Database) -> None:
    """Write out what earlier work left in memory, so that it is not counted here."""
    engine = database.engine(DatabaseRole.OWNER).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))


_MONTHS = "SELECT DISTINCT date_trunc('month', {})::date FROM {}"


def _copied(database: Database, twin: Database) -> float:
    """Copy the rows of the newest file into the twin; returns the seconds of the writing alone."""
    with tempfile.TemporaryFile() as remittances, tempfile.TemporaryFile() as transactions:
        files = dict(zip(TABLES, (remittances, transactions), strict=True))
        with database.reading(DatabaseRole.OWNER) as connection:
            newest = connection.scalar(text("SELECT max(id) FROM import_file"))
            for (table, column), file in files.items():
                rows = f"SELECT {_columns(table)} FROM {table} WHERE {column} = {newest} ORDER BY id"
                _copy_out(connection, rows, file)
            months = {
                "remittance": connection.scalars(text(_MONTHS.format("collected_on", "remittance"))).all(),
                "transaction": connection.scalars(text(_MONTHS.format("occurred_on", "transaction"))).all(),
            }
        with twin.writing(DatabaseRole.IMPORT) as connection:
            ensure_partitions(connection, months)
        _settle(twin)
        started = time.monotonic()
        with twin.writing(DatabaseRole.IMPORT) as connection:
            for (table, _), file in files.items():
                _copy_in(connection, table, file)
        return time.monotonic() - started


def _columns(table: str) -> str:
    """The columns that are copied; the database computes the others."""
    return ", ".join(column.name for column in Base.metadata.tables[table].columns if column.computed is None)


def driver(connection: Connection) -> Driver[Any]:
    """The connection of psycopg below it."""
    return cast("Driver[Any]", connection.connection.driver_connection)


def _copy_out(connection: Connection, query: str, file: IO[bytes]) -> None:
    with driver(connection).cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
        file.writelines(bytes(block) for block in copy)
    file.seek(0)


def _copy_in(connection: Connection, table: str, file: IO[bytes]) -> None:
    with (
        driver(connection).cursor() as cursor,
        cursor.copy(f"COPY {table} ({_columns(table)}) FROM STDIN") as copy,
    ):
        while block := file.read(1 << 20):
            copy.write(block)

"""What the tests of loading share: an operator with a database, a folder, and a way to look inside."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import text

from app.database.engine import Database, DatabaseRole
from app.models import Remittance, Transaction
from importers.derived import amount_bands
from importers.files import profiles, sources
from importers.load import Result, Status, load_file
from tests.databases import FOLDER, Furnished
from tests.importers.files import File, directory, written

#: What depends on the order in which files came, and on nothing else.
_BOOKKEEPING = {"id", "remittance_id", "contract_id", "merchant_id", "reseller_id", "original_id"} | {
    "import_file_id",
    "header_file_id",
    "totals_file_id",
}


@dataclass
class Operator:
    """Delivers files to a portal and looks at what became of them."""

    database: Database
    folder: Path
    data: Path
    delivered: int = 0

    def deliver(self, content: File | bytes, name: str | None = None, **options: Any) -> Result:
        self.delivered += 1
        data = content.data() if isinstance(content, File) else content
        path = written(self.folder, name or f"file-{self.delivered}.txt", data)
        return load_file(self.database, path, self.data, **options)

    def deliver_to(
        self, folder: str, content: str | bytes, name: str | None = None, **options: Any
    ) -> Result:
        """Deliver into the folder of a source, which is how files of banks and platforms are known."""
        self.delivered += 1
        path = self.folder / folder / (name or f"file-{self.delivered}.csv")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_file(self.database, path, self.data, **options)

    def load_from(self, folder: str, content: str | bytes, **options: Any) -> Result:
        """Deliver into the folder of a source what is not refused."""
        result = self.deliver_to(folder, content, **options)
        assert not result.refused, [refusal.text() for refusal in result.refusals]
        return result

    def bind(self, source: str, **said: Any) -> None:
        """Make ``source``, of the only maintainer: a folder of its name, and a profile as ``said``."""
        slug = self.value("SELECT slug FROM reseller WHERE declared AND id <> 0")
        with self.database.writing(DatabaseRole.IMPORT) as connection:
            sources.bind(connection, source, slug)
            profiles.change(connection, source, inbox=source)
            profiles.change(connection, source, **said)

    def declare(self, *lines: dict[str, str]) -> Result:
        result = self.deliver(directory(*lines))
        assert result.status is Status.LOADED, [refusal.text() for refusal in result.refusals]
        return result

    def empty(self) -> None:
        """Back to a database that has seen no file."""
        payments = "remittance, transaction, transaction_day, remittance_day, remittance_third"
        payments += ", transaction_third, known_value, terminal, terminal_day, terminal_month, chargeback"
        payments += ", transaction_band, operation, remote_payment"
        parties = "contract, outlet, acceptor, source, import_file, import_refusal, received_day"
        with self.database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text(f"TRUNCATE {payments}, {parties}"))
            connection.execute(text("DELETE FROM merchant WHERE id <> 0"))
            connection.execute(text("DELETE FROM reseller WHERE id <> 0"))

    def forget_payments(self) -> None:
        """Back to a database of parties and sources that has seen no payment."""
        tables = "remittance, transaction, transaction_day, remittance_day, remittance_third"
        tables += ", transaction_third, transaction_band, remote_payment, known_value"
        with self.database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text(f"TRUNCATE {tables}, import_file, import_refusal, received_day"))

    def execute(self, statement: str) -> None:
        with self.database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text(statement))

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.database.reading(DatabaseRole.OWNER) as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def value(self, query: str, **values: Any) -> Any:
        ((value,),) = self.rows(query, **values)
        return value

    def count(self, table: str) -> int:
        return int(self.value(f"SELECT count(*) FROM {table}"))

    def digest(self) -> tuple[list[tuple[Any, ...]], ...]:
        """All payments and their daily sums, whatever keys they were given."""
        owner = "c.number, c.rank, c.application, m.code"
        join = (
            "JOIN contract c ON c.merchant_id = p.merchant_id AND c.id = p.contract_id"
            " JOIN merchant m ON m.id = c.merchant_id"
        )
        payments = (
            self.rows(f"SELECT {owner}, {_columns(model)} FROM {model.__tablename__} p {join}")
            for model in (Remittance, Transaction)
        )
        days = (
            self.rows(
                "SELECT m.code, c.number, c.rank, c.application,"
                " to_jsonb(p) - '{contract_id,merchant_id,reseller_id}'::text[]"
                f" FROM {table} p JOIN merchant m ON m.id = p.merchant_id"
                " LEFT JOIN contract c ON c.merchant_id = p.merchant_id AND c.id = p.contract_id"
            )
            for table in (
                "transaction_day",
                "remittance_day",
                "remittance_third",
                "transaction_third",
                "terminal_day",
                "terminal_month",
                "known_value",
            )
        )
        bands = self.rows(
            "SELECT m.code, to_jsonb(p) - '{merchant_id,reseller_id}'::text[]"
            " FROM transaction_band p JOIN merchant m ON m.id = p.merchant_id"
        )
        return tuple(sorted(rows, key=repr) for rows in (*payments, *days, bands, self.terminals()))

    def terminals(self) -> list[tuple[Any, ...]]:
        """What is kept of each terminal, whatever keys it was given."""
        contracts = "ARRAY(SELECT number || rank FROM contract WHERE id = ANY(contract_ids) ORDER BY 1)"
        return self.rows(
            f"SELECT m.code, o.siret, t.number, {contracts}, first_on, last_on, last_called, last_called_at,"
            " serial_number, manufacturer FROM terminal t JOIN merchant m ON m.id = t.merchant_id"
            " LEFT JOIN outlet o ON o.merchant_id = t.merchant_id AND o.id = t.outlet_id ORDER BY 1, 2, 3"
        )

    def sums_from_rows(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT merchant_id, contract_id, occurred_on, currency, type, outcome, remitted,"
            " count(*), sum(amount) FROM transaction WHERE merchant_id <> 0"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"
        )

    def check_remittance_days(self) -> None:
        """The sums kept of each day's remittances are those of its rows."""
        sums = (
            "count(*), sum(debit_amount), sum(refund_amount), sum(cancellation_amount), sum(declined_amount)"
        )
        keys = "1, 2, 3, 4, 5, 6, 7"
        arrived = "(has_totals OR seal = 'no_totals')"
        passed = f"{arrived} AND status = 'correct' AND coalesce(transmission, 'succeeded') = 'succeeded'"
        bank = f"{passed}, NOT {arrived}"
        rows = self.rows(
            f"SELECT merchant_id, contract_id, collected_on, status, transaction_count = 0, {bank}, {sums}"
            f" FROM remittance WHERE merchant_id <> 0 GROUP BY {keys} ORDER BY {keys}"
        )
        kept = self.rows(
            "SELECT merchant_id, contract_id, day, status, is_empty, remitted, awaiting_totals, count, debit,"
            f" refund, cancelled, declined FROM remittance_day WHERE contract_id <> 0 ORDER BY {keys}"
        )
        assert kept == rows
        self.check_thirds()

    def check_thirds(self) -> None:
        """The sums kept of each third of a month are those of its days."""
        figures = "count", "debit", "refund", "cancelled", "refund_cancelled", "declined", "fee", "gap"
        self._check_thirds(
            "remittance", "currency, status, remitted, awaiting_totals, credit", (*figures, "to_confirm")
        )
        self._check_thirds("transaction", "currency, type, outcome, remitted", ("count", "amount"))

    def _check_thirds(self, subject: str, apart_by: str, figures: tuple[str, ...]) -> None:
        keys = f"merchant_id, contract_id, reseller_id, {apart_by}"
        sums = ", ".join(f"sum({name})" for name in figures)
        third = "date_trunc('month', day)::date + CASE WHEN extract(day FROM day) <= 10 THEN 0"
        third += " WHEN extract(day FROM day) <= 20 THEN 10 ELSE 20 END"
        days = self.rows(
            f"SELECT {keys}, {third}, {sums} FROM {subject}_day WHERE contract_id <> 0"
            f" GROUP BY {keys}, {third}"
        )
        kept = self.rows(f"SELECT {keys}, third, {', '.join(figures)} FROM {subject}_third")
        assert sorted(kept) == sorted(days)

    def check_terminal_months(self) -> None:
        """The bits kept of each month are those of its days: a later day is a lower one."""
        months: dict[tuple[Any, ...], list[int]] = {}
        keys = "merchant_id, contract_id, terminal_number, reseller_id"
        for *key, day, first, last in self.rows(
            f"SELECT {keys}, day, first_called::time, last_called::time FROM terminal_day"
        ):
            kept = True, first < time(4), last < time(4), last >= time(12), last >= time(20)
            bits = months.setdefault((*key, day.replace(day=1)), [0] * len(kept))
            bits[:] = (known | is_one << 31 - day.day for known, is_one in zip(bits, kept, strict=True))
        found = "called, first_at_night, last_at_night, last_from_noon, last_in_evening"
        rows = self.rows(f"SELECT {keys}, month, {found} FROM terminal_month")
        assert sorted(rows) == sorted((*key, *bits) for key, bits in months.items())

    def sums_kept(self, contract: str = "contract_id <> 0") -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT merchant_id, contract_id, day, currency, type, outcome, remitted, count, amount"
            f" FROM transaction_day WHERE {contract} ORDER BY 1, 2, 3, 4, 5, 6, 7"
        )


def _columns(model: Any) -> str:
    return ", ".join(
        f"p.{column.name}" for column in model.__table__.columns if column.name not in _BOOKKEEPING
    )


def _operator(database: Database, folder: Path, delivered: int = 0) -> Operator:
    deliveries, data = folder / "deliveries", folder / "var"
    deliveries.mkdir(exist_ok=True)
    data.mkdir(exist_ok=True)
    return Operator(database, deliveries, data, delivered)


@pytest.fixture(scope="package", autouse=True)
def _every_merchant_is_large() -> Iterator[None]:
    """Bands of amounts are kept of few payments too, and compared wherever daily sums are."""
    with patch.object(amount_bands, "LARGE_DAY", 1):
        yield


@pytest.fixture
def operator(database: Database, tmp_path: Path) -> Operator:
    return _operator(database, tmp_path)


Preparation = Callable[[Operator], None]


@pytest.fixture
def prepared(furnished: Furnished, tmp_path: Path) -> Iterator[Callable[[Preparation], Operator]]:
    """Makes an operator of a portal that was set up once in this process: a copy of it and of its files."""
    with ExitStack() as copies:

        def operator(prepare: Preparation) -> Operator:
            database, (kept, delivered) = copies.enter_context(furnished.copy(_filling(prepare)))
            shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
            return _operator(database, tmp_path, delivered)

        yield operator


@cache
def _filling(prepare: Preparation) -> Callable[[Database], tuple[Path, int]]:
    def fill(database: Database) -> tuple[Path, int]:
        kept = Path(tempfile.mkdtemp(dir=os.environ[FOLDER]))
        made = _operator(database, kept)
        prepare(made)
        return kept, made.delivered

    return fill

"""A year of the demonstration, read back from its files."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from importers.demo import generate
from importers.load import load_files
from tests.demo.format_page import Collection, Parsed, Payment, parse

LAST_DAY = date(2026, 11, 12)


class Demo:
    """A generated demo, read by the checker alone."""

    def __init__(self, folder, **asked):
        self.manifest = generate(folder, **asked)
        self.files: dict[str, Parsed] = {path.name: parse(path.read_bytes()) for path in self.manifest.files}

    @cached_property
    def collections(self) -> list[Collection]:
        """Remittances with their payments: telecollections that came apart are not counted twice."""
        return [
            one for file in self.files.values() if file.content != "TELECOLLECTES" for one in file.collections
        ]

    @cached_property
    def payments(self) -> list[tuple[Collection, Payment]]:
        return [(one, payment) for one in self.collections for payment in one.payments]

    @cached_property
    def directory(self) -> list[dict[str, str]]:
        heading, *lines = self.manifest.directory.read_text(encoding="utf-8").splitlines()
        return [dict(zip(heading.split(";"), line.split(";"), strict=True)) for line in lines]

    def outlets(self, merchant: str) -> set[str]:
        return {row["siret"] for row in self.directory if row["merchant_code"] == merchant}

    def of(self, merchant: str) -> list[tuple[Collection, Payment]]:
        outlets = self.outlets(merchant)
        return [(one, payment) for one, payment in self.payments if one["siret"] in outlets]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return Demo(
        tmp_path_factory.mktemp("demo"), seed=7, last_day=LAST_DAY, days=46, merchants=7, transactions=30_000
    )


@pytest.fixture(scope="module")
def stored(module_database, tmp_path_factory):
    """Loads a small demonstration that ends on a day, and what ``beside`` makes of it then.

    Returns a way to ask for rows.
    """
    folder, data = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("data")

    def load(files):
        refused = [one for one in load_files(module_database, files, data) if one.refused]
        assert not refused, [one.refusals[0].text() for one in refused]

    def ask(query):
        with module_database.reading(DatabaseRole.OWNER) as connection:
            return connection.execute(text(query)).all()

    def stored(beside, last_day, **asked):
        made = generate(folder / "files", seed=1, last_day=last_day, **asked)
        load([made.directory, *made.files])
        load(beside.files(module_database, folder / "beside", last_day))
        return ask

    return stored


def at(payment: Payment) -> datetime:
    return datetime.fromisoformat(payment["occurred_local"])

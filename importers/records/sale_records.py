"""Rows about sales, into their tables: their files name a contract by its number alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Connection, Row, text

from app.models import UNCLAIMED_MERCHANT
from app.refusals import OTHER_ROW, Unit
from app.wording.i18n import N_
from importers import derived, ownership
from importers.derived import daily_sums, sale_links
from importers.ownership import OwnedTable
from importers.refusals import FileRefusedError, Refusal
from importers.staging import as_dates, new_ids, stage

if TYPE_CHECKING:
    from importers.records import Entry

#: Columns that are no content of a row: whose it is, and which file brought it.
_OF_NO_FILE = ("merchant_id", "id", "reseller_id", "acceptor_id", "import_file_id", "entry")
_TWICE = N_("stands in the file more than once, with different contents")


@dataclass(frozen=True, kw_only=True)
class SaleTable(OwnedTable):
    """A table of rows about sales; ``natural_key`` tells those of a merchant apart."""

    natural_key: tuple[str, ...]

    def same(self, one: str, other: str) -> str:
        """The condition that rows ``one`` and ``other`` are of one merchant and have the same key."""
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in ("merchant_id", *self.natural_key))


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The yield of a load: how many rows were new, by the merchant that they are of; how many were known."""

    merchant_ids: Mapping[int, int]
    known: int = 0

    @property
    def count(self) -> int:
        """How many rows were new."""
        return sum(self.merchant_ids.values())

    @property
    def kept_aside(self) -> int:
        """How many of these wait for their owner."""
        return self.merchant_ids.get(UNCLAIMED_MERCHANT, 0)


_CONTRACTS = "SELECT settings -> 'contracts' FROM source WHERE id = :id"
_NEW = """
WITH added AS (
  INSERT INTO {table} ({names}) SELECT {names} FROM staged_row RETURNING merchant_id, acceptor_id, {day}
)
INSERT INTO touched_day SELECT DISTINCT '{table}', merchant_id, acceptor_id, {day} FROM added
"""
_OF_FILE = "merchant_id = ANY(:merchants) AND import_file_id = :file"
_REMOVE = """
WITH removed AS (DELETE FROM {table} WHERE {where} RETURNING merchant_id, acceptor_id, {day})
INSERT INTO touched_day SELECT DISTINCT '{table}', merchant_id, acceptor_id, {day} FROM removed
"""


def source_contracts(connection: Connection, source_id: int) -> Mapping[str, str]:
    """The contract numbers of shops that the files of a source name by numbers of their own, by these."""
    return connection.scalar(text(_CONTRACTS), {"id": source_id}) or {}


def put(connection: Connection, table: SaleTable, said: pd.DataFrame, entry: Entry) -> Placed:
    """Put the rows of a file that are not known yet into their table: ``said`` has what the file says.

    Raises FileRefusedError where one is known with another content that it may not replace.
    """
    if said.empty:
        return Placed(merchant_ids={})
    rows = _owned(connection, table, said, entry)
    _refuse_twins(rows, table)
    daily_sums.touch(connection)
    stage(connection, "staged_row", rows, f"(SELECT *, 0 AS entry FROM {table.name}) AS shape")
    _give_way(connection, table, list(rows.columns.drop([*_OF_NO_FILE])), replace=entry.replace)
    placed = _placed(connection, len(rows))
    names = ", ".join(rows.columns.drop("entry"))
    connection.execute(text(_NEW.format(table=table.name, names=names, day=table.day)))
    connection.execute(text("DROP TABLE staged_row"))
    derived.renew(connection)
    return placed


def take_back(connection: Connection, table: SaleTable, former: Row[*tuple[Any, ...]]) -> None:
    """Remove the rows that file ``former`` brought; their sales are looked at again."""
    daily_sums.touch(connection)
    _remove(connection, table, _OF_FILE, {"merchants": former.merchant_ids, "file": former.id})
    derived.renew(connection)


def _owned(connection: Connection, table: SaleTable, said: pd.DataFrame, entry: Entry) -> pd.DataFrame:
    """The rows as they are stored, each with its owner, and the ``entry`` of the file that it is."""
    source = entry.source
    assert source is not None  # noqa: S101 - records that somebody owns have a source
    known = source_contracts(connection, source.id)
    rows = said.assign(
        contract_number=[known.get(number, number) for number in said["contract_number"]],
        entry=range(1, len(said) + 1),
    ).drop_duplicates(subset=list(said.columns))
    ownership.stage_keys(connection, table.key, rows)
    found = ownership.resolve(connection, table.key, source.reseller_id, source.id)
    return rows.merge(found.drop(columns="time_zone"), how="left", on=list(table.key.names)).assign(
        **{name: as_dates(rows[name]).to_numpy() for name in rows.columns if name.endswith("_on")},
        source_id=source.id,
        reseller_id=source.reseller_id,
        import_file_id=entry.file_id,
        id=new_ids(connection, len(rows)),
    )


def _refuse_twins(rows: pd.DataFrame, table: SaleTable) -> None:
    twins = rows.loc[rows.duplicated(subset=list(table.natural_key)), "entry"]
    if len(twins):
        raise FileRefusedError(Refusal(reason=_TWICE, unit=Unit.ENTRY, line=int(number)) for number in twins)


def _give_way(connection: Connection, table: SaleTable, said: list[str], *, replace: bool) -> None:
    """Drop the rows that are known; one known with another content gives way, or else the file is refused."""
    same = table.same("s", "t")
    ours, theirs = (", ".join(f"{row}.{name}" for name in said) for row in "st")
    other = f"FROM staged_row s JOIN {table.name} t ON {same} WHERE ({ours}) IS DISTINCT FROM ({theirs})"
    entries = connection.execute(text(f"SELECT s.entry {other} ORDER BY 1")).scalars().all()
    if entries and not replace:
        raise FileRefusedError(Refusal(reason=OTHER_ROW, unit=Unit.ENTRY, line=entry) for entry in entries)
    if entries:
        _remove(connection, table, f"(merchant_id, id) IN (SELECT t.merchant_id, t.id {other})", {})
    connection.execute(text(f"DELETE FROM staged_row s USING {table.name} t WHERE {same}"))


def _remove(connection: Connection, table: SaleTable, where: str, parameters: dict[str, Any]) -> None:
    sale_links.release(connection, table.name, where, parameters)
    statement = _REMOVE.format(table=table.name, day=table.day, where=where)
    connection.execute(text(statement), parameters)


def _placed(connection: Connection, told: int) -> Placed:
    found = connection.execute(text("SELECT merchant_id, count(*) FROM staged_row GROUP BY 1 ORDER BY 1"))
    new = {int(merchant): int(count) for merchant, count in found}
    return Placed(merchant_ids=new, known=told - sum(new.values()))

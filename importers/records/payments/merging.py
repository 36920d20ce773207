"""Remittances and transactions into their tables, beside what is there already.

A remittance that is known already is merged with its other half on the natural key: known beats unknown,
the same again changes nothing, and anything that contradicts what is stored refuses the whole file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from app.database.migrate import ensure_partitions
from app.models import Remittance, Transaction, written_columns
from app.wording.i18n import N_
from importers.derived import daily_sums
from importers.records.payments.rows import SUMS
from importers.refusals import FileRefusedError, Refusal
from importers.staging import as_dates, first_days, put, rows_of, stage

if TYPE_CHECKING:
    from importers.records.payments import Payments

#: The columns of a REM line: the same whichever file brings it.
_HEADER_COLUMNS = (
    "file_number",
    "bank_code",
    "siret",
    "terminal_number",
    "serial_number",
    "manufacturer",
    "currency",
    "opened_local",
    "collected_local",
    "status",
    "status_text",
    "transmission",
    "ticket",
)
_KEY = ("merchant_id", "contract_id", "collected_on", "bare_number")
#: Compared as numbers, so that 000102 is 102: which of the two is written is the telecollection's affair.
_NUMBERS = ("file_number", "original_sequence_number")
REMITTANCE_COLUMNS = written_columns(Remittance)
TRANSACTION_COLUMNS = written_columns(Transaction)
_CONTRADICTS = N_("this batch is already known with another content")


def known_remittances(connection: Connection, remittances: pd.DataFrame) -> pd.DataFrame:
    """The stored remittances that the file names again, indexed like the file's."""
    keys = remittances.assign(bare_number=_bare(remittances["number"]), place=remittances.index)
    keys = keys[["id", *_KEY, "place"]]
    keys["collected_on"] = keys["collected_on"].dt.date
    shape = f"(SELECT id, {', '.join(_KEY)}, 0 AS place FROM remittance) AS shape"
    stage(connection, "named_again", keys, shape)
    bounds = {"first": keys["collected_on"].min(), "last": keys["collected_on"].max()}
    connection.execute(text("ANALYZE named_again"))
    query = (
        "SELECT n.place, r.* FROM named_again n"
        f" JOIN remittance r USING ({', '.join(_KEY)})"
        " WHERE r.collected_on BETWEEN :first AND :last"
    )
    known = rows_of(connection, query, bounds)
    connection.execute(text("DROP TABLE named_again"))
    return known.set_index(known["place"].astype("int64")).sort_index()


def refuse_contradictions(
    remittances: pd.DataFrame, known: pd.DataFrame, payments: Payments, replaced: int | None
) -> None:
    """Known beats unknown, but two different known values are a conflict for a person to decide.

    What the replaced file said is no longer held against its replacement.
    """
    said = remittances.loc[known.index]
    held = (
        (known["header_file_id"] != replaced)
        if replaced is not None
        else pd.Series(data=True, index=known.index)
    )
    faults = [_differing(said, known, name) & held for name in _HEADER_COLUMNS]
    if payments.has_totals:
        counted = known["has_totals"].astype(bool)
        faults += [_differing(said, known, name) & counted for name in SUMS]
    wrong = np.logical_or.reduce(faults)
    if wrong.any():
        raise FileRefusedError(
            Refusal(reason=_CONTRADICTS, line=int(line)) for line in said.loc[wrong, "line"]
        )


def _differing(said: pd.DataFrame, known: pd.DataFrame, name: str) -> pd.Series[bool]:
    ours, theirs = said[name].astype(object), known[name]
    both = ours.notna() & theirs.notna()
    if name in _NUMBERS:
        ours, theirs = _bare(ours), _bare(theirs)
    if name.endswith("_local"):
        ours, theirs = pd.to_datetime(ours), pd.to_datetime(theirs)
    return both & (ours != theirs)


def _bare(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers as the database compares them: without leading zeros."""
    return numbers.str.lstrip("0")


def put_remittances(connection: Connection, remittances: pd.DataFrame) -> None:
    """Straight into place: none of them is there."""
    put(connection, "remittance", columns_of(remittances, REMITTANCE_COLUMNS), remittances["collected_on"])
    daily_sums.add(connection, "remittance", remittances, "collected_on")


def merge(connection: Connection, again: pd.DataFrame, payments: Payments, replaced: int | None) -> None:
    """Complete the stored remittances that the file names again with what it adds."""
    stage(connection, "merged_remittance", columns_of(again, REMITTANCE_COLUMNS), "remittance")
    completed = [f"{name} = COALESCE(r.{name}, m.{name})" for name in (*_HEADER_COLUMNS, "opened_at")]
    connection.execute(text(_MERGE.format(sets=", ".join(completed), only="")))
    if replaced is not None:
        said = ("number", *_HEADER_COLUMNS, "opened_at", "collected_at", "header_file_id")
        corrected = [f"{name} = m.{name}" for name in said]
        only = "AND r.header_file_id = :replaced"
        connection.execute(text(_MERGE.format(sets=", ".join(corrected), only=only)), {"replaced": replaced})
    if payments.has_totals:
        declared = [f"{name} = m.{name}" for name in ("number", *SUMS, "has_totals", "totals_file_id")]
        only = "AND NOT r.has_totals"
        connection.execute(text(_MERGE.format(sets=", ".join(declared), only=only)))


_MERGE = """
UPDATE remittance r SET {sets} FROM merged_remittance m
WHERE r.merchant_id = m.merchant_id AND r.id = m.id AND r.collected_on = m.collected_on {only}
"""
#: The columns of a TRX line, compared when the same line comes again.
_LINE_COLUMNS = [
    name
    for name in TRANSACTION_COLUMNS
    if name not in ("id", "import_file_id", "remitted", "second_fold", "occurred_at", "merchant_id")
    and name != "sequence_number"
    and name not in ("original_id", "original_on", "reversal", "reversed_amount", "chargeback")
]
_SAME_LINE = """
staged_transaction s JOIN transaction t ON t.merchant_id = s.merchant_id
  AND t.remittance_id = s.remittance_id AND t.bare_sequence_number = ltrim(s.sequence_number, '0')
"""


def put_transactions(connection: Connection, transactions: pd.DataFrame, *, merging: bool) -> None:
    """Straight into place, unless some may be there already: those pass through a table of their own."""
    if merging:
        _put_new_lines(connection, transactions)
    else:
        put(
            connection,
            "transaction",
            columns_of(transactions, TRANSACTION_COLUMNS),
            transactions["occurred_on"],
        )
    daily_sums.add(connection, "transaction", transactions, "occurred_on")


def _put_new_lines(connection: Connection, transactions: pd.DataFrame) -> None:
    ensure_partitions(connection, {"transaction": first_days(transactions["occurred_on"])})
    rows = columns_of(transactions, [*TRANSACTION_COLUMNS, "line"])
    stage(connection, "staged_transaction", rows, "transaction", extra=", 0 AS line")
    connection.execute(text("ANALYZE staged_transaction"))
    _drop_same_lines(connection)
    names = ", ".join(name for name in rows.columns if name != "line")
    connection.execute(text(f"INSERT INTO transaction ({names}) SELECT {names} FROM staged_transaction"))


def _drop_same_lines(connection: Connection) -> None:
    """A line that is stored already is not stored twice; one that says something else refuses the file."""
    ours, theirs = (", ".join(_compared(table, name) for name in _LINE_COLUMNS) for table in "st")
    query = f"SELECT s.line FROM {_SAME_LINE} WHERE ({ours}) IS DISTINCT FROM ({theirs}) ORDER BY 1"
    lines = connection.execute(text(query)).scalars().all()
    if lines:
        raise FileRefusedError(
            Refusal(reason=N_("this transaction is already known with another content"), line=line)
            for line in lines
        )
    connection.execute(
        text(
            "DELETE FROM staged_transaction s USING transaction t WHERE t.merchant_id = s.merchant_id"
            " AND t.remittance_id = s.remittance_id"
            " AND t.bare_sequence_number = ltrim(s.sequence_number, '0')"
        )
    )


def _compared(table: str, name: str) -> str:
    return f"ltrim({table}.{name}, '0')" if name in _NUMBERS else f"{table}.{name}"


def columns_of(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The named columns that the frame has, days as dates."""
    kept = frame[[name for name in names if name in frame.columns]].copy()
    for name in ("collected_on", "occurred_on"):
        if name in kept:
            kept[name] = as_dates(kept[name])
    return kept

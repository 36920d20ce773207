"""Payments into place: the only writer of remittances and transactions.

New remittances arrive with all that is known of them. One that is known already meets its other
half on the natural key: known beats unknown, the same again changes nothing, and anything that
contradicts what is stored refuses the whole file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT, Remittance, RemittanceStatus, Seal, Transaction, Transmission
from app.wording.i18n import N_
from importers import completeness, daily_sums, totals
from importers.files.refusals import Refusal, Refused
from importers.files.sources import KnownSource
from importers.records import Payments, contracts
from importers.staging import as_dates, copy_in, new_ids, rows_of, stage

#: What a REM line says: the same whichever file brings it.
_SAID = (
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
_DECLARED = (*totals.COUNTS, *totals.AMOUNTS, "transaction_count", "net_amount")
_KEY = ("merchant_id", "contract_id", "collected_on", "number")
_REMITTANCE_COLUMNS = [column.name for column in Remittance.__table__.columns]
_TRANSACTION_COLUMNS = [column.name for column in Transaction.__table__.columns]
_CONTRADICTS = N_("this remittance is already known with another content")


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a file brought: rows by kind, and where to find them again.

    ``unclaimed`` counts its remittances whose contract nobody has declared yet.
    """

    remittances: int = 0
    transactions: int = 0
    unclaimed: int = 0
    merchant_ids: list[int] = field(default_factory=list)
    first_on: date | None = None
    last_on: date | None = None


def load(
    connection: Connection, payments: Payments, *, file_id: int, source: KnownSource, replaced: int | None
) -> Loaded:
    """Load the payments of one file. ``replaced`` is the file whose place it takes.

    Raises Refused when a line contradicts what is stored.
    """
    if not len(payments.remittances):  # a night when no terminal called
        return Loaded()
    contracts.want(connection, payments.remittances)
    found = contracts.find(connection, source.reseller_id, source.id)
    remittances = payments.remittances.merge(found, how="left", on=["contract", "rank", "application"])
    remittances = remittances.assign(reseller_id=source.reseller_id, header_file_id=file_id)
    remittances = _with_totals(remittances, payments, file_id)
    transactions = _with_instants(payments.transactions, remittances)
    remittances = _with_collection_instants(remittances, transactions)
    remittances["id"] = new_ids(connection, len(remittances))
    known = _known(connection, remittances)
    if len(known):
        _refuse_contradictions(remittances, known, payments, replaced)
        remittances.loc[known.index, "id"] = known["id"].astype("int64")
    transactions = _placed(connection, transactions, remittances, file_id)
    daily_sums.touch(connection)
    _put_remittances(connection, remittances.drop(index=known.index))
    if len(known):
        _meet(connection, remittances.loc[known.index], payments, replaced)
    _put_transactions(connection, transactions, meeting=bool(len(known)))
    if len(known):
        completeness.renew(connection)
        connection.execute(text(_TOUCH_MET))
    daily_sums.recompute(connection)
    return _loaded(remittances, transactions)


def _loaded(remittances: pd.DataFrame, transactions: pd.DataFrame) -> Loaded:
    days = pd.concat([remittances["collected_on"], transactions["occurred_on"]])
    merchants = remittances["merchant_id"]
    return Loaded(
        remittances=len(remittances),
        transactions=len(transactions),
        unclaimed=int((merchants == UNCLAIMED_MERCHANT).sum()),
        merchant_ids=sorted(int(merchant) for merchant in merchants.unique()),
        first_on=days.min().date() if len(days) else None,
        last_on=days.max().date() if len(days) else None,
    )


# --- what is known of a remittance before the database is asked ------------------------------------


def _with_totals(remittances: pd.DataFrame, payments: Payments, file_id: int) -> pd.DataFrame:
    """Add the sums: those declared when the file declares any, else those of its payments; and the seal."""
    received = totals.received(payments.transactions, len(remittances))
    declared = remittances if payments.has_totals else received
    sums = {name: declared[name].to_numpy() for name in _DECLARED}
    return remittances.assign(
        **sums,
        has_totals=payments.has_totals,
        totals_file_id=pd.array([file_id if payments.has_totals else None] * len(remittances), dtype="Int64"),
        received_count=received["transaction_count"].to_numpy(),
        received_net=received["net_amount"].to_numpy(),
        missing_sequences=received["missing_sequences"].to_numpy(),
        seal=_seals(sums["transaction_count"], payments),
        remitted=_remitted(remittances, payments.has_totals),
    )


def _seals(announced: NDArray[np.int64], payments: Payments) -> NDArray[Any]:
    if not payments.has_totals:
        return np.full(len(announced), Seal.AWAITING_TOTALS.value, dtype=object)
    if payments.has_payments:  # the reader has checked that they add up
        return np.full(len(announced), Seal.COMPLETE.value, dtype=object)
    return np.where(announced == 0, Seal.COMPLETE.value, Seal.AWAITING_PAYMENTS.value).astype(object)


def _remitted(remittances: pd.DataFrame, has_totals: bool) -> NDArray[np.bool_]:  # noqa: FBT001 - a column
    correct = remittances["status"] == RemittanceStatus.CORRECT
    heard = remittances["transmission"] != Transmission.FAILED
    result: NDArray[np.bool_] = (correct & heard).to_numpy(dtype=np.bool_) & has_totals
    return result


def instants(local: pd.Series[Any], zones: pd.Series[Any], second_fold: NDArray[np.bool_]) -> pd.Series[Any]:
    """The instants (UTC) of local times. The function ``instant_of`` of the database says the same.

    An hour that a spring clock skips is read with the offset from before it.
    """
    result = pd.Series(pd.NaT, index=local.index, dtype="datetime64[s, UTC]")
    for zone in zones.unique():
        here = (zones == zone).to_numpy()
        placed = local[here].dt.tz_localize(
            zone, ambiguous=~second_fold[here], nonexistent=pd.Timedelta(hours=1)
        )
        result[here] = placed.dt.tz_convert("UTC").astype("datetime64[s, UTC]")
    return result


def _with_instants(transactions: pd.DataFrame, remittances: pd.DataFrame) -> pd.DataFrame:
    parents = transactions["remittance"].to_numpy()
    zones = pd.Series(remittances["time_zone"].to_numpy()[parents], index=transactions.index)
    second_fold = totals.clock_went_back(transactions)
    return transactions.assign(
        second_fold=second_fold,
        occurred_at=instants(transactions["occurred_local"], zones, second_fold),
        occurred_on=transactions["occurred_local"].dt.normalize(),
    )


def _with_collection_instants(remittances: pd.DataFrame, transactions: pd.DataFrame) -> pd.DataFrame:
    """The call comes after its payments: a clock that shows it before the last of them has gone back."""
    last = transactions.groupby("remittance")["occurred_local"].max().reindex(remittances.index)
    second_fold = (last > remittances["collected_local"]).to_numpy()
    never = np.zeros(len(remittances), dtype=np.bool_)
    return remittances.assign(
        second_fold=second_fold,
        collected_at=instants(remittances["collected_local"], remittances["time_zone"], second_fold),
        opened_at=instants(remittances["opened_local"], remittances["time_zone"], never),
    )


def _placed(
    connection: Connection, transactions: pd.DataFrame, remittances: pd.DataFrame, file_id: int
) -> pd.DataFrame:
    """Transactions with the keys of their remittance and identifiers of their own."""
    parents = transactions["remittance"].to_numpy()
    inherited = ("merchant_id", "reseller_id", "contract_id", "collected_on", "currency", "remitted")
    columns = {name: remittances[name].to_numpy()[parents] for name in inherited}
    return transactions.assign(
        **columns,
        remittance_id=remittances["id"].to_numpy()[parents],
        id=new_ids(connection, len(transactions)),
        import_file_id=file_id,
    )


# --- the other half -------------------------------------------------------------------------------


def _known(connection: Connection, remittances: pd.DataFrame) -> pd.DataFrame:
    """The stored remittances that the file names again, indexed like the file's."""
    keys = remittances[["id", *_KEY]].assign(place=remittances.index)
    keys["collected_on"] = keys["collected_on"].dt.date
    shape = "(SELECT id, merchant_id, contract_id, collected_on, number, 0 AS place FROM remittance) AS shape"
    stage(connection, "named_again", keys, shape)
    bounds = {"first": keys["collected_on"].min(), "last": keys["collected_on"].max()}
    connection.execute(text("ANALYZE named_again"))
    query = (
        "SELECT n.place, r.* FROM named_again n"
        " JOIN remittance r USING (merchant_id, contract_id, collected_on, number)"
        " WHERE r.collected_on BETWEEN :first AND :last"
    )
    known = rows_of(connection, query, bounds)
    return known.set_index(known["place"].astype("int64")).sort_index()


def _refuse_contradictions(
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
    faults = [_differing(said, known, name) & held for name in _SAID]
    if payments.has_totals:
        counted = known["has_totals"].astype(bool)
        faults += [_differing(said, known, name) & counted for name in _DECLARED]
    wrong = np.logical_or.reduce(faults)
    if wrong.any():
        raise Refused(Refusal(reason=_CONTRADICTS, line=int(line)) for line in said.loc[wrong, "line"])


def _differing(said: pd.DataFrame, known: pd.DataFrame, name: str) -> pd.Series[bool]:
    ours, theirs = said[name].astype(object), known[name]
    both = ours.notna() & theirs.notna()
    if name.endswith("_local"):
        ours, theirs = pd.to_datetime(ours), pd.to_datetime(theirs)
    return both & (ours != theirs)


def _put_remittances(connection: Connection, remittances: pd.DataFrame) -> None:
    copy_in(connection, "remittance", _columns(remittances, _REMITTANCE_COLUMNS))
    daily_sums.add(connection, "remittance", remittances, "collected_on")


def _meet(connection: Connection, again: pd.DataFrame, payments: Payments, replaced: int | None) -> None:
    """Complete the stored remittances that the file names again with what it adds."""
    stage(connection, "met_remittance", _columns(again, _REMITTANCE_COLUMNS), "remittance")
    completed = [f"{name} = COALESCE(r.{name}, m.{name})" for name in (*_SAID, "opened_at")]
    connection.execute(text(_MEET.format(sets=", ".join(completed), only="")))
    if replaced is not None:
        corrected = [f"{name} = m.{name}" for name in (*_SAID, "opened_at", "collected_at", "header_file_id")]
        only = "AND r.header_file_id = :replaced"
        connection.execute(text(_MEET.format(sets=", ".join(corrected), only=only)), {"replaced": replaced})
    if payments.has_totals:
        declared = [f"{name} = m.{name}" for name in (*_DECLARED, "has_totals", "totals_file_id")]
        only = "AND NOT r.has_totals"
        connection.execute(text(_MEET.format(sets=", ".join(declared), only=only)))


_MEET = """
UPDATE remittance r SET {sets} FROM met_remittance m
WHERE r.merchant_id = m.merchant_id AND r.id = m.id AND r.collected_on = m.collected_on {only}
"""
#: What a TRX line says, compared when the same line comes again.
_SAID_OF_TRANSACTION = [
    name
    for name in _TRANSACTION_COLUMNS
    if name not in ("id", "import_file_id", "remitted", "second_fold", "occurred_at", "merchant_id")
]
_SAME_LINE = """
staged_transaction s JOIN transaction t ON t.merchant_id = s.merchant_id
  AND t.remittance_id = s.remittance_id AND t.sequence_number = s.sequence_number
"""


def _put_transactions(connection: Connection, transactions: pd.DataFrame, *, meeting: bool) -> None:
    """Straight into place, unless some may be there already: those pass through a table of their own."""
    if meeting:
        _put_new_lines(connection, transactions)
    else:
        copy_in(connection, "transaction", _columns(transactions, _TRANSACTION_COLUMNS))
    daily_sums.add(connection, "transaction", transactions, "occurred_on")


def _put_new_lines(connection: Connection, transactions: pd.DataFrame) -> None:
    rows = _columns(transactions, [*_TRANSACTION_COLUMNS, "line"])
    stage(connection, "staged_transaction", rows, "transaction", extra=", 0 AS line")
    connection.execute(text("ANALYZE staged_transaction"))
    _drop_same_lines(connection)
    names = ", ".join(_TRANSACTION_COLUMNS)
    connection.execute(text(f"INSERT INTO transaction ({names}) SELECT {names} FROM staged_transaction"))


def _drop_same_lines(connection: Connection) -> None:
    """A line that is stored already is not stored twice; one that says something else refuses the file."""
    ours = ", ".join(f"s.{name}" for name in _SAID_OF_TRANSACTION)
    theirs = ", ".join(f"t.{name}" for name in _SAID_OF_TRANSACTION)
    query = f"SELECT s.line FROM {_SAME_LINE} WHERE ({ours}) IS DISTINCT FROM ({theirs}) ORDER BY 1"
    lines = connection.execute(text(query)).scalars().all()
    if lines:
        raise Refused(
            Refusal(reason=N_("this transaction is already known with another content"), line=line)
            for line in lines
        )
    connection.execute(
        text(
            "DELETE FROM staged_transaction s USING transaction t WHERE t.merchant_id = s.merchant_id"
            " AND t.remittance_id = s.remittance_id AND t.sequence_number = s.sequence_number"
        )
    )


def _columns(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The named columns that the frame has, days as dates."""
    kept = frame[[name for name in names if name in frame.columns]].copy()
    for name in ("collected_on", "occurred_on"):
        if name in kept:
            kept[name] = as_dates(kept[name])
    return kept


_TOUCH_MET = """
INSERT INTO touched_day
SELECT 'remittance', merchant_id, contract_id, collected_on FROM met_remittance
UNION
SELECT 'transaction', t.merchant_id, t.contract_id, t.occurred_on FROM met_remittance m
JOIN transaction t ON t.merchant_id = m.merchant_id AND t.remittance_id = m.id
"""

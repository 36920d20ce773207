"""Payments into place: the only writer of remittances and transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT
from app.rules.payments import counted_rows
from importers import derived
from importers.derived import completeness, daily_sums
from importers.records import Entry, KnownSource, Loaded
from importers.records.payments import currencies, merging, rows, second_sources
from importers.staging import new_ids

if TYPE_CHECKING:
    from importers.records.payments import Payments

_EMPTY = Loaded(counts={"remittances": 0, "transactions": 0})


def load(connection: Connection, payments: Payments, entry: Entry, source: KnownSource) -> Loaded:
    """Load the payments of one file. New remittances arrive with all that is known of them.

    Raises FileRefusedError when a line contradicts what is stored.
    """
    if not len(payments.remittances):  # a night when no terminal called
        return _EMPTY
    remittances, transactions = _placed(connection, payments, entry, source)
    currencies.hold_to_contracts(connection, remittances)
    known = merging.known_remittances(connection, remittances)
    if len(known):
        merging.refuse_contradictions(remittances, known, payments, entry.replaced_id)
        remittances.loc[known.index, "id"] = known["id"].astype("int64")
    transactions = identified(connection, transactions, remittances, entry.file_id)
    daily_sums.touch(connection)
    merging.put_remittances(connection, remittances.drop(index=known.index))
    if len(known):
        merging.merge(connection, remittances.loc[known.index], payments, entry.replaced_id)
    merging.put_transactions(connection, transactions, merging=bool(len(known)))
    if len(known):
        completeness.renew(connection)
        touch_merged(connection)
    derived.renew(connection)
    return _loaded(remittances, transactions)


def _placed(
    connection: Connection, payments: Payments, entry: Entry, source: KnownSource
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Remittances and transactions with their owners, sums and instants; remittances have identifiers."""
    calls = payments.remittances
    remittances = second_sources.owned(connection, calls, calls["collected_on"], source, *payments.subjects)
    remittances = remittances.assign(header_file_id=entry.file_id)
    remittances = rows.with_totals(remittances, payments, entry.file_id)
    transactions = rows.with_instants(payments.transactions, remittances)
    remittances = rows.with_collection_instants(remittances, transactions)
    remittances["id"] = new_ids(connection, len(remittances))
    return remittances, transactions


def _loaded(remittances: pd.DataFrame, transactions: pd.DataFrame) -> Loaded:
    days = pd.concat([remittances["collected_on"], transactions["occurred_on"]])
    merchants = remittances["merchant_id"]
    return Loaded(
        counts={"remittances": len(remittances), "transactions": len(transactions)},
        kept_aside=int((merchants == UNCLAIMED_MERCHANT).sum()),
        merchant_ids=sorted(int(merchant) for merchant in merchants.unique()),
        first_on=days.min().date(),
        last_on=days.max().date(),
    )


def identified(
    connection: Connection, transactions: pd.DataFrame, remittances: pd.DataFrame, file_id: int
) -> pd.DataFrame:
    """Transactions with the keys of their remittance and identifiers of their own."""
    parents = transactions["remittance"].to_numpy()
    inherited = ("merchant_id", "reseller_id", "contract_id", "collected_on", "currency")
    columns = {name: remittances[name].array.take(parents) for name in inherited}
    return transactions.assign(
        **columns,
        remitted=remittances["remitted"].to_numpy()[parents]
        & counted_rows(transactions["type"], transactions["outcome"]),
        remittance_id=remittances["id"].to_numpy()[parents],
        id=new_ids(connection, len(transactions)),
        import_file_id=file_id,
    )


def touch_merged(connection: Connection) -> None:
    """Touch the days of the remittances in temporary table ``merged_remittance``, and of their payments."""
    connection.execute(text(_TOUCH_MERGED))


_TOUCH_MERGED = """
INSERT INTO touched_day
SELECT 'remittance', merchant_id, contract_id, collected_on FROM merged_remittance
UNION
SELECT 'transaction', t.merchant_id, t.contract_id, t.occurred_on FROM merged_remittance m
JOIN transaction t ON t.merchant_id = m.merchant_id AND t.remittance_id = m.id
"""

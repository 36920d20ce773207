"""Remote payments into place: remittances without totals, their transactions, what a platform alone knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd
from sqlalchemy import Connection, text

from app.models import (
    DEFAULT_TIME_ZONE,
    UNCLAIMED_MERCHANT,
    Completeness,
    RemotePayment,
    written_columns,
)
from importers import derived
from importers.derived import completeness, daily_sums
from importers.records import Entry, Header, KnownSource, Loaded, if_any, of_all
from importers.records.payments import Payments, currencies, merging, second_sources
from importers.records.payments.loading import identified, touch_merged
from importers.records.payments.rows import with_collection_instants, with_totals
from importers.records.remote_payments import rows, submissions, superseding
from importers.records.remote_payments.batches import refuse_other_batches
from importers.staging import copy_in, new_ids

if TYPE_CHECKING:
    from importers.records.remote_payments import RemotePayments

_NOTHING: Final = Loaded(counts={"remittances": 0, "transactions": 0})
_SAME: Final = "r.merchant_id = m.merchant_id AND r.id = m.id AND r.collected_on = m.collected_on"
# Payments say more than the sum that their acquirer told before.
_TOLD_AT_LAST: Final = f"""
UPDATE remittance r SET has_totals = false, totals_file_id = NULL, file_number = NULL,
  seal = '{Completeness.NO_TOTALS}'
FROM merged_remittance m WHERE {_SAME} AND r.seal = '{Completeness.NO_PAYMENTS}' AND EXISTS (
  SELECT FROM transaction t WHERE t.merchant_id = r.merchant_id AND t.remittance_id = r.id)
"""
_SETTLE: Final = (
    f"""
    DELETE FROM remittance r USING merged_remittance m
    WHERE {_SAME} AND r.seal = '{Completeness.NO_TOTALS}' AND NOT EXISTS (
      SELECT FROM transaction t WHERE t.merchant_id = r.merchant_id AND t.remittance_id = r.id)
    """,
    f"""
    UPDATE remittance r SET collected_local = m.local,
      collected_at = instant_of(m.local, m.time_zone, r.second_fold)
    FROM (
      SELECT m.merchant_id, m.id, m.collected_on, COALESCE(o.time_zone, :zone) AS time_zone,
        m.collected_on + COALESCE(max(p.captured_time), time '23:59:59') AS local
      FROM merged_remittance m
      JOIN transaction t ON t.merchant_id = m.merchant_id AND t.remittance_id = m.id
      JOIN remote_payment p ON p.merchant_id = t.merchant_id AND p.transaction_id = t.id
        AND p.occurred_on = t.occurred_on
      JOIN contract k ON k.merchant_id = m.merchant_id AND k.id = m.contract_id
      LEFT JOIN outlet o ON o.merchant_id = k.merchant_id AND o.id = k.outlet_id
      GROUP BY m.merchant_id, m.id, m.collected_on, o.time_zone
    ) AS m
    WHERE {_SAME} AND r.seal = '{Completeness.NO_TOTALS}' AND r.collected_local <> m.local
    """,
)


def load(connection: Connection, said: RemotePayments, entry: Entry) -> Loaded:
    """Load the payments of one file, and the submissions of which it tells the sum alone.

    Raises FileRefusedError where it contradicts what is known.
    """
    source = entry.source
    assert source is not None  # noqa: S101 - records that somebody owns have a source
    loaded = _NOTHING if said.payments.empty else _load_payments(connection, said, entry, source)
    if said.submissions.empty:
        return loaded
    return of_all((loaded, submissions.load(connection, said, entry, source)))


def _load_payments(connection: Connection, said: RemotePayments, entry: Entry, source: KnownSource) -> Loaded:
    """Load the payments; what is known of one already gives way to what was said later.

    Raises FileRefusedError when a file of the same moment says something else of a payment.
    """
    told = currencies.with_currencies(connection, said.payments, source.reseller_id, "contract")
    days = told["captured_on"].fillna(told["occurred"].dt.normalize())
    subjects, whole = ("remittances", "transactions"), said.is_of_all_ranks
    owned = second_sources.owned(connection, told, days, source, *subjects, is_of_all_ranks=whole)
    made_at = said.header.created_at
    assert made_at is not None  # noqa: S101 - the title of a journal, the header of a batch
    daily_sums.touch(connection)
    payments = rows.last_said(owned, said.zone, made_at)
    fresh = superseding.keep_newer(connection, payments, said.unit, replace=entry.replace)
    if len(fresh):
        _put(connection, fresh, said.header, entry)
    _settle(connection)
    derived.renew(connection)
    loaded = _loaded(payments, known=len(payments) - len(fresh))
    return replace(loaded, sums=rows.control_sums(told))


def _put(connection: Connection, payments: pd.DataFrame, header: Header, entry: Entry) -> None:
    """Put payments into place, none of which is there, each in its remittance, known already or new."""
    sales = rows.with_cancellations(payments)
    remittances, place = rows.remittances_of(sales)
    sales = sales.assign(remittance=place.to_numpy())
    currencies.hold_to_contracts(connection, remittances)
    whole = Payments(
        header=header,
        has_totals=False,
        has_payments=True,
        remittances=remittances,
        transactions=sales,
        is_remote=True,
    )
    remittances = with_totals(remittances, whole, entry.file_id).assign(header_file_id=entry.file_id)
    remittances = with_collection_instants(remittances, sales)
    remittances["id"] = new_ids(connection, len(remittances))
    known = merging.known_remittances(connection, remittances)
    refuse_other_batches(connection, known, remittances, sales)
    remittances.loc[known.index, "id"] = known["id"].astype("int64")
    transactions = identified(connection, sales, remittances, entry.file_id)
    merging.put_remittances(connection, remittances.drop(index=known.index))
    superseding.note(connection, remittances)
    merging.put_transactions(connection, transactions, merging=False)
    remote = transactions.assign(transaction_id=transactions["id"])
    copy_in(connection, "remote_payment", merging.columns_of(remote, written_columns(RemotePayment)))


def _settle(connection: Connection) -> None:
    """Add up the remittances whose payments came or went; one without any left is none."""
    touch_merged(connection)
    connection.execute(text(_TOLD_AT_LAST))
    completeness.renew(connection)
    for statement in _SETTLE:
        connection.execute(text(statement), {"zone": DEFAULT_TIME_ZONE})
    connection.execute(text("DROP TABLE merged_remittance"))


def _loaded(payments: pd.DataFrame, *, known: int) -> Loaded:
    merchants = payments["merchant_id"]
    captured = payments["captured_on"].fillna(payments["occurred_on"])
    days = pd.concat([payments["occurred_on"], captured])
    return Loaded(
        counts={"transactions": len(payments), **if_any(known_records=known)},
        kept_aside=int((merchants == UNCLAIMED_MERCHANT).sum()),
        merchant_ids=sorted(int(merchant) for merchant in merchants.unique()),
        first_on=days.min().date(),
        last_on=days.max().date(),
    )

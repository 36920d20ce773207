"""The remittances that settlements are of: what an acquirer says it received, linked to ours.

Derived anew for what a file touched, beside a month that only keeps the edge from deciding: the order in
which files come changes nothing. Source: shared format page "Money", section 7.3.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, text

from app.models import (
    UNCLAIMED_MERCHANT,
    Certainty,
    Completeness,
    SettlementLineKind,
    SettlementLink,
    written_columns,
)
from app.rules.payments import remitted_sql
from importers.derived import settlement_sales
from importers.matching.settlements import remittances_of
from importers.reading.amounts import rounded
from importers.staging import as_dates, rows_of, stage

#: How far what a file brings may reach, by way of days that claim the same remittances.
_REACH: Final = timedelta(days=31)
_PARTS = f"'{SettlementLineKind.SALE}', '{SettlementLineKind.REFUND}'"
_TOUCHED = f"""
SELECT t.merchant_id, min(t.day) AS since FROM touched_day t
WHERE t.subject IN ('remittance', 'settlement', 'settlement_line', '{settlement_sales.RELINKED}')
  AND t.merchant_id <> {UNCLAIMED_MERCHANT} AND t.day IS NOT NULL
  AND (EXISTS (SELECT FROM settlement s WHERE s.merchant_id = t.merchant_id)
    OR EXISTS (SELECT FROM settlement_link l WHERE l.merchant_id = t.merchant_id))
GROUP BY t.merchant_id
"""
_MERCHANTS = "unnest(CAST(:merchants AS bigint[]), CAST(:since AS date[])) AS touched (merchant_id, since)"
_LEDGER = "{row}.merchant_id || ' ' || {row}.currency AS currency"
# A submission is a parcel of its own; the sales of a payment are one, of the day and number of the payment.
_PARCELS = f"""
SELECT {_LEDGER.format(row="l")}, l.contract_number, l.reference AS number, l.occurred_on AS received_on,
  l.gross, l.fee_hundredths, l.merchant_id, l.settlement_id, l.paid_on
FROM {_MERCHANTS} JOIN settlement_line l ON l.merchant_id = touched.merchant_id
  AND l.paid_on >= touched.since AND l.occurred_on >= touched.since
WHERE l.kind = '{SettlementLineKind.REMITTANCE}'
UNION ALL
SELECT min({_LEDGER.format(row="l").removesuffix(" AS currency")}), l.contract_number, s.number, s.paid_on,
  sum(l.gross)::bigint, sum(l.fee_hundredths)::bigint, l.merchant_id, l.settlement_id, l.paid_on
FROM {_MERCHANTS} JOIN settlement s ON s.merchant_id = touched.merchant_id AND s.paid_on >= touched.since
JOIN settlement_line l ON l.merchant_id = s.merchant_id AND l.settlement_id = s.id AND l.paid_on = s.paid_on
WHERE l.kind IN ({_PARTS}) AND l.contract_number <> '' AND s.payer = ''
GROUP BY l.merchant_id, l.settlement_id, l.paid_on, l.contract_number, s.number, s.paid_on
ORDER BY merchant_id, received_on, settlement_id
"""
_ITEMS = f"""
SELECT {_LEDGER.format(row="r")}, c.number AS contract_number, r.number, r.collected_on, r.net_amount AS net,
  r.merchant_id, r.reseller_id, r.id, r.contract_id
FROM {_MERCHANTS} JOIN remittance r ON r.merchant_id = touched.merchant_id AND r.collected_on >= touched.since
JOIN contract c ON c.merchant_id = r.merchant_id AND c.id = r.contract_id
WHERE {remitted_sql("r.")} AND r.net_amount <> 0 AND c.number = ANY(CAST(:numbers AS text[]))
ORDER BY r.merchant_id, r.collected_at, r.id
"""
# What a platform pays of the payments that it delivers: those of a day may be in several payouts. A fee is a
# part of the line of its sale, or a line of its own with the same reference.
_BY_SALES = f"""
SELECT l.merchant_id, l.settlement_id, r.id AS remittance_id, r.reseller_id, r.collected_on, l.paid_on,
  sum(l.gross)::bigint AS amount, round((sum(l.fee_hundredths) + COALESCE((
    SELECT sum(f.fee_hundredths) FROM settlement_line f
    WHERE f.merchant_id = l.merchant_id AND f.settlement_id = l.settlement_id AND f.paid_on = l.paid_on
      AND f.kind = '{SettlementLineKind.FEE}' AND f.reference = ANY (array_agg(l.reference))
  ), 0)) / 100.0)::bigint AS fee, 'sales' AS rule, '{Certainty.CERTAIN}' AS certainty
FROM unnest(CAST(:merchants AS bigint[]), CAST(:stored AS date[])) AS touched (merchant_id, stored)
JOIN remittance r ON r.merchant_id = touched.merchant_id AND r.collected_on >= touched.stored
  AND r.seal = '{Completeness.NO_TOTALS}'
JOIN contract c ON c.merchant_id = r.merchant_id AND c.id = r.contract_id
JOIN transaction t ON t.merchant_id = r.merchant_id AND t.remittance_id = r.id
JOIN settlement_line l ON l.merchant_id = t.merchant_id AND l.transaction_id = t.id
  AND l.contract_number = '' AND l.kind IN ({_PARTS})
JOIN settlement s ON s.merchant_id = l.merchant_id AND s.id = l.settlement_id
  AND s.source_id = c.transactions_source_id
GROUP BY l.merchant_id, l.settlement_id, r.id, r.reseller_id, r.collected_on, l.paid_on
"""
_STORED = """
SELECT l.merchant_id, l.settlement_id, l.remittance_id, l.reseller_id, l.collected_on, l.paid_on, l.amount,
  l.fee, l.rule, l.certainty
FROM unnest(CAST(:merchants AS bigint[]), CAST(:stored AS date[])) AS touched (merchant_id, stored)
JOIN settlement_link l ON l.merchant_id = touched.merchant_id AND l.collected_on >= touched.stored
"""
_SHAPE = "settlement_link"
_CHANGE = (
    """
    INSERT INTO touched_day
    SELECT DISTINCT 'remittance', r.merchant_id, r.contract_id, r.collected_on
    FROM (TABLE gone_link UNION ALL TABLE new_link) AS changed
    JOIN remittance r ON r.merchant_id = changed.merchant_id AND r.id = changed.remittance_id
      AND r.collected_on = changed.collected_on
    """,
    """
    DELETE FROM settlement_link l USING gone_link g
    WHERE l.merchant_id = g.merchant_id AND l.settlement_id = g.settlement_id
      AND l.remittance_id = g.remittance_id
    """,
    "INSERT INTO settlement_link SELECT * FROM new_link",
    "DROP TABLE gone_link, new_link",
)


def renew(connection: Connection) -> None:
    """Link again what the touched days concern, where a merchant has settlements."""
    touched = rows_of(connection, _TOUCHED)
    if touched.empty:
        return
    settlement_sales.renew(connection)
    touched = rows_of(connection, _TOUCHED)  # payments that got another line may be of days long before
    stored = [day - _REACH for day in touched["since"]]
    merchants = [int(merchant) for merchant in touched["merchant_id"]]
    parameters = {"merchants": merchants, "stored": stored, "since": [day - _REACH for day in stored]}
    parcels = _read(connection, _PARCELS, parameters)
    items = _read(connection, _ITEMS, parameters | {"numbers": list(parcels["contract_number"].unique())})
    links = _link_rows(items, parcels, remittances_of(items, parcels))
    first = links["merchant_id"].map(dict(zip(merchants, stored, strict=True)))
    of_sales = rows_of(connection, _BY_SALES, parameters)
    found = pd.concat([links[links["collected_on"] >= first].astype(object), of_sales], ignore_index=True)
    _replace(connection, rows_of(connection, _STORED, parameters), found)


def _read(connection: Connection, statement: str, parameters: dict[str, Any]) -> pd.DataFrame:
    found = rows_of(connection, statement, parameters)
    days = [name for name in ("collected_on", "received_on") if name in found]
    return found.assign(**{day: pd.to_datetime(found[day]).astype("datetime64[s]") for day in days})


def _link_rows(items: pd.DataFrame, parcels: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Links as rows of their table; a fee where it is said of one remittance alone."""
    own = items.loc[links["item"]].reset_index(drop=True)
    of = parcels.loc[links["parcel"]].reset_index(drop=True)
    alone = (links.groupby("parcel")["item"].transform("size") == 1).reset_index(drop=True)
    amount = own["net"].where(~alone, of["gross"])
    rows = own.assign(
        settlement_id=of["settlement_id"],
        remittance_id=own["id"],
        collected_on=own["collected_on"].dt.date,
        paid_on=of["paid_on"],
        amount=amount,
        fee=rounded(of["fee_hundredths"].astype("int64")).astype("Int64").where(alone),
        rule=links["rule"].reset_index(drop=True),
        certainty=Certainty.CERTAIN.value,
    )
    return rows[written_columns(SettlementLink)]


def _replace(connection: Connection, stored: pd.DataFrame, links: pd.DataFrame) -> None:
    """Store the links that are new, and forget those that are no more; their remittances are touched."""
    names = written_columns(SettlementLink)
    found = links.astype(object).merge(stored.astype(object), how="outer", on=names, indicator=True)
    if (found["_merge"] == "both").all():
        return
    for table, side in (("gone_link", "right_only"), ("new_link", "left_only")):
        rows = found.loc[found["_merge"] == side, names]
        stage(connection, table, _typed(rows), _SHAPE)
    for statement in _CHANGE:
        connection.execute(text(statement))


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    numbers = ("merchant_id", "settlement_id", "remittance_id", "reseller_id", "amount")
    days = {day: as_dates(pd.to_datetime(rows[day])) for day in ("collected_on", "paid_on")}
    return rows.astype(dict.fromkeys(numbers, "int64") | {"fee": "Int64"}).assign(**days)

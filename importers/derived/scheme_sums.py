"""The sums that each scheme brought to remittances, where their bank may credit days of a contract by scheme.

It takes the payments to know it: they are read of contracts alone of which a line explains nothing otherwise.
Source: shared format page "Money", section 7.2.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import pandas as pd
from sqlalchemy import Connection

from app.models import Certainty, FeeTiming
from app.rules.payments import NEGATIVE, counted_sql
from importers.matching.rules import CREDITING
from importers.matching.schemes import SCHEME_SUM
from importers.staging import rows_of

_CONTRACT: Final = ["currency", "contract_number"]
#: How long before its call, or after it by a clock that is wrong, a terminal may have taken a payment.
_SLACK: Final = timedelta(days=31)
_TAKEN_OFF: Final = ", ".join(f"'{kind}'" for kind in NEGATIVE)
_SUMS: Final = f"""
SELECT t.merchant_id, t.remittance_id AS id, upper(COALESCE(t.scheme, '')) AS scheme,
  sum(CASE WHEN t.type IN ({_TAKEN_OFF}) THEN -t.amount ELSE t.amount END)::bigint AS amount
FROM unnest(CAST(:merchants AS bigint[]), CAST(:ids AS bigint[])) AS asked (merchant_id, id)
JOIN transaction t ON t.merchant_id = asked.merchant_id AND t.remittance_id = asked.id
WHERE {counted_sql("t.")} AND t.occurred_on BETWEEN :first AND :last
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def read(
    connection: Connection, items: pd.DataFrame, lines: pd.DataFrame, links: pd.DataFrame
) -> pd.DataFrame:
    """What each scheme brought to ``items``, in the columns of :data:`SCHEME_SUM`; minor units, signed.

    Those are read whose payments are complete, of the contracts that lines name without explaining anything
    by ``links`` that are certain. A bank that is declared to deduct its commission credits no such sum.
    """
    asked = _in_question(items, lines, links)
    if asked.empty:
        return pd.DataFrame(columns=list(SCHEME_SUM))
    days: pd.Series[pd.Timestamp] = asked["collected_on"]
    first: date = days.min().date() - _SLACK
    last: date = days.max().date() + _SLACK
    keys = {"merchants": asked["merchant_id"].tolist(), "ids": asked["id"].tolist()}
    found = rows_of(connection, _SUMS, keys | {"first": first, "last": last})
    rows = pd.DataFrame({"item": asked.index, "merchant_id": asked["merchant_id"], "id": asked["id"]})
    sums = found.astype({"merchant_id": "int64", "id": "int64", "amount": "int64"})
    return rows.merge(sums, on=["merchant_id", "id"])[list(SCHEME_SUM)]


def _in_question(items: pd.DataFrame, lines: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """The complete remittances of contracts that a line names which explains nothing for certain."""
    explained = links.loc[links["certainty"] != Certainty.PROPOSED, "line"]
    unexplained = (
        lines["kind"].isin(CREDITING) & (lines["contract_number"] != "") & ~lines.index.isin(explained)
    )
    contracts = pd.MultiIndex.from_frame(
        lines.loc[unexplained & (lines["fees"] != FeeTiming.DEDUCTED), _CONTRACT]
    )
    concerned = pd.MultiIndex.from_frame(items[_CONTRACT]).isin(contracts)
    return items[concerned & items["is_complete"].astype(bool) & (items["net"] != 0)]

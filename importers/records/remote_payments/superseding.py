"""Payments that are known already: the last word on each holds, in whatever order files come.

A platform may repeat a payment, when it is captured or later still; a later file says more of it. Two files
of one moment that say different things contradict each other. Of a batch, what is said anew is all there is.
"""

from __future__ import annotations

from typing import Final

import pandas as pd
from sqlalchemy import Connection, text

from app.refusals import OTHER_ROW, Unit
from importers import derived
from importers.records.payments import merging
from importers.records.remote_payments.rows import KEY
from importers.refusals import MOST_REASONS, FileRefusedError, Refusal
from importers.staging import stage

_STAGED: Final = (*KEY, "said_at", "digest", "line", "place")
_SHAPE: Final = (
    f"(SELECT {', '.join(KEY)}, said_at, digest, 0 AS line, 0 AS place FROM remote_payment) AS shape"
)
_SAME: Final = " AND ".join(f"p.{name} = s.{name}" for name in KEY)
_KNOWN: Final = f"said_payment s JOIN remote_payment p ON {_SAME}"
_CONTRADICTED: Final = f"""
SELECT DISTINCT s.line FROM {_KNOWN} WHERE p.said_at = s.said_at AND p.digest <> s.digest
ORDER BY 1 LIMIT {MOST_REASONS}
"""
#: What is said again, word for word, is as fresh as its last file, and stays what it is.
_SAID_AGAIN: Final = f"""
UPDATE remote_payment p SET said_at = s.said_at FROM said_payment s
WHERE {_SAME} AND p.digest = s.digest AND p.said_at < s.said_at
"""
_FRESH: Final = f"""
SELECT s.place FROM said_payment s WHERE NOT EXISTS (
  SELECT FROM remote_payment p WHERE {_SAME} AND (p.digest = s.digest OR p.said_at {{later}} s.said_at))
ORDER BY 1
"""
_SUPERSEDED: Final = f"""
CREATE TEMP TABLE superseded ON COMMIT DROP AS
SELECT p.merchant_id, p.transaction_id AS id, p.occurred_on, p.contract_id
FROM {_KNOWN} WHERE p.digest <> s.digest AND p.said_at {{earlier}} s.said_at
UNION ALL
SELECT p.merchant_id, p.transaction_id, p.occurred_on, p.contract_id FROM remote_payment p
WHERE p.batch <> '' AND EXISTS (
    SELECT FROM said_payment s WHERE s.merchant_id = p.merchant_id AND s.batch = p.batch
      AND p.said_at {{earlier}} s.said_at)
  AND NOT EXISTS (SELECT FROM said_payment s WHERE {_SAME})
"""
_MERGED: Final = """
CREATE TEMP TABLE merged_remittance ON COMMIT DROP AS
SELECT DISTINCT t.merchant_id, t.remittance_id AS id, t.collected_on, t.contract_id
FROM superseded s JOIN transaction t ON t.merchant_id = s.merchant_id AND t.id = s.id
  AND t.occurred_on = s.occurred_on
"""
_OF_SUPERSEDED: Final = (
    "(merchant_id, id, occurred_on) IN (SELECT merchant_id, id, occurred_on FROM superseded)"
)
_REMOVE: Final = (
    """
    INSERT INTO touched_day
    SELECT DISTINCT 'transaction', merchant_id, contract_id, occurred_on FROM superseded
    """,
    """
    DELETE FROM transaction t USING superseded s
    WHERE t.merchant_id = s.merchant_id AND t.id = s.id AND t.occurred_on = s.occurred_on
    """,
    """
    DELETE FROM remote_payment p USING superseded s
    WHERE p.merchant_id = s.merchant_id AND p.transaction_id = s.id AND p.occurred_on = s.occurred_on
    """,
)
_OF_REMITTANCES: Final = """
CREATE TEMP TABLE superseded ON COMMIT DROP AS
SELECT merchant_id, id, occurred_on, contract_id FROM transaction
WHERE merchant_id = ANY(:merchants) AND remittance_id = ANY(:ids)
"""


def keep_newer(connection: Connection, payments: pd.DataFrame, unit: Unit, *, replace: bool) -> pd.DataFrame:
    """The payments of which nothing newer is stored; what is older of them is removed, wherever it stands.

    Temporary table ``merged_remittance`` has the remittances that lost some. With ``replace``, a file takes
    the place of another one of its moment; otherwise FileRefusedError names what contradicts it.
    """
    staged = payments.assign(place=range(len(payments)))[list(_STAGED)]
    stage(connection, "said_payment", staged.assign(sold_on=staged["sold_on"].dt.date), _SHAPE)
    connection.execute(text("ANALYZE said_payment"))
    lines = [] if replace else connection.execute(text(_CONTRADICTED)).scalars().all()
    if lines:
        raise FileRefusedError(Refusal(reason=OTHER_ROW, unit=unit, line=int(line)) for line in lines)
    connection.execute(text(_SAID_AGAIN))
    fresh = connection.execute(text(_FRESH.format(later=">" if replace else ">="))).scalars().all()
    connection.execute(text(_SUPERSEDED.format(earlier="<=" if replace else "<")))
    connection.execute(text(_MERGED))
    _remove(connection)
    connection.execute(text("DROP TABLE said_payment"))
    return payments.iloc[list(fresh)].reset_index(drop=True)


def forget(connection: Connection, remittances: pd.DataFrame) -> None:
    """Remove the payments of stored remittances (merchant_id, id)."""
    of = {name: [int(one) for one in remittances[name].unique()] for name in ("merchant_id", "id")}
    connection.execute(text(_OF_REMITTANCES), {"merchants": of["merchant_id"], "ids": of["id"]})
    _remove(connection)


def _remove(connection: Connection) -> None:
    """Remove the payments of temporary table ``superseded``, and the table."""
    derived.release(connection, _OF_SUPERSEDED, {})
    for statement in (*_REMOVE, "DROP TABLE superseded"):
        connection.execute(text(statement))


def note(connection: Connection, remittances: pd.DataFrame) -> None:
    """Add remittances to temporary table ``merged_remittance``, once each."""
    names = ["merchant_id", "id", "collected_on", "contract_id"]
    stage(connection, "noted", merging.columns_of(remittances, names), "merged_remittance")
    connection.execute(
        text("INSERT INTO merged_remittance SELECT * FROM noted EXCEPT SELECT * FROM merged_remittance")
    )
    connection.execute(text("DROP TABLE noted"))

"""Bands of amounts: the payments of each day of a large merchant added up by what amount they are of.

A merchant is large from the first day with many payments on. All their days are added up then, and from there
on the touched ones: what asks for the bands of a merchant need not know of which days there are some. Others
have hardly fewer bands than payments, and are answered from these.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.models import ALL_CONTRACTS, UNCLAIMED_MERCHANT
from app.rules.amount_bands import band_sql
from importers.derived import daily_sums

#: From so many payments of a day on, its merchant is large.
LARGE_DAY = 500
_TOUCHED = f"""
CREATE TEMP TABLE banded_day ON COMMIT DROP AS
WITH touched AS MATERIALIZED (
  SELECT DISTINCT merchant_id, day FROM touched_day
  WHERE subject = 'transaction' AND merchant_id <> {UNCLAIMED_MERCHANT}
), known AS MATERIALIZED (
  SELECT merchant_id FROM (SELECT DISTINCT merchant_id FROM touched) AS t
  WHERE EXISTS (SELECT FROM transaction_band b WHERE b.merchant_id = t.merchant_id)
), grown AS MATERIALIZED (
  SELECT DISTINCT merchant_id FROM transaction_day d JOIN touched USING (merchant_id, day)
  WHERE contract_id = {ALL_CONTRACTS} AND merchant_id NOT IN (TABLE known)
  GROUP BY merchant_id, day HAVING sum(count) >= :large
)
SELECT merchant_id, day FROM touched WHERE merchant_id IN (TABLE known) UNION
SELECT merchant_id, day FROM transaction_day
WHERE contract_id = {ALL_CONTRACTS} AND merchant_id IN (TABLE grown)
"""
_FORGET = """
DELETE FROM transaction_band b USING banded_day t WHERE b.merchant_id = t.merchant_id AND b.day = t.day
"""
_KEYS = "merchant_id, day, band, reseller_id, currency, type, outcome"
_ADD_UP = f"""
WITH sums AS MATERIALIZED (
  SELECT p.merchant_id, p.occurred_on AS day, {band_sql("p.amount", "p.currency")} AS band, p.reseller_id,
    currency, type, outcome, count(*), sum(p.amount)
  FROM banded_day t JOIN transaction p ON p.merchant_id = t.merchant_id AND p.occurred_on = t.day
    AND p.occurred_at >= t.day - interval '1 day' AND p.occurred_at < t.day + interval '2 days'
  WHERE p.occurred_on BETWEEN :first AND :last
  GROUP BY p.merchant_id, p.occurred_on, 3, p.reseller_id, currency, type, outcome
)
INSERT INTO transaction_band ({_KEYS}, count, amount) TABLE sums ORDER BY merchant_id, day, band
"""


def renew(connection: Connection) -> None:
    """Add up the touched days of large merchants anew, once their daily sums are."""
    days = connection.execute(text(_TOUCHED), {"large": LARGE_DAY}).rowcount
    if days:
        connection.execute(text("ANALYZE banded_day"))
        connection.execute(text(_FORGET))
        bounds = connection.execute(text("SELECT min(day) AS first, max(day) AS last FROM banded_day")).one()
        # Each is as much as that many days of contracts.
        daily_sums.over_days(connection, days * LARGE_DAY, _ADD_UP, bounds._asdict())
    connection.execute(text("DROP TABLE banded_day"))

"""Terminals and the days on which they called, renewed for the touched days of telecollections.

They follow the rows: a replaced, adopted or rebuilt file leaves what a first load of the same rows would.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.models import NO_OUTLET, UNCLAIMED_MERCHANT
from app.rules.calls import DAYS_KEPT, MONTH_DAYS, bit_sql, bits_sql, month_sql
from app.rules.payments import REMOTE
from importers.derived import daily_sums

_REMOTE = ", ".join(f"'{seal}'" for seal in REMOTE)
_TOUCHED = f"""
CREATE TEMP TABLE touched_call ON COMMIT DROP AS
SELECT DISTINCT merchant_id, contract_id, day FROM touched_day
WHERE subject = 'remittance' AND merchant_id <> {UNCLAIMED_MERCHANT}
"""
# The bits of their months go with the days, and come with them: no other day of a month has to be read again.
_MONTH_KEYS = ("merchant_id", "contract_id", "terminal_number", "month")
_SAME_MONTH = " AND ".join(f"m.{name} = g.{name}" for name in _MONTH_KEYS)
_FORGET = f"""
WITH forgotten AS (
  DELETE FROM terminal_day d USING touched_call t
  WHERE d.merchant_id = t.merchant_id AND d.contract_id = t.contract_id AND d.day = t.day
  RETURNING d.merchant_id, d.contract_id, d.terminal_number, d.day
), gone AS (
  SELECT merchant_id, contract_id, terminal_number, {month_sql("day")} AS month,
    bit_or({bit_sql("day")}) AS days
  FROM forgotten GROUP BY {", ".join(_MONTH_KEYS)}
), emptied AS (
  DELETE FROM terminal_month m USING gone g WHERE {_SAME_MONTH} AND m.called & ~g.days = 0
)
UPDATE terminal_month m SET {", ".join(f"{name} = m.{name} & ~g.days" for name in DAYS_KEPT)}
FROM gone g WHERE {_SAME_MONTH} AND m.called & ~g.days <> 0
"""
# Nobody calls for a platform or an acquirer.
_CALLS = f"""
WITH calls AS (
  INSERT INTO terminal_day (merchant_id, contract_id, terminal_number, day, reseller_id, first_called,
    last_called, last_called_at, serial_number, manufacturer)
  SELECT r.merchant_id, r.contract_id, COALESCE(r.terminal_number, ''), r.collected_on, r.reseller_id,
    min(r.collected_local), max(r.collected_local), max(r.collected_at),
    (array_agg(r.serial_number ORDER BY r.collected_at DESC, r.id DESC)
      FILTER (WHERE r.serial_number IS NOT NULL))[1],
    (array_agg(r.manufacturer ORDER BY r.collected_at DESC, r.id DESC)
      FILTER (WHERE r.manufacturer IS NOT NULL))[1]
  FROM touched_call t JOIN remittance r ON r.merchant_id = t.merchant_id AND r.contract_id = t.contract_id
    AND r.collected_on = t.day
    AND r.collected_at >= t.day - interval '1 day' AND r.collected_at < t.day + interval '2 days'
  WHERE r.collected_on BETWEEN :first AND :last AND r.seal NOT IN ({_REMOTE})
  GROUP BY r.merchant_id, r.contract_id, COALESCE(r.terminal_number, ''), r.collected_on, r.reseller_id
  RETURNING merchant_id, contract_id, terminal_number, day, reseller_id, first_called, last_called
)
INSERT INTO terminal_month AS m ({", ".join(_MONTH_KEYS)}, reseller_id, {", ".join(DAYS_KEPT)})
SELECT merchant_id, contract_id, terminal_number, {month_sql("day")} AS month, reseller_id,
  {", ".join(map(bits_sql, DAYS_KEPT.values()))}
FROM calls GROUP BY {", ".join(_MONTH_KEYS)}, reseller_id
ON CONFLICT ({", ".join(_MONTH_KEYS)})
DO UPDATE SET {", ".join(f"{name} = m.{name} | EXCLUDED.{name}" for name in DAYS_KEPT)}
"""
# The terminals that called for a touched contract, and those that did before: their number or outlet may
# have been another.
_CONCERNED = f"""
CREATE TEMP TABLE concerned ON COMMIT DROP AS
WITH touched AS MATERIALIZED (SELECT DISTINCT merchant_id, contract_id FROM touched_call)
SELECT m.merchant_id, COALESCE(c.outlet_id, {NO_OUTLET}) AS outlet_id, m.terminal_number AS number
FROM touched t JOIN terminal_month m USING (merchant_id, contract_id)
JOIN contract c ON c.merchant_id = m.merchant_id AND c.id = m.contract_id
WHERE m.month > (SELECT min(day) - {MONTH_DAYS} FROM touched_call)
UNION
SELECT k.merchant_id, k.outlet_id, k.number FROM touched t
JOIN (SELECT merchant_id, outlet_id, number, unnest(contract_ids) AS contract_id FROM terminal) AS k
  USING (merchant_id, contract_id)
"""
# What the days of its contracts tell of each: two look-ups by index a contract, however long its history. The
# contracts are read once, for no index knows their outlets: a chain's are not gone through for each terminal.
_RENEWED = f"""
CREATE TEMP TABLE renewed ON COMMIT DROP AS
WITH of_outlet AS MATERIALIZED (
  SELECT merchant_id, COALESCE(outlet_id, {NO_OUTLET}) AS outlet_id, id, reseller_id
  FROM contract WHERE merchant_id IN (SELECT merchant_id FROM concerned)
)
SELECT k.merchant_id, k.outlet_id, k.number, min(c.reseller_id) AS reseller_id,
  array_agg(c.id ORDER BY c.id) AS contract_ids, min(first.day) AS first_on, max(last.day) AS last_on,
  max(last.last_called) AS last_called, max(last.last_called_at) AS last_called_at,
  (array_agg(last.serial_number ORDER BY last.last_called_at DESC, c.id)
    FILTER (WHERE last.serial_number IS NOT NULL))[1] AS serial_number,
  (array_agg(last.manufacturer ORDER BY last.last_called_at DESC, c.id)
    FILTER (WHERE last.manufacturer IS NOT NULL))[1] AS manufacturer
FROM concerned k
JOIN of_outlet c USING (merchant_id, outlet_id)
JOIN LATERAL (
  SELECT * FROM terminal_day d
  WHERE d.merchant_id = c.merchant_id AND d.contract_id = c.id AND d.terminal_number = k.number
  ORDER BY d.day DESC LIMIT 1
) AS last ON true
JOIN LATERAL (
  SELECT day FROM terminal_day d
  WHERE d.merchant_id = c.merchant_id AND d.contract_id = c.id AND d.terminal_number = k.number
  ORDER BY d.day LIMIT 1
) AS first ON true
GROUP BY k.merchant_id, k.outlet_id, k.number
"""
_FACTS = (
    "reseller_id",
    "contract_ids",
    "first_on",
    "last_on",
    "last_called",
    "last_called_at",
    "serial_number",
    "manufacturer",
)
_SAME = "t.merchant_id = {0}.merchant_id AND t.outlet_id = {0}.outlet_id AND t.number = {0}.number"
_TERMINALS = (
    _CONCERNED,
    "ANALYZE concerned",
    _RENEWED,
    f"""
    UPDATE terminal t SET {", ".join(f"{name} = r.{name}" for name in _FACTS)}
    FROM renewed r WHERE {_SAME.format("r")}
    """,
    f"""
    INSERT INTO terminal (merchant_id, id, outlet_id, number, {", ".join(_FACTS)})
    SELECT r.merchant_id, nextval('party_id'), r.outlet_id, r.number,
      {", ".join(f"r.{name}" for name in _FACTS)}
    FROM renewed r WHERE NOT EXISTS (SELECT FROM terminal t WHERE {_SAME.format("r")})
    """,
    f"""
    DELETE FROM terminal t USING concerned k WHERE {_SAME.format("k")}
      AND NOT EXISTS (SELECT FROM renewed r WHERE {_SAME.format("r")})
    """,
)
_TOUCH_CONTRACTS = """
INSERT INTO touched_day
SELECT 'remittance', d.merchant_id, d.contract_id, d.day
FROM {contracts} c JOIN terminal_day d USING (merchant_id, contract_id)
"""


def renew(connection: Connection) -> None:
    """Derive terminals and their days anew for the touched days (see :func:`daily_sums.touch`)."""
    bounds = daily_sums.bounds(connection).get("remittance")
    if bounds is None:
        return
    days = connection.execute(text(_TOUCHED)).rowcount
    for statement in ("ANALYZE touched_call", _FORGET):
        connection.execute(text(statement))
    daily_sums.over_days(connection, days, _CALLS, bounds)
    for statement in (*_TERMINALS, "DROP TABLE touched_call, concerned, renewed"):
        connection.execute(text(statement))


def touch_contracts(connection: Connection, contracts: str) -> None:
    """Touch every day of the contracts of a temporary table (``merchant_id``, ``contract_id``)."""
    connection.execute(text(_TOUCH_CONTRACTS.format(contracts=contracts)))

"""A contract moves to another source of payments from a day on: what was kept aside from then on appears.

What its former source brought from that day on stands aside in its place. Source: shared format page
"Money", section 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, text

from app.models import DEFAULT_TIME_ZONE, UNCLAIMED_MERCHANT
from importers import derived, ownership
from importers.derived import daily_sums
from importers.records import owned_tables
from importers.records.merchant_directory import CONTRACT

_SUBJECTS: Final = ("remittances_source_id", "transactions_source_id")
_FORMERLY: Final = ", ".join(
    f"CASE WHEN n.{name} IS NOT NULL THEN n.former_source_id END" for name in _SUBJECTS
)
_SAME: Final = " AND ".join(
    f"c.{name} = t.{name}" for name in ("reseller_id", "number", "rank", "application")
)
# Whatever the source brings of it, it delivers already: once more would give back what has moved.
_IS_DELIVERED: Final = " AND ".join(
    f"COALESCE(c.{name}, t.{name}) IS NOT DISTINCT FROM t.{name}" for name in _SUBJECTS
)
#: The contracts concerned: ``c`` is what is kept aside for the source, ``t`` the contract itself.
_CHOSEN: Final = f"""
CREATE TEMP TABLE taken_over ON COMMIT DROP AS
WITH aside AS MATERIALIZED (
  SELECT * FROM contract WHERE merchant_id = :unclaimed AND aside_source_id = :source
    AND reseller_id = :reseller AND number = :number
)
SELECT c.id AS aside_id, t.merchant_id, t.id, t.reseller_id, t.number, t.rank, t.application,
  COALESCE(t.transactions_source_id, t.remittances_source_id) AS former_source_id,
  {", ".join(f"c.{name}" for name in _SUBJECTS)}, COALESCE(o.time_zone, :zone) AS time_zone
FROM aside c JOIN contract t ON {_SAME} AND t.aside_source_id = 0 AND NOT ({_IS_DELIVERED})
LEFT JOIN outlet o ON o.merchant_id = t.merchant_id AND o.id = t.outlet_id
"""
_FORMER: Final = f"""
INSERT INTO contract (merchant_id, id, reseller_id, number, rank, application, source_id, aside_source_id,
  {", ".join(_SUBJECTS)})
SELECT :unclaimed, nextval('party_id'), n.reseller_id, n.number, n.rank, n.application, n.former_source_id,
  n.former_source_id, {_FORMERLY}
FROM taken_over n WHERE n.former_source_id IS NOT NULL
ON CONFLICT (merchant_id, reseller_id, number, rank, application, aside_source_id) DO NOTHING
"""
_MOVING: Final = """
CREATE TEMP TABLE moving ON COMMIT DROP AS
SELECT :unclaimed AS from_merchant_id, n.aside_id AS from_id, n.merchant_id, n.id AS contract_id,
  n.reseller_id, n.time_zone
FROM taken_over n
UNION ALL
SELECT n.merchant_id, n.id, :unclaimed, f.id, n.reseller_id, n.time_zone
FROM taken_over n JOIN contract f ON f.merchant_id = :unclaimed AND f.reseller_id = n.reseller_id
  AND f.number = n.number AND f.rank = n.rank AND f.application = n.application
  AND f.aside_source_id = n.former_source_id
"""
_LEAVING: Final = """
(merchant_id, id, occurred_on) IN (
  SELECT t.merchant_id, t.id, t.occurred_on FROM moving m
  JOIN transaction t ON t.merchant_id = m.from_merchant_id AND t.contract_id = m.from_id
  WHERE t.collected_on >= :since)
"""
_TOUCH: Final = """
INSERT INTO touched_day
SELECT 'remittance', r.merchant_id, r.contract_id, r.collected_on FROM moving m
JOIN remittance r ON r.merchant_id = m.from_merchant_id AND r.contract_id = m.from_id
WHERE r.collected_on >= :since
UNION
SELECT 'transaction', t.merchant_id, t.contract_id, t.occurred_on FROM moving m
JOIN transaction t ON t.merchant_id = m.from_merchant_id AND t.contract_id = m.from_id
WHERE t.collected_on >= :since
"""
# Back at the source of before, from the day on which it lost the contract: it always had it.
_IS_BACK: Final = "COALESCE(t.former_source_id = :source AND :since <= t.delivered_from, false)"
_NAME_SOURCE: Final = f"""
UPDATE contract t SET source_id = :source,
  delivered_from = CASE WHEN {_IS_BACK} THEN NULL ELSE CAST(:since AS date) END,
  former_source_id = CASE WHEN {_IS_BACK} THEN NULL ELSE n.former_source_id END,
  {", ".join(f"{name} = COALESCE(n.{name}, t.{name})" for name in _SUBJECTS)}
FROM taken_over n WHERE t.merchant_id = n.merchant_id AND t.id = n.id
"""
_OF_FILES: Final = """
UPDATE import_file f SET merchant_ids = ARRAY(SELECT DISTINCT unnest(f.merchant_ids || n.ids) ORDER BY 1)
FROM (
  SELECT array_agg(DISTINCT merchant_id) || CAST(:unclaimed AS bigint) AS ids,
    array_agg(DISTINCT former_source_id) || CAST(:source AS bigint) AS sources
  FROM taken_over
) AS n
WHERE f.source_id = ANY (n.sources) AND f.last_on >= :since AND NOT f.merchant_ids @> n.ids
"""
#: What belongs to a remittance from that day on: by its own day, or by that of its transaction.
_FROM_ON: Final = "old.contract_id = m.from_id AND old.collected_on >= :since"
_OF_MOVED: Final = """
old.contract_id = m.from_id AND EXISTS (
  SELECT FROM transaction t WHERE t.merchant_id = m.merchant_id AND t.contract_id = m.contract_id
    AND t.id = old.transaction_id AND t.occurred_on = old.occurred_on)
"""
_ASIDE: Final = """
SELECT s.reseller_id, s.id FROM source s JOIN contract c ON c.aside_source_id = s.id
  AND c.merchant_id = :unclaimed WHERE s.name = :source AND c.number = :number LIMIT 1
"""


class NothingAsideError(LookupError):
    """Nothing that the source brought for this contract is kept aside, or it delivers it already."""


def move(connection: Connection, source: str, number: str, since: date) -> int:
    """Let the source of a name deliver the contract ``number`` from the day ``since`` on; its reseller's id.

    Raises NothingAsideError.
    """
    named = {"unclaimed": UNCLAIMED_MERCHANT, "source": source, "number": number}
    aside = connection.execute(text(_ASIDE), named).one_or_none()
    if aside is None:
        raise NothingAsideError(number)
    _take_over(connection, aside.reseller_id, number, aside.id, since)
    reseller_id: int = aside.reseller_id
    return reseller_id


def _take_over(connection: Connection, reseller_id: int, number: str, source_id: int, since: date) -> None:
    """Move all ranks of a contract, with what both sources brought of them from that day on."""
    parameters: Mapping[str, Any] = {
        "unclaimed": UNCLAIMED_MERCHANT,
        "zone": DEFAULT_TIME_ZONE,
        "reseller": reseller_id,
        "number": number,
        "source": source_id,
        "since": since,
    }
    connection.execute(text(_CHOSEN), parameters)
    if not connection.scalar(text("SELECT count(*) FROM taken_over")):
        raise NothingAsideError(number)
    daily_sums.touch(connection)
    for statement in (_FORMER, _MOVING, _TOUCH):
        connection.execute(text(statement), parameters)
    derived.release(connection, _LEAVING, parameters)
    tables = [table for table in owned_tables() if table.key == CONTRACT]
    for table in sorted(tables, key=lambda table: "collected_on" not in table.model.__table__.columns):
        which = _FROM_ON if "collected_on" in table.model.__table__.columns else _OF_MOVED
        ownership.move(connection, table, "m.from_merchant_id", which, {"since": since})
    for statement in (_NAME_SOURCE, _OF_FILES, "DROP TABLE moving, taken_over"):
        connection.execute(text(statement), parameters)
    derived.renew(connection)

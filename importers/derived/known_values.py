"""The values that fields have, renewed for the touched days: what forms offer follows the rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, text

from app.models import KNOWN_FIELDS, UNCLAIMED_MERCHANT
from importers.derived import daily_sums


class _Subject(NamedTuple):
    """A table whose fields are kept, with the columns of its day and its instant."""

    table: str
    day: str
    instant: str

    @property
    def words(self) -> dict[str, str]:
        """What the statements below are filled with; ``p`` is a row of the table, ``k`` a known value."""
        known = KNOWN_FIELDS[self.table]
        of_field = " ".join(f"WHEN '{name}' THEN p.{column}" for name, column in known.items())
        return {
            **self._asdict(),
            "columns": ", ".join(known.values()),
            "fields": ", ".join(f"('{name}', {column})" for name, column in known.items()),
            "column": f"CASE k.field {of_field} END",
        }


_SUBJECTS = (
    _Subject("transaction", "occurred_on", "occurred_at"),
    _Subject("remittance", "collected_on", "collected_at"),
)
_TOUCHED = f"""
CREATE TEMP TABLE touched_value ON COMMIT DROP AS
SELECT DISTINCT merchant_id, contract_id, day FROM touched_day
WHERE subject = :subject AND merchant_id <> {UNCLAIMED_MERCHANT}
"""
_SEEN = """
CREATE TEMP TABLE seen_value ON COMMIT DROP AS
SELECT merchant_id, contract_id, field, value, min(reseller_id) AS reseller_id, max(day) AS last_on
FROM (
  SELECT p.merchant_id, p.contract_id, {columns}, min(p.reseller_id) AS reseller_id, max(p.{day}) AS day
  FROM touched_value t JOIN {table} p ON p.merchant_id = t.merchant_id AND p.contract_id = t.contract_id
    AND p.{day} = t.day
    AND p.{instant} >= t.day - interval '1 day' AND p.{instant} < t.day + interval '2 days'
  WHERE p.{day} BETWEEN :first AND :last
  GROUP BY p.merchant_id, p.contract_id, {columns}
) AS rows CROSS JOIN LATERAL (VALUES {fields}) AS known (field, value)
WHERE value IS NOT NULL
GROUP BY merchant_id, contract_id, field, value
"""
# What was last seen on a touched day, and is there no more, was last seen on another day or never.
_GONE = """
CREATE TEMP TABLE gone_value ON COMMIT DROP AS
SELECT k.merchant_id, k.contract_id, k.field, k.value, (
  SELECT max(p.{day}) FROM {table} p
  WHERE p.merchant_id = k.merchant_id AND p.contract_id = k.contract_id AND {column} = k.value
) AS last_on
FROM known_value k JOIN touched_value t
  ON t.merchant_id = k.merchant_id AND t.contract_id = k.contract_id AND t.day = k.last_on
LEFT JOIN seen_value s ON s.merchant_id = k.merchant_id AND s.contract_id = k.contract_id
  AND s.field = k.field AND s.value = k.value
WHERE k.field = ANY(:fields) AND (s.last_on IS NULL OR s.last_on < k.last_on)
"""
_SAME = " AND ".join(f"k.{name} = g.{name}" for name in ("merchant_id", "contract_id", "field", "value"))
_FORGOTTEN = (
    f"DELETE FROM known_value k USING gone_value g WHERE {_SAME} AND g.last_on IS NULL",
    f"UPDATE known_value k SET last_on = g.last_on FROM gone_value g WHERE {_SAME} AND g.last_on IS NOT NULL",
)
_KEPT = (
    """
    INSERT INTO known_value AS k (merchant_id, field, value, contract_id, reseller_id, last_on)
    SELECT merchant_id, field, value, contract_id, reseller_id, last_on FROM seen_value
    ON CONFLICT (merchant_id, field, value, contract_id)
    DO UPDATE SET last_on = EXCLUDED.last_on WHERE k.last_on < EXCLUDED.last_on
    """,
    "DROP TABLE touched_value, seen_value, gone_value",
)


def renew(connection: Connection) -> None:
    """Look again at the values of the touched days (see :func:`daily_sums.touch`)."""
    bounds = daily_sums.bounds(connection)
    for subject in _SUBJECTS:
        if subject.table in bounds:
            _renew(connection, subject, bounds[subject.table])


def _renew(connection: Connection, subject: _Subject, bounds: Mapping[str, date]) -> None:
    days = connection.execute(text(_TOUCHED), {"subject": subject.table}).rowcount
    connection.execute(text("ANALYZE touched_value"))
    seen, gone = (statement.format(**subject.words) for statement in (_SEEN, _GONE))
    daily_sums.over_days(connection, days, seen, bounds)
    are_gone = connection.execute(text(gone), {"fields": list(KNOWN_FIELDS[subject.table])}).rowcount
    for statement in (*(_FORGOTTEN if are_gone else ()), *_KEPT):
        connection.execute(text(statement))

"""Take back what a file brought, so that its replacement takes its place."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from importers import derived
from importers.derived import completeness, daily_sums

_WITHIN = "merchant_id = ANY(:merchants) AND {day} BETWEEN :first AND :last"
_PAYMENTS = f"{_WITHIN.format(day='occurred_on')} AND import_file_id = :file"
# Every remittance of the file or with payments of it: some go, the others are added up again.
_CONCERNED = f"""
CREATE TEMP TABLE merged_remittance ON COMMIT DROP AS
SELECT merchant_id, id, collected_on, contract_id FROM remittance
WHERE {_WITHIN.format(day="collected_on")} AND (header_file_id = :file OR totals_file_id = :file)
UNION
SELECT merchant_id, remittance_id, collected_on, contract_id FROM transaction
WHERE {_PAYMENTS}
"""
_STEPS = (
    """
    INSERT INTO touched_day
    SELECT DISTINCT 'transaction', t.merchant_id, t.contract_id, t.occurred_on
    FROM merged_remittance m JOIN transaction t ON t.merchant_id = m.merchant_id AND t.remittance_id = m.id
    """,
    """
    INSERT INTO touched_day
    SELECT DISTINCT 'remittance', merchant_id, contract_id, collected_on FROM merged_remittance
    """,
    f"DELETE FROM transaction WHERE {_PAYMENTS}",
    f"DELETE FROM remote_payment WHERE {_PAYMENTS}",
    f"""
    UPDATE remittance SET has_totals = false, totals_file_id = NULL
    WHERE {_WITHIN.format(day="collected_on")} AND totals_file_id = :file
    """,
    """
    DELETE FROM remittance r USING merged_remittance m
    WHERE r.merchant_id = m.merchant_id AND r.id = m.id AND r.collected_on = m.collected_on
      AND NOT r.has_totals AND NOT EXISTS (
        SELECT FROM transaction t WHERE t.merchant_id = r.merchant_id AND t.remittance_id = r.id)
    """,
)


def take_back(connection: Connection, file: Row[*tuple[Any, ...]]) -> None:
    """Remove what ``file`` brought (see ``file_log.former``); what others brought stays."""
    parameters = {
        "file": file.id,
        "merchants": file.merchant_ids,
        "first": file.first_on,
        "last": file.last_on,
    }
    daily_sums.touch(connection)
    connection.execute(text(_CONCERNED), parameters)
    derived.release(connection, _PAYMENTS, parameters)
    for statement in _STEPS:
        connection.execute(text(statement), parameters)
    completeness.renew(connection)
    derived.renew(connection)
    connection.execute(text("DROP TABLE merged_remittance"))

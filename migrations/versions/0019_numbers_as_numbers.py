"""Numbers are compared as numbers: 000102 is 102, 1 is 000001; twins that are there are merged, by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection, text

from app.logs import logger

revision = "0019"
down_revision = "0018"

KEYS = {
    "remittance": ["merchant_id", "contract_id", "collected_on", "bare_number"],
    "transaction": ["merchant_id", "remittance_id", "bare_sequence_number", "occurred_on"],
}
#: What either half of a remittance may have said: known beats unknown.
HALVES = (
    *("file_number", "bank_code", "siret", "terminal_number", "serial_number", "manufacturer"),
    *("opened_local", "opened_at", "status_text", "transmission", "ticket"),
)
# The one with totals stays: a remittance is shown as the telecollection writes it.
REMITTANCES = """
CREATE TEMP TABLE twin ON COMMIT DROP AS
SELECT r.merchant_id, r.contract_id, r.collected_on, r.id, r.number, k.ids[1] AS kept_id
FROM remittance r JOIN (
  SELECT merchant_id, contract_id, collected_on, bare_number,
    array_agg(id ORDER BY has_totals DESC, id) AS ids
  FROM remittance GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
) AS k USING (merchant_id, contract_id, collected_on, bare_number)
"""
JOINED = (
    f"""
    UPDATE remittance k SET {", ".join(f"{name} = COALESCE(k.{name}, r.{name})" for name in HALVES)}
    FROM twin w JOIN remittance r ON r.merchant_id = w.merchant_id AND r.id = w.id
    WHERE k.merchant_id = w.merchant_id AND k.id = w.kept_id AND w.id <> w.kept_id
    """,
    """
    UPDATE transaction t SET remittance_id = w.kept_id FROM twin w
    WHERE t.merchant_id = w.merchant_id AND t.remittance_id = w.id AND w.id <> w.kept_id
    """,
    """
    DELETE FROM remittance r USING twin w
    WHERE r.merchant_id = w.merchant_id AND r.id = w.id AND w.id <> w.kept_id
    """,
)
PAYMENTS = """
CREATE TEMP TABLE twin_payment ON COMMIT DROP AS
SELECT t.merchant_id, t.contract_id, t.remittance_id, t.collected_on, t.occurred_on, t.id, t.sequence_number,
  k.kept_id
FROM transaction t JOIN (
  SELECT merchant_id, remittance_id, bare_sequence_number, occurred_on, min(id) AS kept_id
  FROM transaction GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
) AS k USING (merchant_id, remittance_id, bare_sequence_number, occurred_on)
"""
GOING = "(merchant_id, id) IN (SELECT merchant_id, id FROM twin_payment WHERE id <> kept_id)"
ONE_OF_EACH = """
DELETE FROM transaction t USING twin_payment w
WHERE t.merchant_id = w.merchant_id AND t.id = w.id AND w.id <> w.kept_id
"""
TOUCHED = """
INSERT INTO touched_day
SELECT 'remittance', merchant_id, contract_id, collected_on FROM twin
UNION SELECT 'remittance', merchant_id, contract_id, collected_on FROM twin_payment
UNION SELECT 'transaction', merchant_id, contract_id, occurred_on FROM twin_payment
UNION SELECT 'transaction', t.merchant_id, t.contract_id, t.occurred_on
FROM twin w JOIN transaction t ON t.merchant_id = w.merchant_id AND t.remittance_id = w.kept_id
"""
MERGED = """
CREATE TEMP TABLE merged_remittance ON COMMIT DROP AS
SELECT DISTINCT merchant_id, kept_id AS id, collected_on FROM twin
UNION SELECT merchant_id, remittance_id, collected_on FROM twin_payment
"""

_log = logger("migration")


def upgrade() -> None:
    bare = sa.Computed("ltrim(sequence_number, '0')", persisted=True)
    op.add_column("transaction", sa.Column("bare_sequence_number", sa.Text(), bare))
    for table in KEYS:
        op.drop_constraint(f"{table}_natural_key", table)
    merge_twins(op.get_bind())
    for table, columns in KEYS.items():
        op.create_unique_constraint(f"{table}_natural_key", table, columns)


def merge_twins(connection: Connection) -> None:
    """Make one of what is one by number, and log what was merged."""
    connection.execute(text(REMITTANCES))
    for statement in JOINED:
        connection.execute(text(statement))
    connection.execute(text(PAYMENTS))
    found = [
        *connection.execute(text("SELECT collected_on, number FROM twin WHERE id <> kept_id ORDER BY 1, 2")),
        *connection.execute(
            text("SELECT occurred_on, sequence_number FROM twin_payment WHERE id <> kept_id ORDER BY 1, 2")
        ),
    ]
    for day, number in found:
        _log.warning("twin_merged", day=day.isoformat(), number=number)
    if found:
        _add_up_again(connection)
    connection.execute(text("DROP TABLE twin, twin_payment"))


def _add_up_again(connection: Connection) -> None:
    # Only where there were twins: their sums are then those of the portal that merges them.
    from importers import derived  # noqa: PLC0415
    from importers.derived import completeness, daily_sums, reversals  # noqa: PLC0415

    daily_sums.touch(connection)
    connection.execute(text(TOUCHED))
    reversals.release(connection, GOING, {})
    connection.execute(text(ONE_OF_EACH))
    connection.execute(text(MERGED))
    completeness.renew(connection)
    derived.renew(connection)
    connection.execute(text("DROP TABLE merged_remittance"))

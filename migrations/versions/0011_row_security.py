"""Rows are kept apart by row security: what its policies and indexes need of the tables.

Outlets and daily sums name their reseller, as payments and contracts do. Numbers that are searched for
without their leading zeros stand in columns of their own: under a policy PostgreSQL uses no index on an
expression that is not leakproof, and ``ltrim`` is not. Policies, owners and grants are those that the
tables declare (``app.database.privileges``).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

#: Table, column without leading zeros, column with them.
BARE = {
    "remittance": {"bare_number": "number", "bare_siret": "siret", "bare_serial_number": "serial_number"},
    "transaction": {"bare_authorisation_number": "authorisation_number"},
}
INDEXES = {
    "remittance_number_idx": ("remittance", "bare_number", "collected_at"),
    "remittance_siret_idx": ("remittance", "bare_siret", "collected_at"),
    "remittance_serial_idx": ("remittance", "bare_serial_number", "collected_at"),
    "transaction_authorisation_idx": ("transaction", "bare_authorisation_number", "occurred_at"),
}


def upgrade() -> None:
    for table in ("outlet", "transaction_day", "remittance_day"):
        op.add_column(table, sa.Column("reseller_id", sa.BigInteger(), nullable=True))
        op.execute(
            f"UPDATE {table} SET reseller_id = merchant.reseller_id FROM merchant"
            f" WHERE merchant.id = {table}.merchant_id"
        )
        op.alter_column(table, "reseller_id", nullable=False)
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
    for table, columns in BARE.items():  # one statement a table: each rewrites it whole
        added = (
            f"ADD COLUMN {bare} text GENERATED ALWAYS AS (ltrim({column}, '0')) STORED"
            for bare, column in columns.items()
        )
        op.execute(f"ALTER TABLE {table} {', '.join(added)}")
    for name, (table, bare, instant) in INDEXES.items():
        op.create_index(name, table, ["merchant_id", bare, instant])

"""What few payments have is found by index: order references, booking references, refusals, sales taken back.

References are compared in capitals and without leading zeros: they stand so in columns of their own, since
under row security PostgreSQL uses no index on an expression that is not leakproof.
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"

COMPARED = ("order_reference", "dossier_number")
#: Index, column, condition.
INDEXES = (
    ("transaction_order_idx", "compared_order_reference", "compared_order_reference IS NOT NULL"),
    ("transaction_dossier_idx", "compared_dossier_number", "compared_dossier_number IS NOT NULL"),
    ("transaction_declined_idx", "response_code", "outcome = 'declined'"),
    ("transaction_reversal_idx", "reversal", "reversal <> 'none'"),
)


def upgrade() -> None:
    added = (
        f"ADD COLUMN compared_{column} text GENERATED ALWAYS AS (upper(ltrim({column}, '0'))) STORED"
        for column in COMPARED
    )
    op.execute(f"ALTER TABLE transaction {', '.join(added)}")
    for name, column, condition in INDEXES:
        op.execute(
            f"CREATE INDEX {name} ON transaction (merchant_id, {column}, occurred_at, id) WHERE {condition}"
        )

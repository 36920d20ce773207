"""The values that issuers, products, schemes, manufacturers and banks have, from the rows that are there."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

FROM_ROWS = """
INSERT INTO known_value (merchant_id, field, value, contract_id, reseller_id, last_on)
SELECT merchant_id, field, value, contract_id, min(reseller_id), max(day)
FROM (
  SELECT merchant_id, contract_id, {columns}, min(reseller_id) AS reseller_id, max({day}) AS day
  FROM {table} WHERE merchant_id <> 0 GROUP BY merchant_id, contract_id, {columns}
) AS rows CROSS JOIN LATERAL (VALUES {fields}) AS known (field, value)
WHERE value IS NOT NULL
GROUP BY merchant_id, field, value, contract_id
"""
FIELDS = {
    "transaction": {"issuer": "issuer", "product": "product", "scheme": "scheme"},
    "remittance": {"manufacturer": "manufacturer", "bank": "bank_code"},
}
DAYS = {"transaction": "occurred_on", "remittance": "collected_on"}


def from_rows() -> Iterator[str]:
    for table, fields in FIELDS.items():
        columns = ", ".join(fields.values())
        named = ", ".join(f"('{name}', {column})" for name, column in fields.items())
        yield FROM_ROWS.format(table=table, day=DAYS[table], columns=columns, fields=named)


def upgrade() -> None:
    op.create_table(
        "known_value",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "field", "value", "contract_id"),
    )
    for statement in from_rows():
        op.execute(statement)

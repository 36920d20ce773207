"""A contract may have its telecollections from one source and its payments from another: both are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

#: Of each subject, the table of its rows, the column of the file that brought each, and of its day.
SUBJECTS = {
    "remittances": ("remittance", "totals_file_id", "collected_on"),
    "transactions": ("transaction", "import_file_id", "collected_on"),
}
#: In steps, since the journal of files does not lie where payments do.
STEPS = (
    """
    CREATE TEMP TABLE brought AS
    SELECT merchant_id, contract_id, {file} AS file_id, max({day}) AS day FROM {table} GROUP BY 1, 2, 3
    """,
    """
    CREATE TEMP TABLE last_brought AS
    SELECT DISTINCT ON (b.merchant_id, b.contract_id) b.merchant_id, b.contract_id, f.source_id
    FROM brought b JOIN import_file f ON f.id = b.file_id
    ORDER BY b.merchant_id, b.contract_id, b.day DESC, f.id DESC
    """,
    """
    UPDATE contract c SET {subject}_source_id = b.source_id FROM last_brought b
    WHERE c.merchant_id = b.merchant_id AND c.id = b.contract_id
    """,
    "DROP TABLE brought, last_brought",
)


def statements() -> list[str]:
    return [
        step.format(subject=subject, table=table, file=file, day=day)
        for subject, (table, file, day) in SUBJECTS.items()
        for step in STEPS
    ]


def upgrade() -> None:
    for subject in SUBJECTS:
        op.add_column("contract", sa.Column(f"{subject}_source_id", sa.BigInteger(), nullable=True))
    for statement in statements():
        op.execute(statement)
